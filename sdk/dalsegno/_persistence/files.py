"""Files and folders that only their user can read. Any thread."""

from __future__ import annotations

import os
from pathlib import Path


def make_private(path: Path) -> None:
    """Makes an empty file that only the user can read; an existing one stays as it is."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def make_private_folder(path: Path) -> None:
    """Makes a folder, and those above it, that only the user can enter."""
    if not path.parent.exists():
        make_private_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


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
