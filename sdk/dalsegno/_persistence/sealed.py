"""Rows with a checksum: how each is made, so that a flipped bit is noticed when it is read. Any thread.

Invariant: a checksum covers a row's key and all that cannot be derived from elsewhere. CRC-32 finds every
burst of up to 32 flipped bits; it is against bad memory and bad disks, not against people.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection, Iterator
from typing import Any

from dalsegno._core.document import Document
from dalsegno._core.ports import Identity
from dalsegno._core.types import Stamp
from dalsegno._persistence import local_serializer

Row = tuple[Any, ...]
Statement = tuple[str, Row]


def checksum(*parts: object) -> int:
    """CRC-32 of the parts; kinds that SQLite tells apart are told apart here."""
    total = 0
    for part in parts:
        plain = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        total = zlib.crc32(b"\0", zlib.crc32(plain, total))
    return total


def teach(connection: sqlite3.Connection) -> None:
    """Gives the connection the function `checksum(…)`, for rows of which a statement changes a part."""
    connection.create_function("checksum", -1, checksum, deterministic=True)


_KNOWN = "INSERT OR IGNORE INTO sessions (id, checksum) VALUES (?, ?)"
_DROP_FIELD = "DELETE FROM fields WHERE session = ? AND field = ?"
_DROP_FIELDS = "DELETE FROM fields WHERE session = ?"
_PUT_FIELD = "INSERT OR REPLACE INTO fields VALUES (?, ?, ?, ?)"
_PUT_BASE = "INSERT OR REPLACE INTO bases VALUES (?, ?, ?, ?, ?)"
_PUT_EDIT = (
    "INSERT OR REPLACE INTO outbox (session, field, seq, edit, stamp, checksum) VALUES (?, ?, ?, ?, ?, ?)"
)
_PUT_LOCAL = "INSERT OR REPLACE INTO local (session, field, value, checksum) VALUES (?, ?, ?, ?)"
_PUT_TOKEN = "INSERT OR REPLACE INTO tokens (target, token, checksum) VALUES (?, ?, ?)"
_PUT_LANDED = """INSERT OR REPLACE INTO landed SELECT ?, ?, ?
    WHERE EXISTS (SELECT 1 FROM bases WHERE session = ?)"""
_IDENTITY = """UPDATE installation SET newest_stamp = ?, server_offset_ms = ?, registered = ?, called = ?,
    checksum = ?"""

SEAL_SESSION = """UPDATE sessions SET
    newest = (SELECT newest FROM bases WHERE session = id),
    checksum = checksum(id, schema, opened_at, parked)"""
"""After whatever changed a session's row or its base: one for all statements that change a part of it."""

SEALS = {
    "sessions": "id, schema, opened_at, parked",
    "bases": "session, head",
    "fields": "session, field, entry",
    "landed": "session, revs",
    "outbox": "session, field, seq, edit",
    "local": "session, field, value",
    "tokens": "target, token",
    "installation": "user, device, newest_stamp, server_offset_ms, registered, called",
}
"""Table → what the checksum of its rows covers, the key first."""


def document(session: str, found: Document, changed: Collection[str] | None = None) -> Iterator[Statement]:
    """A base, field by field. `changed`: only these differ from what the disk has; None = all may."""
    if changed is None:
        yield _DROP_FIELDS, (session,)
    for name in found.entries if changed is None else changed:
        if name in found.entries:
            entry = local_serializer.encode_entry(found.entries[name])
            yield _PUT_FIELD, (session, name, entry, checksum(session, name, entry))
        else:
            yield _DROP_FIELD, (session, name)
    head = local_serializer.encode_head(found)
    newest = max((entry.stamp for entry in found.entries.values()), default=None)
    yield _PUT_BASE, (session, found.at // 1000, head, newest, checksum(session, head))


def known(session: str) -> Statement:
    """A row for the session, if there is none."""
    return _KNOWN, (session, checksum(session, "", 0, ""))


def edit(session: str, field: str, seq: int, text: str, stamp: Stamp) -> Statement:
    return _PUT_EDIT, (session, field, seq, text, stamp, checksum(session, field, seq, text))


def local(session: str, field: str, text: str) -> Statement:
    return _PUT_LOCAL, (session, field, text, checksum(session, field, text))


def landed(session: str, text: str) -> Statement:
    return _PUT_LANDED, (session, text, checksum(session, text), session)


def token(target: str, content: bytes) -> Statement:
    return _PUT_TOKEN, (target, content, checksum(target, content))


def identity(user: str, known: Identity) -> Statement:
    """The checksum is made here: asked of SQLite it would come back to Python for it, with each edit."""
    offset = None if known.server_offset_ms is None else float(known.server_offset_ms)  # as it is read back
    parts = (known.newest_stamp, offset, known.registered, known.called)
    return _IDENTITY, (*parts, checksum(user, known.device, *parts))


def seal_all(connection: sqlite3.Connection) -> None:
    """Gives every row its checksum: for rows of a format that had none, or that were moved here."""
    outbox = connection.execute("SELECT session, field, seq, edit FROM outbox").fetchall()
    for session, field, seq, text in outbox:
        stamp = local_serializer.decode_pending(field, seq, text).entry.stamp
        connection.execute(*edit(session, field, seq, text, stamp))
    for table, columns in SEALS.items():
        if table != "sessions":
            connection.execute(f"UPDATE {table} SET checksum = checksum({columns})")
    connection.execute(SEAL_SESSION)
