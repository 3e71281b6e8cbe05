"""What SQLite and the operating system report, in the words of this package. Any thread.

Invariant: one table says which reports mean a damaged file and which a disk that takes no more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dalsegno._errors import Closed, DalSegnoError, ProfileInUse, StorageFull, UsageError
from dalsegno._persistence.local_serializer import Damaged

_NO_ROOM = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
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
        return code not in _NO_ROOM | _BUSY | {sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_TOOBIG}
    told = str(fault).startswith(("no such", "malformed", "Could not decode"))
    return code in _DAMAGED or (code in (None, sqlite3.SQLITE_ERROR) and told)


def explained(fault: Exception, database: Path) -> DalSegnoError:
    """What to raise for a fault that is no damage: it names the file, and says what to do."""
    code = _code(fault)
    if isinstance(fault, sqlite3.ProgrammingError) and "closed" in str(fault):
        return Closed("This store is closed.")
    if code in _NO_ROOM:
        return no_room(database, str(fault))
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
        f"The disk takes no more at {path} ({why}). Nothing was changed. "
        "Free some space, or make the folder writable, and try again."
    )


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Files made, moved and removed by hand: what the operating system refuses is a StorageFull."""
    try:
        yield
    except OSError as fault:
        raise no_room(Path(fault.filename or path), fault.strerror or str(fault)) from fault


def _code(fault: Exception) -> int | None:
    """SQLite's primary result code."""
    extended: int | None = getattr(fault, "sqlite_errorcode", None)
    return None if extended is None else extended & 0xFF
