"""What an app and profile keep on this device of all users: how much there is, and its removal. Any thread.

Invariants: what another client works on is neither counted nor removed: `ProfileInUse` is raised before
anything is gone, and none begins until all is gone. A look changes nothing, makes nothing, and destroys
nothing of what a damaged database still holds.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dalsegno._persistence import read_only
from dalsegno._persistence.lock import LOCK, ProfileLock, nobody_here
from dalsegno._persistence.recovery import check_header
from dalsegno._persistence.sqlite_error import FAULTS, disk

DATABASE = "store.sqlite"
TRIES = 3
"""A look of another process may leave SQLite's log in a folder while that is being removed."""
_NOT_EMPTY = {errno.ENOTEMPTY, errno.EEXIST}
_one_at_a_time = threading.Lock()
"""A look and a removal of this process: the one would find the other's database locked."""


# --- a look -------------------------------------------------------------------------------------------


def users_in(project_folder: Path) -> Iterator[Path]:
    """The folder of each user of whom there is something."""
    with disk(project_folder):
        yield from (path for path in _within(project_folder) if is_users(path))


def is_users(folder: Path) -> bool:
    """Whether there is something of a user in it."""
    with disk(folder):
        return (folder / DATABASE).is_file()


def held_by(folder: Path) -> tuple[str, int]:
    """Whose data are in a user's folder, and how many edits the server lacks; '' if they cannot be read now.

    So it is while a client works there, which knows itself what it owes, and when they are damaged: the next
    start mends that. A client that starts meanwhile waits for the database for a moment: the profile's own
    lock is not taken, or it would fail.
    """
    database = (folder / DATABASE).absolute()
    try:
        with _one_at_a_time, nobody_here(folder) as is_free:
            if not is_free:
                return "", 0
            check_header(database)  # SQLite throws the log of an empty file away, with all that is in it
            return _read(database)
    except (*FAULTS, OSError):
        return "", 0


def _read(database: Path) -> tuple[str, int]:
    uri = f"{database.as_uri()}?mode=rw"  # never made: it may be removed just now
    with contextlib.closing(sqlite3.connect(uri, timeout=0, uri=True)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # as the store has it: no shared memory file
        (user,) = connection.execute("SELECT user FROM installation").fetchone() or ("",)
        (unsent,) = connection.execute("SELECT COUNT(*) FROM outbox").fetchone()
        return str(user), int(unsent)


# --- removal ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held(folders: Sequence[Path]) -> Iterator[Callable[[], None]]:
    """Nobody works on these folders, and none begins to; what is given removes them, with all in them.

    One that is not there is removed already.

    Raises:
        ProfileInUse: another client works on one of them; nothing was removed.
        StorageFull, StorageDenied: the same; or, of the removal: the disk does not let go of something.
    """
    with contextlib.ExitStack() as locks:
        for folder in folders:
            with disk(folder):
                if is_users(folder) or (folder / LOCK).is_file():
                    locks.callback(ProfileLock(folder).release)

        def remove() -> None:
            if sys.platform == "win32":  # no open file is removed there
                locks.close()
            with _one_at_a_time:
                for folder in folders:
                    with disk(folder):
                        _remove(folder)
            read_only.remove_left()

        yield remove


@contextlib.contextmanager
def all_held(project_folder: Path) -> Iterator[Callable[[], None]]:
    """The same for all users, with what is left of the sign-in, and what was set aside.

    A user who comes meanwhile is none of these: their folder stays, and those above it.
    """
    with disk(project_folder):
        folders = [path for path in _within(project_folder) if path.is_dir() and not path.is_symlink()]
    with held(folders) as remove_users:

        def remove() -> None:
            remove_users()
            with disk(project_folder):
                for path in _within(project_folder):
                    if path.is_symlink() or not path.is_dir():
                        path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                for folder in (project_folder, *project_folder.parents[:2]):
                    folder.rmdir()

        yield remove


def _within(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _remove(folder: Path) -> None:
    """The lock last: until then nobody can take it anew."""
    for left in reversed(range(TRIES)):
        for path in _within(folder):
            if path.name != LOCK:
                _remove_entry(path)
        (folder / LOCK).unlink(missing_ok=True)
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in _NOT_EMPTY or not left:
                raise
            if (folder / LOCK).exists():  # somebody began to work in that moment: it is theirs now
                return
        else:
            return


def _remove_entry(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
