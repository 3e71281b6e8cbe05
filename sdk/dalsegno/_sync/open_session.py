"""A session in memory, as the engine holds it. Worker thread."""

from __future__ import annotations

from dataclasses import dataclass

from dalsegno._core.document import StoredSession
from dalsegno._core.policies import Schema
from dalsegno._core.replica import Replica


@dataclass(slots=True)
class OpenSession:
    """A session in memory: opened by the app (`users` times), or only because its outbox is not empty.

    garbled     why the server's document makes no sense, or ''
    parked      why the server refuses our edits, or ''
    registered  whether the disk knows the session and its policies; a full one may not
    """

    replica: Replica
    users: int = 0
    parked: str = ""
    garbled: str = ""
    registered: bool = True

    @property
    def wanted(self) -> bool:
        return self.users > 0 or bool(self.replica.pending)


def open_session_from(stored: StoredSession, schema: Schema) -> OpenSession:
    """As the disk knows it."""
    pending = {p.field: p for p in stored.pending}
    replica = Replica(stored.id, schema, stored.base, pending, stored.local, landed=stored.landed)
    return OpenSession(replica, parked=stored.parked)
