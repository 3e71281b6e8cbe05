"""What an app hands to `connect` and `recent`, looked at before it is used. Pure; any thread."""

from __future__ import annotations

import os
from typing import Any

from dalsegno._errors import UsageError


def check_connect(*, user: Any, device: Any, kind: Any, emulator: Any, home: Any, deliver: Any) -> None:
    """Raises UsageError that names the argument and what it takes."""
    can_show_tokens = isinstance(getattr(user, "uid", None), str) and hasattr(user, "tokens")
    if isinstance(user, type) or not (can_show_tokens or hasattr(user, "signed_in")):
        raise UsageError(
            "user= takes somebody who can sign in, such as ds.Anonymous(…), ds.EmailPassword(…) or "
            f"account(…).user, or on an emulator ds.Unsigned(…); not {type(user).__name__}"
        )
    for name, value in (("device", device), ("kind", kind), ("emulator", emulator)):
        if not isinstance(value, str) and (value is not None or name == "kind"):
            raise UsageError(f"{name}= takes a text, not {type(value).__name__}")
    if home is not None and not isinstance(home, (str, os.PathLike)):
        raise UsageError(f"home= takes a path, not {type(home).__name__}")
    if deliver is not None and not callable(deliver):
        raise UsageError(f"deliver= takes a function that runs a function, not {type(deliver).__name__}")


def check_limit(limit: Any) -> None:
    """How many sessions are asked for. Raises UsageError."""
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise UsageError("recent(limit) takes how many sessions at the most: a whole number from 0")
