"""Edits of sessions that no app has open: each document is read, then committed to, a few at a time.

Runs on the worker thread. A target of the stream for each would cost the server and us more than all their
edits: nobody wants to hear of these sessions. Invariant: at most `AT_ONCE` of them are on their way, and
nothing is sent on a base older than the present connection.
"""

from __future__ import annotations

from collections.abc import Callable

from dalsegno._core.types import SessionId
from dalsegno._sync.local_store import LocalStore

AT_ONCE = 8
"""So many hide the time that an answer takes, and leave the line to what somebody is looking at."""


class Drain:
    """`may_go` says whether there is a connection that takes edits; `poke` sends what a session owes."""

    def __init__(
        self, local_store: LocalStore, may_go: Callable[[], bool], poke: Callable[[SessionId], None]
    ) -> None:
        self._local_store, self._may_go, self._poke = local_store, may_go, poke
        self._turns: dict[SessionId, None] = {}
        self._read: set[SessionId] = set()

    def go_on(self) -> None:
        """After whatever happened: the next ones take the turns of those that are done."""
        left = self._local_store.open_sessions.left
        for session in [session for session in self._turns if session not in left]:
            del self._turns[session]
            self._read.discard(session)
        if len(self._turns) == AT_ONCE or len(self._turns) == len(left) or not self._may_go():
            return
        for session in self._next():
            self._turns[session] = None
            self._poke(session)

    def _next(self) -> list[SessionId]:
        found: list[SessionId] = []
        for session in self._local_store.open_sessions.left:
            if len(self._turns) + len(found) == AT_ONCE:
                break
            if session not in self._turns:
                found.append(session)
        return found

    def stop(self) -> None:
        """The connection is gone: what was read of a document may be old when the next one comes."""
        self._turns.clear()
        self._read.clear()

    def has_turn(self, session: SessionId) -> bool:
        """Whether the session's document may be read for its edits' sake."""
        return session in self._turns

    def was_read(self, session: SessionId) -> None:
        """This is how the document stands."""
        if session in self._turns:
            self._read.add(session)

    def fresh(self, session: SessionId) -> bool:
        """Whether the document was read on the present connection."""
        return session in self._read
