"""What may be continued: the user's newest sessions, from memory and disk. Worker thread."""

from __future__ import annotations

from dataclasses import dataclass

from dalsegno.core.clock import millis_of
from dalsegno.core.document import NO_STAMP, StoredSession
from dalsegno.core.policies import Schema
from dalsegno.core.replica import Replica
from dalsegno.core.wire import writer_of
from dalsegno.sync.ledger import Ledger
from dalsegno.types import DeviceId


@dataclass(frozen=True, slots=True)
class RecentSession:
    """A session and its newest edit: when that was made, and by which device."""

    replica: Replica
    device: DeviceId | None
    at_ms: int


def recent_sessions(ledger: Ledger) -> list[RecentSession]:
    """All sessions that somebody has edited, newest first."""
    known = {s.id: _replica(s) for s in ledger.stored()}
    known.update({s: held.replica for s, held in ledger.held.items()})
    found = [_recent(replica) for replica in known.values() if replica.view]
    return sorted(found, key=lambda r: (-r.at_ms, r.replica.id))


def _replica(stored: StoredSession) -> Replica:
    pending = {p.field: p for p in stored.pending}
    return Replica(stored.id, Schema.parse(stored.schema), stored.base, pending, stored.local)


def _recent(replica: Replica) -> RecentSession:
    newest = max(replica.view.values(), key=lambda e: e.stamp)
    at_ms = int(millis_of(newest.stamp)) if newest.stamp != NO_STAMP else 0
    return RecentSession(replica, writer_of(newest), at_ms)
