"""A session in memory, as the engine holds it. Worker thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dalsegno._core.document import StoredSession
from dalsegno._core.policies import Schema
from dalsegno._core.replica import Replica
from dalsegno._core.types import Problem
from dalsegno._core.upload_notes import Notes


@dataclass(slots=True)
class OpenSession:
    """A session in memory: opened by the app (`users` times), or only because its outbox is not empty.

    garbled     why the server's document makes no sense, or ''
    problems    field → why the server refuses our edit of it
    retries     which of these may be tried again: once after each edit here, and on each new connection
    registered  whether the disk knows the session and its policies; a full one may not
    """

    replica: Replica
    users: int = 0
    garbled: str = ""
    problems: Mapping[str, Problem] = field(default_factory=dict)
    retries: set[str] = field(default_factory=set)
    registered: bool = True

    @property
    def wanted(self) -> bool:
        return self.users > 0 or bool(self.replica.pending)

    @property
    def notes(self) -> Notes:
        """What of it outlives the process, beside the replica's rows."""
        return self.notes_after(self.replica)

    def notes_after(self, replica: Replica) -> Notes:
        """The same once the session is as in `replica`: what left the outbox is no problem any more."""
        left = {name: problem for name, problem in self.problems.items() if name in replica.pending}
        return Notes(left, replica.restored)


def open_session_from(stored: StoredSession, schema: Schema) -> OpenSession:
    """As the disk knows it."""
    pending = {p.field: p for p in stored.pending}
    notes = Notes.parse(stored.parked)
    replica = Replica(
        stored.id,
        schema,
        stored.base,
        pending,
        stored.local,
        landed=stored.landed,
        restored=notes.restored,
    )
    problems = {name: problem for name, problem in notes.problems.items() if name in pending}
    return OpenSession(replica, problems=problems, retries=set(problems))
