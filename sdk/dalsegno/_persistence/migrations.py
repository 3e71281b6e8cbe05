"""The tables, and the way to them from every earlier version. Runs on the thread that opens the store.

Invariant: `PRAGMA user_version` is the number of migrations that ran; each is one transaction with its
number. A migration that was ever released is never edited: what comes later is a new one at the list's end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from dalsegno._persistence import local_serializer, sealed
from dalsegno._persistence.local_serializer import Damaged

APPLICATION_ID = 0x44616C53
"""`DalS` in the file's header: by this a file of a newer version is told from a damaged one."""


def _first_tables(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for table in (
        # One row. server_offset_ms: the server's lead on this device's clock, NULL as long as it is unknown.
        """CREATE TABLE installation (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            user TEXT NOT NULL, device TEXT NOT NULL,
            newest_stamp TEXT NOT NULL, server_offset_ms REAL)""",
        """CREATE TABLE sessions (
            id TEXT PRIMARY KEY, schema TEXT NOT NULL DEFAULT '',
            opened_at INTEGER NOT NULL DEFAULT 0, parked TEXT NOT NULL DEFAULT '') WITHOUT ROWID""",
        # Apart from `sessions`, so that an edit never rewrites a large document.
        """CREATE TABLE bases (
            session TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, document TEXT NOT NULL)""",
        """CREATE TABLE outbox (
            session TEXT NOT NULL, field TEXT NOT NULL, seq INTEGER NOT NULL, edit TEXT NOT NULL,
            PRIMARY KEY (session, field)) WITHOUT ROWID""",
        """CREATE TABLE local (
            session TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (session, field)) WITHOUT ROWID""",
        "CREATE TABLE tokens (target TEXT PRIMARY KEY, token BLOB NOT NULL) WITHOUT ROWID",
    ):
        connection.execute(table)


def _registration(connection: sqlite3.Connection) -> None:
    # registered: the sign-in under which the server knows this device; called: its name, as the app gave it.
    connection.execute("ALTER TABLE installation ADD COLUMN registered TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE installation ADD COLUMN called TEXT NOT NULL DEFAULT ''")


def _landed(connection: sqlite3.Connection) -> None:
    # Field → the rev at which this device's newest edit of it was confirmed.
    connection.execute("ALTER TABLE bases ADD COLUMN landed TEXT NOT NULL DEFAULT '{}'")


def _rows_with_checksums(connection: sqlite3.Connection) -> None:
    """A row for each field of a document, a checksum for each row (docs/adr/0020-rows-and-checksums.md)."""
    documents = connection.execute("SELECT session, document, landed FROM bases").fetchall()
    connection.execute("ALTER TABLE bases RENAME TO whole_documents")
    for table in (
        # `newest`: the newest stamp in what the app sees of the session, NULL when it sees nothing. The order
        # of "continue reading"; derived, so the checksum leaves it out.
        "ALTER TABLE sessions ADD COLUMN newest TEXT",
        "ALTER TABLE sessions ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX newest_sessions ON sessions (newest DESC, id) WHERE newest IS NOT NULL",
        "CREATE INDEX unopened_sessions ON sessions (newest DESC) WHERE opened_at = 0",
        """CREATE TABLE bases (
            session TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, head TEXT NOT NULL, newest TEXT,
            checksum INTEGER NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE fields (
            session TEXT NOT NULL, field TEXT NOT NULL, entry TEXT NOT NULL, checksum INTEGER NOT NULL,
            PRIMARY KEY (session, field)) WITHOUT ROWID""",
        """CREATE TABLE landed (
            session TEXT PRIMARY KEY, revs TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID""",
        "ALTER TABLE outbox ADD COLUMN stamp TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE outbox ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE local ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE tokens ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE installation ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0",
        # What failed its checksum: out of the way, and there for whoever wants to look.
        "CREATE TABLE set_aside (found_at TEXT NOT NULL, origin TEXT NOT NULL, content TEXT NOT NULL)",
    ):
        connection.execute(table)
    for session, document, landed in documents:
        for statement, parameters in sealed.document(session, local_serializer.decode_document(document)):
            connection.execute(statement, parameters)
        connection.execute(*sealed.landed(session, landed))
    connection.execute("DROP TABLE whole_documents")
    sealed.seal_all(connection)


def _marks(connection: sqlite3.Connection) -> None:
    """Marks that the server has not confirmed stand among a session's local fields: an index finds them."""
    connection.execute(
        "CREATE INDEX owed_marks ON local (session) WHERE field = '?owed_marks' AND value <> 'null'"
    )


Migration = Callable[[sqlite3.Connection], None]

MIGRATIONS: Sequence[Migration] = (_first_tables, _registration, _landed, _rows_with_checksums, _marks)
WITH_CHECKSUMS = 4
"""From this format on each row has a checksum."""


class MadeByNewerVersion(Exception):
    """The file is of a format that this version does not know; it was not touched."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"format {found}; this version knows {known}")
        self.found = found
        self.known = known


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Brings the database up to date. Raises MadeByNewerVersion or Damaged before any change."""
    sealed.teach(connection)
    version = version_of(connection)
    if version > len(migrations):
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise Damaged(f"format {version} of something else")
        raise MadeByNewerVersion(version, len(migrations))
    for number, migration in enumerate(migrations[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            migration(connection)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def version_of(connection: sqlite3.Connection) -> int:
    """How many migrations the database has been through; 0 = a new file."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
