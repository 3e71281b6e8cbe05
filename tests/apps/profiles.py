"""What a device has on its disk before an app starts on it, as the SDK keeps it; checked by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dalsegno._core.ports import Batch
from dalsegno._core.types import Millis, ProjectId, SessionId, UserId
from dalsegno._persistence.location import folder
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import document

PROJECT, PROFILE, USER = "demo-profiles", "test", "alice"


def database(app: str, home: Path) -> Path:
    """Where the database of `app` lies."""
    return folder(app, PROFILE, ProjectId(PROJECT), UserId(USER), home) / "store.sqlite"


def known(
    app: str,
    home: Path,
    session: str,
    schema: str,
    values: Mapping[str, Any],
    local: Mapping[str, Any] | None = None,
) -> None:
    """`values` are what the server is known to have of this session; `local`: what only this device has."""
    store = SqliteStore.open(database(app, home).parent, USER)
    store.write(
        Batch(
            opened={SessionId(session): (schema, Millis(5))},
            bases={SessionId(session): document(values, rev=3, schema=schema)},
            local={SessionId(session): dict(local or {})},
        )
    )
    store.close()


def arguments(home: Path) -> list[str]:
    """The command line that starts an app on what `known` has written, with no network."""
    return [
        *("--offscreen", "--profile", PROFILE, "--project", PROJECT, "--user", USER),
        *("--home", str(home), "--emulator", "127.0.0.1:1", "--size", "1200x800"),
    ]
