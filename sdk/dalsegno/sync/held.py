"""A session in memory, as the engine holds it. Worker thread."""

from __future__ import annotations

from dataclasses import dataclass

from dalsegno.core.document import StoredSession
from dalsegno.core.policies import Schema
from dalsegno.core.replica import Replica


@dataclass(slots=True)
class Held:
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


def held_from(stored: StoredSession, schema: Schema) -> Held:
    """As the disk knows it."""
    pending = {p.field: p for p in stored.pending}
    replica = Replica(stored.id, schema, stored.base, pending, stored.local, landed=stored.landed)
    return Held(replica, parked=stored.parked)
