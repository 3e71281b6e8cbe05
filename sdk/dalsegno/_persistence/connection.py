"""The connection to the store's database, and how SQLite is to work on it. Store's thread."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from dalsegno._errors import UsageError
from dalsegno._persistence.migrations import MadeByNewerVersion, migrate, version_of

BUSY_TIMEOUT_S = 0.5
"""Only a foreign program (a backup, a database browser) can make us wait: our own processes hold the lock."""
LOG_LIMIT_BYTES = 4 << 20
"""The write-ahead log shrinks to this after a checkpoint; checkpoints come at 1,000 pages, also 4 MiB."""


def connect(database: Path) -> sqlite3.Connection:
    """Opens the file, and makes it if there is none; see `prepare`."""
    return sqlite3.connect(database, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_S)


def prepare(connection: sqlite3.Connection, database: Path) -> None:
    """Brings the database to this version's form. Raises UsageError: a newer version has made it."""
    # Exclusive: no shared memory file, so reading works on a full disk too, and writes are quicker.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    try:
        if version_of(connection) == 0:
            connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA checkpoint_fullfsync = ON")  # macOS: past the drive's own memory
        connection.execute(f"PRAGMA journal_size_limit = {LOG_LIMIT_BYTES}")
        migrate(connection)  # First: the journal mode changes the file, and it may not be ours to change.
        connection.execute("PRAGMA journal_mode = WAL")
    except MadeByNewerVersion as newer:
        raise UsageError(
            f"{database} was made by a newer version of Dal Segno ({newer}). It was not touched. "
            "Update this app, or choose another profile."
        ) from None
