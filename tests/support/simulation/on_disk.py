"""What the witness reads off a device's disk, and off the server."""

from __future__ import annotations

from collections.abc import Sequence

from dalsegno._core.document import Document, Entry, Pending, StoredSession
from dalsegno._core.document_serializer import decode
from dalsegno._core.messages import Snapshot
from dalsegno._core.policies import Schema
from dalsegno._core.replica import Replica
from dalsegno._core.types import Micros, SessionId
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.kept import is_on_disk


def has_fallen(row: Pending, entry: Entry, after: StoredSession | None) -> bool:
    """Whether a blind edit gave way to what the document had, and is kept as a mark."""
    kept = entry.value == row.entry.value or is_on_disk(after, row.field, row.entry.value)
    return row.blind and kept


def is_left_to_others(replica: Replica, field: str) -> bool:
    """What only newer apps know, and what stays on the device by this one: it does not give that back."""
    policy = replica.schema.policies.get(field)
    return policy is None or not policy.shared


def schema_of(it: SimulatedDevice, session: str, stored: StoredSession | None) -> Schema:
    """As the app that runs has it; a full disk may know another version's."""
    open_session = it.engine.local_store.open_sessions.get(SessionId(session)) if it.engine else None
    if open_session is not None:
        return open_session.replica.schema
    return Schema.parse(stored.schema) if stored else Schema("", 0, {})


def row_of(stored: StoredSession | None, field: str) -> Pending | None:
    return next((p for p in rows_of(stored) if p.field == field), None)


def known_of(stored: StoredSession | None, field: str) -> Entry | None:
    return stored.base.entries.get(field) if stored and stored.base else None


def rows_of(stored: StoredSession | None) -> Sequence[Pending]:
    return stored.pending if stored else ()


def decoded(fields: dict[str, object] | None, time: Micros) -> Document | None:
    if fields is None:
        return None
    found = decode(Snapshot(("sessions", ""), fields, time))  # type: ignore[arg-type]
    return found if isinstance(found, Document) else None
