"""Files and folders that only their user can read. Any thread.

Where a file system knows no modes (Windows, FAT), nothing is changed: there the folder's place protects it.
Invariant: what is made here was never readable by others, not even for a moment.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
OTHERS = 0o077


def make_private(path: Path) -> None:
    """Makes an empty file that only the user can read; an existing one stays as it is."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, FILE))


def make_private_folder(path: Path) -> None:
    """Makes a folder, and those above it, that only the user can enter; an existing one stays as it is."""
    if not path.parent.exists():
        make_private_folder(path.parent)
    path.mkdir(mode=FOLDER, exist_ok=True)


def tighten(path: Path) -> None:
    """Takes a file or folder from all other users, if it is there and ours."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) & OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)


def tighten_all(folder: Path) -> None:
    """The same for a folder and everything in it. Links are not followed."""
    for path in (folder, *_within(folder)):
        tighten(path)


def _within(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(parent, name)
