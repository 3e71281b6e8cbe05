"""What the server refuses of the edits: kept on disk, told, and in no other's way. Worker thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dalsegno._core.ports import Batch
from dalsegno._core.types import Problem, SessionId
from dalsegno._sync.open_session import SessionsInMemory


class Refusals:
    """`write` is for what may be forgotten on a full disk; `now_ms`: the server's time."""

    def __init__(
        self,
        open_sessions: SessionsInMemory,
        write: Callable[[Batch], bool],
        now_ms: Callable[[], float],
    ) -> None:
        self._open_sessions, self._write, self._now_ms = open_sessions, write, now_ms

    def refuse(self, session: SessionId, name: str, reason: str, code: str) -> None:
        """The server refuses this field: its edit stays on disk, is told, and stands in no other's way."""
        open_session = self._open_sessions[session]
        if name not in open_session.replica.unsent():
            return  # let go of meanwhile, or superseded
        known = open_session.problems.get(name)
        since_ms = known.since_ms if known else int(self._now_ms())
        open_session.problems = {**open_session.problems, name: Problem(name, reason, code, since_ms)}
        open_session.retries -= {name}
        self._write(Batch(parked={session: open_session.notes.text}))

    def accept(self, session: SessionId, names: Iterable[str]) -> None:
        """The server has taken an edit of these fields: what is owed of them now may go with the others."""
        open_session = self._open_sessions[session]
        if open_session.problems.keys() & set(names):
            open_session.problems = {
                name: p for name, p in open_session.problems.items() if name not in names
            }
            self._write(Batch(parked={session: open_session.notes.text}))

    def try_again(self) -> None:
        """A new connection: what was refused before may be allowed by now. Tried once for each."""
        for session in list(self._open_sessions.troubled):
            open_session = self._open_sessions[session]
            open_session.retries = frozenset(open_session.problems)
            if not open_session.users:
                open_session.garbled = ""  # nobody listens to it: it is read again
