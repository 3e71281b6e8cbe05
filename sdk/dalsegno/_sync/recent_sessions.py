"""What may be continued: the user's newest sessions, from memory and disk. Worker thread."""

from __future__ import annotations

from dalsegno._core.clock import millis_of
from dalsegno._core.document import Entry
from dalsegno._core.document_serializer import writer_of
from dalsegno._core.policies import Schema
from dalsegno._core.record import record
from dalsegno._core.replica import Replica
from dalsegno._core.types import DeviceId
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.open_session import open_session_from


@record(frozen=True, slots=True)
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


def recent_sessions(local_store: LocalStore, limit: int) -> list[RecentSession]:
    """The newest sessions that somebody has edited, newest first.

    Those in memory count as they are there: a full disk may not have taken the last of them.
    """
    known = {s.id: s for s in local_store.recent(limit) if s.id not in local_store.open_sessions}
    replicas = [open_session_from(stored, Schema.parse(stored.schema)).replica for stored in known.values()]
    replicas += [
        open_session.replica
        for open_session in local_store.open_sessions.values()
        if open_session.replica.view
    ]
    replicas.sort(key=lambda replica: replica.id)
    found = [_recent(replica) for replica in replicas]
    return sorted(found, key=lambda r: r.newest.stamp, reverse=True)[:limit]


def _recent(replica: Replica) -> RecentSession:
    return RecentSession(replica, max(replica.view.values(), key=lambda e: e.stamp))
