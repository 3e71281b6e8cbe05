"""Formats of the database, old and new."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dalsegno._core.document import StoredSession
from dalsegno._core.ports import Batch
from dalsegno._errors import UsageError
from dalsegno._persistence import local_serializer
from dalsegno._persistence.migrations import MIGRATIONS, WITH_CHECKSUMS, migrate, version_of
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, SONG, document, edit, stamp


def _connect(path: Path | str = ":memory:") -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def test_version_is_the_number_of_migrations() -> None:
    """A database that is up to date has been through all migrations, once."""
    connection = _connect()
    migrate(connection)
    migrate(connection)
    assert len(MIGRATIONS) == version_of(connection)


def test_failed_migration_leaves_the_version_before() -> None:
    """A migration that fails half-way leaves tables and version as they were, and runs again next time."""

    def good(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE good (a)")

    def bad(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (a)")
        raise RuntimeError("no further")

    connection = _connect()
    with pytest.raises(RuntimeError):
        migrate(connection, [good, bad])
    assert 1 == version_of(connection)
    assert [("good",)] == connection.execute("SELECT name FROM sqlite_master").fetchall()
    migrate(connection, [good, lambda connection: None])
    assert 2 == version_of(connection)


def test_newer_database_is_refused_untouched(tmp_path: Path) -> None:
    """A database of a newer version is a UsageError that says so, and not a byte of it changes."""
    store = SqliteStore.open(tmp_path, "alice")
    store.write(Batch(tokens={"a": b"1"}))
    store.close()
    database = tmp_path / "store.sqlite"
    connection = _connect(database)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(
        UsageError, match=r"store\.sqlite was made by a newer version.*format 99.*Update this app"
    ):
        SqliteStore.open(tmp_path, "alice")
    assert before == database.read_bytes()
    assert ["device-id", "lock", "store.sqlite"] == sorted(path.name for path in tmp_path.iterdir())


DEVICE = "00000000000000aa"
OLD_DOCUMENT = (
    '["reading/1",{"place":["page 3","000000000000003-00000-00000000000000aa",2,{}]},'
    '3,3,"00000000000000bb",3000,3000,null]'
)


def _old(folder: Path, document_text: str = OLD_DOCUMENT) -> Path:
    """A database as the last version without checksums left it: one row for a whole document."""
    connection = _connect(folder / "store.sqlite")
    migrate(connection, MIGRATIONS[: WITH_CHECKSUMS - 1])
    row = edit("place", "page 4", 7)
    for statement, parameters in (
        ("INSERT INTO installation VALUES (1, 'alice', ?, ?, 12.5, '1700', 'Pixel')", (DEVICE, stamp(7))),
        ("INSERT INTO sessions VALUES (?, 'reading/1 place=latest', 9, '')", (BOOK,)),
        ("INSERT INTO sessions VALUES (?, 'listening/1', 0, 'refused')", (SONG,)),
        ("INSERT INTO bases VALUES (?, 3, ?, '{\"place\":3}')", (BOOK, document_text)),
        (
            "INSERT INTO outbox VALUES (?, ?, ?, ?)",
            (BOOK, row.field, row.seq, local_serializer.encode_pending(row)),
        ),
        ("INSERT INTO local VALUES (?, 'size', '18.0')", (BOOK,)),
        ("INSERT INTO tokens VALUES ('devices', x'01')", ()),
    ):
        connection.execute(statement, parameters)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return folder / "store.sqlite"


def test_everything_of_an_old_database_is_kept(tmp_path: Path) -> None:
    """A database without checksums is brought up to date: all that it held is there, in the right order."""
    _old(tmp_path)
    base = document({"place": "page 3"}, rev=3)
    book = StoredSession(
        BOOK,
        "reading/1 place=latest",
        base,
        (edit("place", "page 4", 7),),
        {"size": 18.0},
        "",
        9,
        {"place": 3},
    )
    for _ in range(2):
        store = SqliteStore.open(tmp_path, "alice")
        store.check()
        assert [] == store.notices
        assert [book, StoredSession(SONG, "listening/1", parked="refused")] == list(store.sessions())
        assert [book] == list(store.owed())
        assert [book] == list(store.recent(9))
        assert {"devices": b"\x01"} == dict(store.tokens())
        identity = store.identity()
        assert (DEVICE, stamp(7), 12.5, "1700", "Pixel") == (
            identity.device,
            identity.newest_stamp,
            identity.server_offset_ms,
            identity.registered,
            identity.called,
        )
        store.close()


def test_a_damaged_old_database_loses_no_edit(tmp_path: Path) -> None:
    """What cannot be brought up to date is set aside; its unsent edits and settings go on in a new one."""
    _old(tmp_path, document_text="nonsense")
    store = SqliteStore.open(tmp_path, "alice")
    [notice] = store.notices
    assert "The one edit that was not yet sent was kept" in notice
    stored = store.load(BOOK)
    assert stored is not None
    assert (edit("place", "page 4", 7),) == stored.pending
    assert {"size": 18.0} == stored.local
    assert (None, DEVICE) == (stored.base, store.identity().device)
    store.close()
