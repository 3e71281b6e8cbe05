"""Formats of the database, old and new."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dalsegno._core.ports import Batch
from dalsegno._errors import UsageError
from dalsegno._persistence.migrations import MIGRATIONS, migrate, version_of
from dalsegno._persistence.sqlite import SqliteStore


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
