"""Files and folders that only their user can read. Any thread."""

from __future__ import annotations

import os
from pathlib import Path

from dalsegno._private_files import make_private, make_private_folder

__all__ = ["flush_to_disk", "make_private", "make_private_folder", "replace_text"]


def replace_text(path: Path, text: str) -> None:
    """Writes a small private file: the old text or the new is there, never half of it."""
    beside = path.with_name(path.name + ".tmp")
    beside.unlink(missing_ok=True)
    make_private(beside)
    with beside.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def flush_to_disk(path: Path) -> None:
    """Returns when what was written to the file is on the disk itself. A missing file is nothing to flush."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return
    try:
        getattr(os, "fdatasync", os.fsync)(descriptor)
    finally:
        os.close(descriptor)
