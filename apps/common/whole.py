"""Files that are there whole or not at all, even if two programs write them at once; for their user alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden path of its own beside `path`; what is written there becomes `path` in the end."""
    half = path.with_name(f".{uuid4().hex}.half")  # short: the name of `path` may be as long as names can be
    os.close(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield half
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
