"""What an app writes is for its user alone: books, titles, paths and logs tell what somebody reads.

Main thread, before anything is written. Invariant: nothing that this process makes can be read by other users
of the machine, not even for a moment; nor can what an older version left open.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from apps.common.options import Options
from dalsegno import DalSegnoError

OTHERS = 0o077


def keep_private(options: Options) -> None:
    """From here on for this whole process, also for what Kivy and other libraries write."""
    os.umask(OTHERS)
    if os.name == "posix":
        for path in own_files(options):
            _tighten(path)


def own_files(options: Options) -> Iterator[Path]:
    """What the apps keep beside the SDK's data. Not: a home or a library that somebody chose."""
    home = options.data_home
    if options.home is None:
        yield home
    for folder in (home / "kivy", home / "library", home / "libraries", *home.glob("player-*")):
        yield from _with_content(folder)
    yield from home.glob(f"{options.app}-*.log*")


def remove_own(paths: Iterable[Path], options: Options) -> None:
    """These files and folders, and what the log says: it goes on, from nothing.

    Raises:
        DalSegnoError: one of them is still there; all others are gone.
    """
    kept = [error for error in map(_removed, paths) if error is not None]
    log = options.data_home / f"{options.app}-{options.profile}.log"
    with contextlib.suppress(OSError):
        log.with_name(log.name + ".1").unlink(missing_ok=True)
        if log.exists():
            os.truncate(log, 0)  # it is open, and appended to
    if kept:
        error = kept[0]
        raise DalSegnoError(f"{error.filename} cannot be removed ({error.strerror}): remove it by hand")


def _removed(path: Path) -> OSError | None:
    """Why it could not be removed."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        return error
    return None


def _with_content(folder: Path) -> Iterator[Path]:
    yield folder
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent, name) for name in (*folders, *files))


def _tighten(path: Path) -> None:
    with contextlib.suppress(OSError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) & OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
