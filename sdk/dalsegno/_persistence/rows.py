"""Batches as SQL, and rows as sessions. On the store's thread.

Invariant: a batch is encoded completely before its transaction begins, so bad input costs no rollback.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dalsegno._core.document import Pending, StoredSession
from dalsegno._core.ports import Batch
from dalsegno._core.types import SessionId
from dalsegno._persistence import local_serializer

Row = tuple[Any, ...]
Statement = tuple[str, Row]

_OPENED = """INSERT INTO sessions (id, schema, opened_at) VALUES (?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET schema = excluded.schema, opened_at = excluded.opened_at"""
_EDITED = """INSERT INTO sessions (id, opened_at) VALUES (?, ?)
    ON CONFLICT (id) DO UPDATE SET opened_at = excluded.opened_at WHERE excluded.opened_at > opened_at"""
_SEEN = """INSERT INTO sessions (id, schema) VALUES (?, ?)
    ON CONFLICT (id) DO UPDATE SET schema = excluded.schema WHERE schema = ''"""
_EXISTS = "INSERT OR IGNORE INTO sessions (id) VALUES (?)"
_PUT_BASE = """INSERT INTO bases (session, at_ms, document) VALUES (?, ?, ?)
    ON CONFLICT (session) DO UPDATE SET at_ms = excluded.at_ms, document = excluded.document"""
_LAND = "UPDATE bases SET landed = ? WHERE session = ?"
_DROP_BASE = "DELETE FROM bases WHERE session = ?"
_PUT_EDIT = "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?)"
_SETTLE = "DELETE FROM outbox WHERE session = ? AND field = ? AND seq <= ?"
_PUT_LOCAL = "INSERT OR REPLACE INTO local VALUES (?, ?, ?)"
_PARK = "UPDATE sessions SET parked = ? WHERE id = ?"
_PUT_TOKEN = "INSERT OR REPLACE INTO tokens VALUES (?, ?)"
_DROP_TOKEN = "DELETE FROM tokens WHERE target = ?"
_STAMP = "UPDATE installation SET newest_stamp = ?"
_OFFSET = "UPDATE installation SET server_offset_ms = ?"
_REGISTERED = "UPDATE installation SET registered = ?"
_CALLED = "UPDATE installation SET called = ?"

_SESSION = """SELECT id, schema, opened_at, parked, document, landed
    FROM sessions LEFT JOIN bases ON bases.session = sessions.id"""
_NEWEST_FIRST = " ORDER BY max(opened_at, ifnull(at_ms, 0)) DESC, id"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch as statements, in the order they run; `outbox` has the rows that it puts there."""

    statements: Sequence[Statement]
    outbox: Sequence[Row] = field(default=())


def prepared(batch: Batch, with_tokens: bool = True) -> Prepared:
    """Raises UsageError for a value that cannot be stored."""
    outbox = [
        (session, edit.field, edit.seq, local_serializer.encode_pending(edit))
        for session, edits in batch.pending.items()
        for edit in edits
    ]
    return Prepared([*_statements(batch, outbox, with_tokens)], outbox)


def _statements(batch: Batch, outbox: Sequence[Row], with_tokens: bool) -> Iterator[Statement]:
    for session, (schema, opened_at) in batch.opened.items():
        yield _OPENED, (session, schema, opened_at)
    for session, document in batch.bases.items():
        if document is None:
            yield _DROP_BASE, (session,)
        else:
            yield _SEEN, (session, document.schema)
            yield _PUT_BASE, (session, document.at // 1000, local_serializer.encode_document(document))
    for session, landed in batch.landed.items():
        yield _LAND, (local_serializer.encode_value(landed), session)
    for session, edits in batch.pending.items():
        if edits:
            yield _EDITED, (session, max(edit.device_ms for edit in edits))
    for row in outbox:
        yield _PUT_EDIT, row
    for session, newest in batch.acked.items():
        for name, seq in newest.items():
            yield _SETTLE, (session, name, seq)
    yield from _local_and_parked(batch)
    if with_tokens:
        for target, token in batch.tokens.items():
            yield (_PUT_TOKEN, (target, token)) if token else (_DROP_TOKEN, (target,))
    for statement, value in (
        (_STAMP, batch.newest_stamp),
        (_OFFSET, batch.server_offset_ms),
        (_REGISTERED, batch.registered),
        (_CALLED, batch.called),
    ):
        if value is not None:
            yield statement, (value,)


def _local_and_parked(batch: Batch) -> Iterator[Statement]:
    for session, values in batch.local.items():
        if values:
            yield _EXISTS, (session,)
        for name, value in values.items():
            yield _PUT_LOCAL, (session, name, local_serializer.encode_value(value))
    for session, reason in batch.parked.items():
        if reason:
            yield _EXISTS, (session,)
        yield _PARK, (reason, session)


# --- reading ------------------------------------------------------------------------------------------


def session(connection: sqlite3.Connection, id: SessionId) -> StoredSession | None:
    row = connection.execute(_SESSION + " WHERE id = ?", (id,)).fetchone()
    if row is None:
        return None
    edits = connection.execute(
        "SELECT field, seq, edit FROM outbox WHERE session = ? ORDER BY seq, field", (id,)
    ).fetchall()
    local = connection.execute("SELECT field, value FROM local WHERE session = ?", (id,)).fetchall()
    return _stored(
        row,
        tuple(local_serializer.decode_pending(*edit) for edit in edits),
        {name: local_serializer.decode_value(value) for name, value in local},
    )


def sessions(connection: sqlite3.Connection) -> list[StoredSession]:
    pending: dict[str, list[Pending]] = {}
    for id, *edit in connection.execute("SELECT session, field, seq, edit FROM outbox ORDER BY seq, field"):
        pending.setdefault(id, []).append(local_serializer.decode_pending(*edit))
    local: dict[str, dict[str, Any]] = {}
    for id, name, value in connection.execute("SELECT session, field, value FROM local"):
        local.setdefault(id, {})[name] = local_serializer.decode_value(value)
    return [
        _stored(row, tuple(pending.get(row[0], ())), local.get(row[0], {}))
        for row in connection.execute(_SESSION + _NEWEST_FIRST)
    ]


def unsent(connection: sqlite3.Connection) -> list[Row]:
    """All rows of the outbox, as stored. Raises Damaged if one of them makes no sense."""
    found: list[Row] = connection.execute("SELECT session, field, seq, edit FROM outbox").fetchall()
    for _, *edit in found:
        local_serializer.decode_pending(*edit)
    return found


def tokens(connection: sqlite3.Connection) -> dict[str, bytes]:
    return dict(connection.execute("SELECT target, token FROM tokens").fetchall())


def _stored(row: Row, pending: tuple[Pending, ...], local: Mapping[str, Any]) -> StoredSession:
    id, schema, opened_at, parked, document, landed = row
    if document is None:
        return StoredSession(SessionId(id), schema, None, pending, local, parked, opened_at)
    base, revs = local_serializer.decode_document(document), local_serializer.decode_revs(landed)
    return StoredSession(SessionId(id), schema, base, pending, local, parked, opened_at, revs)
