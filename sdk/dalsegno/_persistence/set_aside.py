"""Rows that failed their checksum: moved to a table of their own, and never shown. On the store's thread.

Invariant: whatever is set aside here, the rest of the database is sound without it: a document that lost a
field says so (`UNSURE`), and its place is taken by the server's as soon as that is heard.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from dalsegno._core.document import UNSURE
from dalsegno._persistence import rows, sealed
from dalsegno._persistence.sealed import Statement

_SERVER_HAS = ("sessions", "bases", "fields", "landed")


def set_aside(connection: sqlite3.Connection, bad: rows.Bad) -> None:
    """Within a transaction of the caller's."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for table, key in bad:
        if None in key:
            continue
        where = " AND ".join(f"{column} = ?" for column in sealed.SEALS[table].split(", ")[: len(key)])
        for row in connection.execute(f"SELECT * FROM {table} WHERE {where}", key).fetchall():
            connection.execute("INSERT INTO set_aside VALUES (?, ?, ?)", (now, table, repr(row)))
        if table != "sessions":
            connection.execute(f"DELETE FROM {table} WHERE {where}", key)
    for statement, parameters in _mended(connection, bad):
        connection.execute(statement, parameters)
    for session in {key[0] for _, key in bad}:
        connection.execute(sealed.SEAL_SESSION + " WHERE id = ?", (session,))


def _mended(connection: sqlite3.Connection, bad: rows.Bad) -> Iterator[Statement]:
    """What follows for the rest of these sessions."""
    for session in {key[0] for table, key in bad if table == "sessions"}:
        base = rows.base(connection, session, [])
        yield (
            "UPDATE sessions SET schema = ?, opened_at = ?, parked = '' WHERE id = ?",
            (base.schema if base else "", rows.PERHAPS_OPENED, session),
        )
    for session in {key[0] for table, key in bad if table in ("bases", "fields")}:
        base = rows.base(connection, session, [])
        if base is None:
            yield from ((statement, (session,)) for statement in rows.DROP_BASE)
        else:
            yield from sealed.document(session, replace(base, update_time=UNSURE), changed=())


def summary(bad: rows.Bad) -> str:
    """The sentence that the app can show, or '' when nobody needs to know."""
    count = Counter(table for table, key in bad if None not in key)
    lost = [
        _some(count["outbox"], "edit that was not yet sent", "edits that were not yet sent"),
        _some(count["local"], "setting of this device", "settings of this device"),
    ]
    parts = [part for part in lost if part]
    again = _some(sum(count[t] for t in _SERVER_HAS), "entry", "entries")
    if again:
        parts.append(f"{again} that the server sends again")
    elif not parts and bad:
        parts.append("a part of a session that the server sends again")
    if not parts:
        return ""
    return f"A part of the local data was damaged and is not shown: {', '.join(parts)}."


def _some(count: int, one: str, many: str) -> str:
    return "" if not count else f"1 {one}" if count == 1 else f"{count} {many}"


def all_bad(connection: sqlite3.Connection) -> rows.Bad:
    """Every row that fails its checksum or makes no sense, of all tables but the installation's. Slow."""
    bad = [found for found in scanned(connection) if found is not None]
    for id in [id for (id,) in connection.execute("SELECT id FROM sessions").fetchall()]:
        rows.session(connection, id, bad)
    return [*dict.fromkeys(bad)]


def scanned(connection: sqlite3.Connection) -> Iterator[tuple[str, sealed.Row] | None]:
    """For each row None, or its table and key if it fails its checksum.

    Table by table, not session by session: a row whose key was changed belongs to no session any more.
    """
    for table, columns in sealed.SEALS.items():
        if table != "installation":
            width = 2 if table in ("fields", "outbox", "local") else 1
            for *row, checksum in connection.execute(f"SELECT {columns}, checksum FROM {table}"):
                sound = checksum == sealed.checksum(*row)
                yield None if sound else (table, tuple(row[:width]))


def is_whole(connection: sqlite3.Connection) -> str:
    """What SQLite's own look at the whole file finds, or ''. Slow."""
    verdict: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return "" if verdict == "ok" else verdict
