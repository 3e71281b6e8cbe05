"""What an app and profile keep on this device of all users: how much there is, and its removal. Any thread.

Invariant: what another client works on is neither counted nor removed: `ProfileInUse` is raised before
anything is gone.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from dalsegno._errors import StorageFull
from dalsegno._persistence.lock import ProfileLock

DATABASE = "store.sqlite"
_one_at_a_time = threading.Lock()
"""A look and a removal of this process: the one would find the other's database locked."""


def users_in(project_folder: Path) -> Iterator[Path]:
    """The folder of each user of whom there is something."""
    if project_folder.is_dir():
        yield from (path for path in sorted(project_folder.iterdir()) if (path / DATABASE).is_file())


def held_by(folder: Path) -> tuple[str, int]:
    """Whose data are in a user's folder, and how many edits the server lacks; '' if they cannot be read now.

    So it is while a client works there, which knows itself what it owes. One that starts meanwhile waits for
    the database for a moment: the profile's own lock is not taken, or it would fail.
    """
    try:
        with _one_at_a_time, contextlib.closing(sqlite3.connect(folder / DATABASE, timeout=0)) as database:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")  # as the store has it: no shared memory file
            (user,) = database.execute("SELECT user FROM installation").fetchone() or ("",)
            (unsent,) = database.execute("SELECT COUNT(*) FROM outbox").fetchone()
            return str(user), int(unsent)
    except sqlite3.Error:
        return "", 0


def remove_rest(project_folder: Path) -> None:
    """What is left once all users are gone: of the sign-in, and what was set aside. Folders go if empty.

    Raises StorageFull.
    """
    _remove(project_folder)
    for above in (project_folder.parent, project_folder.parent.parent):
        with contextlib.suppress(OSError):
            above.rmdir()


def remove(folders: list[Path]) -> None:
    """Removes these folders and all that is in them; one that is not there is removed already.

    Raises:
        ProfileInUse: another client works on one of them; nothing was removed.
        StorageFull: the disk does not let go of something.
    """
    with (
        _one_at_a_time,
        contextlib.ExitStack() as open_session,
    ):  # and let go before: Windows removes no open file
        for folder in folders:
            if folder.is_dir():
                open_session.callback(ProfileLock(folder).release)
    for folder in folders:
        _remove(folder)


def _remove(folder: Path) -> None:
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
    except OSError as error:
        raise StorageFull(
            f"{folder} cannot be removed: {error.strerror or type(error).__name__}; remove it by hand"
        ) from None
