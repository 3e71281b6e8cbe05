"""Files that are there whole or not at all, even if two programs write them at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden path of its own beside `path`; what is written there becomes `path` in the end."""
    half = path.with_name(f".{uuid4().hex}.half")  # short: the name of `path` may be as long as names can be
    try:
        yield half
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
