"""A profile that may be read and not written: shown from a private copy, which goes when the store is closed.

Any thread. Invariants: not a byte of the profile's own folder changes. (A copy, since even reading a database
in place wants a log to be made beside it, and one of an older format must be brought up to date.) A copy is
locked for as long as it is in use: one that is not was left by a process that was killed, and is removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from dalsegno._errors import ProfileInUse
from dalsegno._persistence.lock import LOCK, ProfileLock
from dalsegno._private_files import make_private, make_private_folder

NOTICE = (
    "The local data in {folder} may not be written. What is there is shown as it was, and nothing can be "
    "changed on this device until it may: see its owner, its permissions, and how the disk is mounted."
)
PREFIX = "dalsegno-copy-"
TRIES = 3
"""Another process may take a new copy for one that was left, in the moment before it is locked."""


class Copy:
    """A locked folder that only the user can enter, until `remove()`; the files are in `folder`."""

    def __init__(self) -> None:
        self._place, self._lock = _locked_place()
        self.folder = self._place / "profile"

    def remove(self) -> None:
        _remove(self._place, self._lock)


def copied(folder: Path, names: tuple[str, ...]) -> Copy | None:
    """The files of these names; None = the first cannot be read.

    Raises OSError: there is no room for the copy either.
    """
    from shutil import copyfile  # milliseconds that a usual start need not spend

    try:
        with (folder / names[0]).open("rb") as file:
            if not file.read(1):
                return None
    except OSError:
        return None
    remove_left()
    copy = Copy()
    try:
        make_private_folder(copy.folder)
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                make_private(copy.folder / name)
                copyfile(folder / name, copy.folder / name)
    except BaseException:
        copy.remove()
        raise
    return copy


def remove_left() -> None:
    """Copies of this user's processes that were killed, whatever their profile."""
    from tempfile import gettempdir

    with contextlib.suppress(OSError):
        for place in Path(gettempdir()).glob(PREFIX + "*"):
            with contextlib.suppress(OSError, ProfileInUse):
                if _is_ours(place) and (place / LOCK).is_file():
                    _remove(place, ProfileLock(place))


def _locked_place() -> tuple[Path, ProfileLock]:
    from tempfile import mkdtemp

    for _ in range(TRIES):
        place = Path(mkdtemp(prefix=PREFIX))
        lock = _locked(place)
        if lock is not None:
            return place, lock
    raise OSError(errno.EBUSY, "new folders are locked at once", str(place))


def _locked(place: Path) -> ProfileLock | None:
    """None: another process took it for one that was left."""
    try:
        lock = ProfileLock(place)
    except ProfileInUse:
        return None
    except OSError:
        place.rmdir()
        raise
    with contextlib.suppress(FileNotFoundError):
        if lock.is_of((place / LOCK).stat()):
            return lock
    lock.release()
    return None


def _is_ours(place: Path) -> bool:
    """The folder for temporary files is everybody's."""
    return not place.is_symlink() and (os.name != "posix" or place.lstat().st_uid == os.getuid())


def _remove(place: Path, lock: ProfileLock) -> None:
    from shutil import rmtree

    rmtree(place, ignore_errors=True)
    lock.release()
    rmtree(place, ignore_errors=True)  # Windows removes no file that is open: the lock was one
