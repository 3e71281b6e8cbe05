"""One process at a time per profile folder. Any thread.

Invariant: the operating system holds the lock, so it ends with its process however that ends; what is written
in the file (the pid) only serves the message.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from dalsegno._errors import ProfileInUse

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # Windows forbids reading locked bytes: lock one that is never read.

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

    def _give_back(descriptor: int) -> None:
        """Closing does it: nobody shares the descriptor."""
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give_back(descriptor: int) -> None:
        """Now, not when the last child has closed its copy: one that is just being started has one too."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


LOCK = "lock"
"""The name of the file."""
HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}
"""What systems say when somebody else has it; all else, such as ENOLCK, means that there are no locks."""


class Held(OSError):
    """Somebody else has locked this file."""


def take(descriptor: int, taking: Callable[[int], None] = _take) -> None:
    """Locks an open file until it is closed; never waits.

    Raises:
        Held.
        OSError: this file system has no locks.
    """
    try:
        taking(descriptor)
    except OSError as error:
        if error.errno in HELD:
            raise Held(error.errno, "somebody else has it") from None
        raise


class ProfileLock:
    """Held from construction to `release()`.

    Raises ProfileInUse when another client holds it, in this process or another; OSError when the folder
    takes no file, or its file system has no locks.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / LOCK
        with _beginning:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            try:
                take(descriptor)
            except Held:
                holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
                os.close(descriptor)
                raise ProfileInUse(_in_use(folder, holder)) from None
            except OSError:
                os.close(descriptor)
                raise
            self._descriptor = descriptor
            _held.add(self)
        self._say_who()

    def _say_who(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: what is on it can still be read, and removed
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode("ascii"))

    def is_of(self, file: os.stat_result) -> bool:
        """Whether it is held, and by this file."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), file)
        except OSError:  # let go
            return False

    def release(self) -> None:
        if self._descriptor >= 0:
            _give_back(self._descriptor)
            self.forget()

    def forget(self) -> None:
        """Closes this process's copy, and takes the lock from nobody who shares it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextlib.contextmanager
def nobody_here(folder: Path) -> Iterator[bool]:
    """Whether nobody in this process works on the folder; within, nobody begins to.

    For whoever opens a database by hand: closing it again takes away every lock that this process has on it,
    those of SQLite too, and other programs would then write into what a client here has open.
    """
    with _beginning:
        try:
            file = (folder / LOCK).stat()
        except OSError:
            yield True
        else:
            yield not any(lock.is_of(file) for lock in list(_held))


def _in_use(folder: Path, holder: str) -> str:
    if holder == str(os.getpid()):
        who = f"by another client of this same process (pid {holder})"
    else:
        who = f"by another process (pid {holder})" if holder else "by another process"
    return (
        f"The profile {folder} is in use {who}. Close that one first, or choose another profile: "
        'connect(…, profile="another name").'
    )


_held: weakref.WeakSet[ProfileLock] = weakref.WeakSet()
_beginning = threading.Lock()


def _forget_in_child() -> None:
    """A forked child shares the lock and would keep it alive after its parent's death."""
    global _beginning
    _beginning = threading.Lock()  # another thread of the parent may have had it
    for lock in list(_held):
        lock.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
