"""What may be continued: the user's newest sessions, from memory and disk. Worker thread."""

from __future__ import annotations

from dataclasses import dataclass

from dalsegno._core.clock import millis_of
from dalsegno._core.document import Entry, StoredSession
from dalsegno._core.document_serializer import writer_of
from dalsegno._core.policies import Schema
from dalsegno._core.replica import Replica
from dalsegno._core.types import DeviceId
from dalsegno._sync.local_store import LocalStore


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


def recent_sessions(local_store: LocalStore) -> list[RecentSession]:
    """All sessions that somebody has edited, newest first."""
    known = {s.id: _replica(s) for s in local_store.stored()}
    known.update({s: open_session.replica for s, open_session in local_store.open_sessions.items()})
    found = [_recent(known[session]) for session in sorted(known) if known[session].view]
    return sorted(found, key=lambda r: r.newest.stamp, reverse=True)


def _replica(stored: StoredSession) -> Replica:
    pending = {p.field: p for p in stored.pending}
    return Replica(stored.id, Schema.parse(stored.schema), stored.base, pending, stored.local)


def _recent(replica: Replica) -> RecentSession:
    return RecentSession(replica, max(replica.view.values(), key=lambda e: e.stamp))
