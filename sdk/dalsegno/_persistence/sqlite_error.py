"""What SQLite and the operating system report, in the words of this package. Any thread.

Invariant: one table says which reports mean a damaged file, and which a disk that takes no more or may not be
written. Where SQLite does not know why, the operating system is asked.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dalsegno._errors import Closed, DalSegnoError, ProfileInUse, StorageDenied, StorageFull, UsageError
from dalsegno._persistence.local_serializer import Damaged

_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_NOT_ALLOWED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}
_TOO_MANY_FILES = {errno.EMFILE, errno.ENFILE}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PROBE_BYTES = 4096
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


FAULTS = (sqlite3.Error, Damaged, UnicodeDecodeError)
"""What working with a database may raise; the last when its messages quote what is no text."""


def is_damage(fault: Exception, opening: bool) -> bool:
    """Whether the file makes no sense: then it is set aside and made anew.

    While opening, anything that SQLite cannot make sense of is the file's doing; later, only what it says of
    the file itself, so that a wrong statement of ours never costs a healthy file.
    """
    if isinstance(fault, Damaged | UnicodeDecodeError):
        return True
    if not isinstance(fault, sqlite3.DatabaseError) or isinstance(fault, sqlite3.ProgrammingError):
        return False
    code = _code(fault)
    if opening:
        return code not in _NO_ROOM | _NOT_ALLOWED | _BUSY | {sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_TOOBIG}
    told = str(fault).startswith(("no such", "malformed", "Could not decode"))
    return code in _DAMAGED or (code in (None, sqlite3.SQLITE_ERROR) and told)


def explained(fault: Exception, database: Path) -> DalSegnoError:
    """What to raise for a fault that is no damage: it names the file, and says what to do."""
    code = _code(fault)
    if isinstance(fault, sqlite3.ProgrammingError) and "closed" in str(fault):
        return Closed("This store is closed.")
    if code == sqlite3.SQLITE_FULL:
        return no_room(database, str(fault))
    if code in _NO_ROOM | _NOT_ALLOWED:
        why = _asked(database)
        if why is not None:
            return refused(database, why)
        return no_room(database, str(fault)) if code in _NO_ROOM else not_allowed(database, str(fault))
    if code in _BUSY:
        return ProfileInUse(f"Another program holds {database} open (a database browser?). Close it there.")
    if code == sqlite3.SQLITE_TOOBIG:
        return UsageError(f"This value is too large to be stored in {database}.")
    return DalSegnoError(f"The local data in {database} cannot be used: {words(fault)}.")


def words(fault: Exception) -> str:
    """What may be said of damage: SQLite quotes text that it cannot read, and that is somebody's place."""
    if isinstance(fault, UnicodeDecodeError) or str(fault).startswith("Could not decode"):
        return "text that is no text"
    return str(fault)


def no_room(path: Path, why: str) -> StorageFull:
    return StorageFull(
        f"The disk takes no more at {path} ({why}). Nothing was changed. Free some space and try again."
    )


def not_allowed(path: Path, why: str) -> StorageDenied:
    return StorageDenied(
        f"The local data at {path} may not be written ({why}). Nothing was changed. Make the folder writable "
        "for this user (see its owner, its permissions, and how the disk is mounted), or choose another home."
    )


def refused(path: Path, fault: OSError) -> DalSegnoError:
    """What to raise for what the operating system refuses: it names the path, and says what to do."""
    path, why = Path(fault.filename or path), fault.strerror or str(fault)
    if fault.errno in FULL:
        return no_room(path, why)
    if fault.errno in DENIED:
        return not_allowed(path, why)
    if fault.errno in _IN_THE_WAY:
        return UsageError(f"Something else stands at {path}, where local data belongs ({why}): move it away.")
    if fault.errno in _TOO_MANY_FILES:
        return DalSegnoError(
            f"{path} cannot be opened ({why}). Close what this program no longer needs, or raise its limit "
            "of open files (ulimit -n)."
        )
    return DalSegnoError(f"The disk reports an error at {path} ({why}). Nothing was changed.")


def _asked(database: Path) -> OSError | None:
    """Why the database cannot be written, as the operating system has it; None = it could be."""
    probe = database.with_name(database.name + ".probe")
    try:
        os.close(os.open(database, os.O_RDWR))
        descriptor = os.open(probe, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, bytes(_PROBE_BYTES))
        finally:
            os.close(descriptor)
            probe.unlink()
    except OSError as fault:
        return fault
    return None


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Files made, moved and removed by hand: what the operating system refuses is an error of ours."""
    try:
        yield
    except OSError as fault:
        raise refused(path, fault) from fault


def _code(fault: Exception) -> int | None:
    """SQLite's primary result code."""
    extended: int | None = getattr(fault, "sqlite_errorcode", None)
    return None if extended is None else extended & 0xFF
