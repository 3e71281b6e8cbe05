"""Batches as SQL, and rows as sessions. On the store's thread.

Invariants: a batch is encoded completely before its transaction begins, so bad input costs no rollback; and
no row is shown that fails its checksum.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TypeVar

from dalsegno._core.document import NO_STAMP, UNSURE, Document, Pending, StoredSession
from dalsegno._core.ports import Batch, Identity, known_after
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, SessionId, Value
from dalsegno._persistence import local_serializer, sealed
from dalsegno._persistence.sealed import Row, Statement

T = TypeVar("T")

_OPENED = """INSERT INTO sessions (id, schema, opened_at) VALUES (?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET schema = excluded.schema, opened_at = excluded.opened_at"""
_SEEN = """INSERT INTO sessions (id, schema) VALUES (?, ?)
    ON CONFLICT (id) DO UPDATE SET schema = excluded.schema WHERE schema = ''"""
DROP_BASE = tuple(f"DELETE FROM {table} WHERE session = ?" for table in ("bases", "fields", "landed"))
_SETTLE = "DELETE FROM outbox WHERE session = ? AND field = ? AND seq <= ?"
_PARK = "UPDATE sessions SET parked = ? WHERE id = ?"
_DROP_TOKEN = "DELETE FROM tokens WHERE target = ?"
_SEAL = sealed.SEAL_SESSION + " WHERE id = ?"
_SESSION = "SELECT id, schema, opened_at, parked, checksum FROM sessions WHERE id = ?"

PERHAPS_OPENED = 1
"""When a session was opened whose row is damaged: it is not forgotten as one that was only ever heard of."""

_NOBODY = Identity(DeviceId(""), NO_STAMP)


@record(frozen=True, slots=True)
class Prepared:
    """A batch as statements, in the order they run; `outbox` has the rows that it puts there."""

    statements: Sequence[Statement]
    outbox: Sequence[Row] = field(default=())


def prepared(
    batch: Batch,
    known: Identity = _NOBODY,
    *,
    user: str = "",
    with_tokens: bool = True,
    whole: Callable[[SessionId], bool] = lambda _: False,
) -> Prepared:
    """`known`, `user`: what the disk knows of the installation; `whole`: of which session all fields are
    written.

    Raises UsageError for a value that cannot be stored.
    """
    outbox = [
        (session, edit.field, edit.seq, local_serializer.encode_pending(edit), edit.entry.stamp)
        for session, edits in batch.pending.items()
        for edit in edits
    ]
    statements = [*_of_sessions(batch, outbox, whole), *_seals(batch)]
    if with_tokens:
        for target, token in batch.tokens.items():
            statements.append(sealed.token(target, token) if token else (_DROP_TOKEN, (target,)))
    new = known_after(known, batch)
    if new is not known:
        statements.append(sealed.identity(user, new))
    return Prepared(statements, outbox)


def _of_sessions(
    batch: Batch, outbox: Sequence[Row], whole: Callable[[SessionId], bool]
) -> Iterator[Statement]:
    for session, (schema, opened_at) in batch.opened.items():
        yield _OPENED, (session, schema, opened_at)
    for session, document in batch.bases.items():
        if document is None:
            yield from ((statement, (session,)) for statement in DROP_BASE)
        else:
            yield _SEEN, (session, document.schema)
            changed = None if whole(session) else batch.changed.get(session)
            yield from sealed.document(session, document, changed)
    for session, landed in batch.landed.items():
        yield sealed.landed(session, local_serializer.encode_value(landed))
    for session, edits in batch.pending.items():
        if edits and session not in batch.opened:
            yield sealed.known(session)
    for row in outbox:
        yield sealed.edit(*row)
    for session, newest in batch.acked.items():
        for name, seq in newest.items():
            yield _SETTLE, (session, name, seq)
    yield from _local_and_parked(batch)


def _local_and_parked(batch: Batch) -> Iterator[Statement]:
    for session, values in batch.local.items():
        if values:
            yield sealed.known(session)
        for name, value in values.items():
            yield sealed.local(session, name, local_serializer.encode_value(value))
    for session, reason in batch.parked.items():
        if reason:
            yield sealed.known(session)
        yield _PARK, (reason, session)


def _seals(batch: Batch) -> Iterator[Statement]:
    """Last: they cover what all the other statements did to a session's row. An edit does nothing to it."""
    parts: tuple[Mapping[SessionId, object], ...] = (batch.opened, batch.bases, batch.parked)
    for session in dict.fromkeys(session for part in parts for session in part):
        yield _SEAL, (session,)


# --- reading ------------------------------------------------------------------------------------------

Bad = list[tuple[str, Row]]
"""Rows that failed their checksum, or make no sense: table and key. ("fields", (id, None)): some are gone."""


def session(connection: sqlite3.Connection, id: SessionId, bad: Bad) -> StoredSession | None:
    """What is sound of a session; what is not goes to `bad`."""
    row = connection.execute(_SESSION, (id,)).fetchone()
    if row is None:
        return None
    _, schema, opened_at, parked, checksum = row
    if checksum != sealed.checksum(*row[:-1]):
        bad.append(("sessions", (id,)))
        schema, opened_at, parked = "", PERHAPS_OPENED, ""
    document = base(connection, id, bad)
    return StoredSession(
        id,
        schema or (document.schema if document else ""),
        document,
        _pending(connection, id, bad),
        dict(_checked(connection, "local", id, bad, _named_value)),
        parked,
        opened_at,
        _landed(connection, id, bad) if document else {},
    )


def _checked(
    connection: sqlite3.Connection, table: str, id: str, bad: Bad, make: Callable[..., T], width: int = 2
) -> Iterator[T]:
    """The sound rows that a table has of a session, each made from what follows the session's id."""
    query = f"SELECT {sealed.SEALS[table]}, checksum FROM {table} WHERE session = ?"
    for *row, checksum in connection.execute(query, (id,)).fetchall():
        try:
            if checksum == sealed.checksum(*row):
                yield make(*row[1:])
                continue
        except local_serializer.Damaged:
            pass
        bad.append((table, tuple(row[:width])))


def _named_value(name: str, text: str) -> tuple[str, Value]:
    return name, local_serializer.decode_value(text)


def _pending(connection: sqlite3.Connection, id: str, bad: Bad) -> tuple[Pending, ...]:
    found = _checked(connection, "outbox", id, bad, local_serializer.decode_pending)
    return tuple(sorted(found, key=lambda edit: (edit.seq, edit.field)))


def base(connection: sqlite3.Connection, id: str, bad: Bad) -> Document | None:
    """The newest document of the server. `UNSURE` when a part of it is missing: nothing vouches for it then,
    and whatever the server has is newer."""
    head = next(_checked(connection, "bases", id, bad, local_serializer.decode_head, width=1), None)
    if head is None:
        return None
    document, count = head
    entries = dict(
        _checked(
            connection, "fields", id, bad, lambda name, text: (name, local_serializer.decode_entry(text))
        )
    )
    if len(entries) == count:
        return replace(document, entries=entries)
    bad.append(("fields", (id, None)))
    return replace(document, entries=entries, update_time=UNSURE)


def _landed(connection: sqlite3.Connection, id: str, bad: Bad) -> Mapping[str, int]:
    return next(_checked(connection, "landed", id, bad, local_serializer.decode_revs, width=1), {})


def sessions(connection: sqlite3.Connection, bad: Bad) -> list[StoredSession]:
    """All of them, by id."""
    return _sessions(connection, "SELECT id FROM sessions ORDER BY id", {}, bad)


def owed(connection: sqlite3.Connection, bad: Bad) -> list[StoredSession]:
    """Those with edits or marks that the server has not confirmed."""
    marks = "SELECT session FROM local WHERE field = '?owed_marks' AND value <> 'null'"
    return _sessions(connection, f"SELECT session FROM outbox UNION {marks} ORDER BY session", {}, bad)


def recent(connection: sqlite3.Connection, limit: int, bad: Bad) -> list[StoredSession]:
    """The newest, by the newest stamp that each shows."""
    saved = "SELECT id, newest FROM sessions WHERE newest IS NOT NULL ORDER BY newest DESC, id LIMIT :limit"
    owed = "SELECT session, max(stamp) FROM outbox GROUP BY session"
    query = f"""SELECT id FROM (SELECT * FROM ({saved}) UNION ALL {owed})
        GROUP BY id ORDER BY max(newest) DESC, id LIMIT :limit"""
    return _sessions(connection, query, {"limit": limit}, bad)


def _sessions(
    connection: sqlite3.Connection, query: str, parameters: Mapping[str, int], bad: Bad
) -> list[StoredSession]:
    ids = [id for (id,) in connection.execute(query, parameters).fetchall()]
    return [stored for id in ids if (stored := session(connection, id, bad)) is not None]


def unopened(most: int) -> list[Statement]:
    """What forgets the sessions that were only ever heard of, all but the newest."""
    old = """SELECT id FROM sessions WHERE opened_at = 0
        AND id NOT IN (SELECT session FROM outbox) AND id NOT IN (SELECT session FROM local)
        ORDER BY newest DESC LIMIT -1 OFFSET ?"""
    tables = (("bases", "session"), ("fields", "session"), ("landed", "session"), ("sessions", "id"))
    return [(f"DELETE FROM {table} WHERE {key} IN ({old})", (most,)) for table, key in tables]


def unsent(connection: sqlite3.Connection, bad: Bad) -> list[Row]:
    """All rows of the outbox that are sound, as stored."""
    found = []
    for row in connection.execute("SELECT session, field, seq, edit, stamp, checksum FROM outbox").fetchall():
        if row[-1] == sealed.checksum(*row[:4]):
            found.append(row[:-1])
        else:
            bad.append(("outbox", row[:2]))
    return found


def token(connection: sqlite3.Connection, target: str) -> bytes:
    row = connection.execute("SELECT token, checksum FROM tokens WHERE target = ?", (target,)).fetchone()
    found: bytes = row[0] if row and row[1] == sealed.checksum(target, row[0]) else b""
    return found


def tokens(connection: sqlite3.Connection) -> dict[str, bytes]:
    """The sound ones: what lacks its token is sent again by the server."""
    found = connection.execute("SELECT target, token, checksum FROM tokens").fetchall()
    return {target: token for target, token, checksum in found if checksum == sealed.checksum(target, token)}
