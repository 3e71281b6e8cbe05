"""Files and folders that only their user can read, and that are there whole or not at all. Any thread.

What systems differ in is decided by `platform`, as `sys.platform` has it: macOS's fsync leaves the data in
the drive's own memory. Windows replaces no file that somebody has open (a virus scanner, a moment), has no
modes (a folder made with 0o700 lets in its user and administrators, and what is in it inherits that), and
writes renames down by itself.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from dalsegno._in_place import put_in_place
from dalsegno._persistence import lock
from dalsegno._private_files import make_private

F_FULLFSYNC = 51
"""macOS's <fcntl.h>: also empties the drive's own memory."""
_BINARY = getattr(os, "O_BINARY", 0)


class BeingWritten(OSError):
    """Another program is writing this file."""


def replace_text(path: Path, text: str) -> None:
    """Writes a small private file: the old text or the new is there, never half of it."""
    beside = path.with_name(path.name + ".tmp")
    beside.unlink(missing_ok=True)
    make_private(beside)
    with beside.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        flush(file.fileno())
    put_in_place(beside, path)
    flush_folder(path.parent)


@contextlib.contextmanager
def written_whole(path: Path, platform: str = sys.platform) -> Iterator[TextIO]:
    """A private text file beside `path`, that takes its place when all is on the disk.

    Raises:
        BeingWritten: another program writes it in this way.
        OSError.
    """
    beside = path.with_name(path.name + ".part")
    file = open(_open_alone(beside), "w", encoding="utf-8", newline="\n")  # noqa: SIM115
    try:
        yield file
        file.flush()
        flush(file.fileno(), platform)
        if platform == "win32":  # no open file is renamed there
            file.close()
        put_in_place(beside, path, platform)  # elsewhere within the lock: nobody takes it for a leftover
    except BaseException:
        if platform == "win32":
            file.close()
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    finally:
        file.close()
    flush_folder(path.parent, platform)


def _open_alone(beside: Path) -> int:
    """A new, locked file. What another program left, that was killed, is removed."""
    while True:
        try:
            descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, 0o600)
        except FileExistsError:
            _remove_leftover(beside)
            continue
        if _locked(descriptor) and _is_there(descriptor, beside):
            return descriptor
        os.close(descriptor)


def _remove_leftover(beside: Path) -> None:
    try:
        descriptor = os.open(beside, os.O_RDWR | _BINARY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        beside.unlink(missing_ok=True)  # a link is none of ours
        return
    try:
        if not _locked(descriptor):
            raise BeingWritten(errno.EBUSY, "another program is writing it", str(beside))
        if sys.platform != "win32":  # within the lock: two programs may find the same leftover
            beside.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
    if sys.platform == "win32":
        beside.unlink(missing_ok=True)


def _locked(descriptor: int) -> bool:
    """False: somebody else has it. Where a file system has no locks, nobody has."""
    try:
        lock.take(descriptor)
    except lock.Held:
        return False
    except OSError:
        pass
    return True


def _is_there(descriptor: int, path: Path) -> bool:
    """Whether it is still the file of this name: between making and locking, another program may look."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def flush_to_disk(path: Path, platform: str = sys.platform) -> None:
    """Returns when what was written to the file is on the disk itself. A missing file is nothing to flush."""
    try:
        descriptor = os.open(path, os.O_RDWR | _BINARY)
    except FileNotFoundError:
        return
    try:
        flush(descriptor, platform)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path, platform: str = sys.platform) -> None:
    """Returns when the names in this folder are on the disk: a rename is forgotten in a power cut, else."""
    if platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network drives have no such thing
            flush(descriptor, platform)
    finally:
        os.close(descriptor)


def flush(
    descriptor: int, platform: str = sys.platform, control: Callable[[int, int], object] | None = None
) -> None:
    """Returns when what was written is on the disk itself, as far as the system can tell.

    control   `fcntl.fcntl`
    """
    if platform == "darwin":
        if control is None:
            import fcntl

            control = fcntl.fcntl
        with contextlib.suppress(OSError):  # a network drive: then fsync is all there is
            control(descriptor, F_FULLFSYNC)
            return
    getattr(os, "fdatasync", os.fsync)(descriptor)
