"""What may be continued: the user's newest sessions, from memory and disk. Worker thread."""

from __future__ import annotations

from dataclasses import dataclass

from dalsegno.core.clock import millis_of
from dalsegno.core.document import Entry, StoredSession
from dalsegno.core.policies import Schema
from dalsegno.core.replica import Replica
from dalsegno.core.wire import writer_of
from dalsegno.sync.ledger import Ledger
from dalsegno.types import DeviceId


@dataclass(frozen=True, slots=True)
class RecentSession:
    """A session and its newest edit: when that was made, and by which device."""

    replica: Replica
    newest: Entry

    @property
    def device(self) -> DeviceId | None:
        return writer_of(self.newest)

    @property
    def at_ms(self) -> int:
        """0 for a session that nobody stamped."""
        return int(millis_of(self.newest.stamp))


def recent_sessions(ledger: Ledger) -> list[RecentSession]:
    """All sessions that somebody has edited, newest first."""
    known = {s.id: _replica(s) for s in ledger.stored()}
    known.update({s: held.replica for s, held in ledger.held.items()})
    found = [_recent(known[session]) for session in sorted(known) if known[session].view]
    return sorted(found, key=lambda r: r.newest.stamp, reverse=True)


def _replica(stored: StoredSession) -> Replica:
    pending = {p.field: p for p in stored.pending}
    return Replica(stored.id, Schema.parse(stored.schema), stored.base, pending, stored.local)


def _recent(replica: Replica) -> RecentSession:
    return RecentSession(replica, max(replica.view.values(), key=lambda e: e.stamp))
