"""A profile that may be read and not written: shown from a private copy, which goes when the store is closed.

Any thread. Invariant: not a byte of the profile's own folder changes. (A copy, since even reading a database
in place wants a log to be made beside it, and one of an older format must be brought up to date.)
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from dalsegno._private_files import make_private

NOTICE = (
    "The local data in {folder} may not be written. What is there is shown as it was, and nothing can be "
    "changed on this device until it may: see its owner, its permissions, and how the disk is mounted."
)


def copied(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The files of these names, in a folder that only the user can enter; None = the first cannot be read.

    Raises OSError: there is no room for the copy either.
    """
    from shutil import copyfile, rmtree  # milliseconds that a usual start need not spend
    from tempfile import mkdtemp

    first = folder / names[0]
    try:
        with first.open("rb") as file:
            if not file.read(1):
                return None
    except OSError:
        return None
    aside = Path(mkdtemp(prefix="dalsegno-"))
    try:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                make_private(aside / name)
                copyfile(folder / name, aside / name)
    except BaseException:
        rmtree(aside, ignore_errors=True)
        raise
    return aside


def removed(aside: Path) -> None:
    from shutil import rmtree

    rmtree(aside, ignore_errors=True)
