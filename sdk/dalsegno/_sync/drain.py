"""Edits of sessions that no app has open: they are committed upon what the disk knows, a few at a time.

Runs on the worker thread. A target of the stream for each would cost the server and us more than all their
edits: nobody wants to hear of these sessions. Whose document has moved meanwhile is refused, then read, then
sent again. Invariants: at most `AT_ONCE` of them are on their way; one that fails again and again holds up no
other.
"""

from __future__ import annotations

from collections.abc import Callable

from dalsegno._core.backoff import MOST_MS
from dalsegno._core.ports import Timers
from dalsegno._core.types import SessionId
from dalsegno._sync.local_store import LocalStore

AT_ONCE = 8
"""So many hide the time that an answer takes, and leave the line to what somebody is looking at."""


class Drain:
    """`may_go` says whether there is a connection that takes edits; `poke` sends what a session owes; `rests`
    says whether one waits after a failure."""

    def __init__(
        self,
        local_store: LocalStore,
        timers: Timers,
        may_go: Callable[[], bool],
        poke: Callable[[SessionId], None],
        rests: Callable[[SessionId], bool],
    ) -> None:
        self._local_store, self._timers = local_store, timers
        self._may_go, self._poke, self._rests = may_go, poke, rests
        self._turns: dict[SessionId, None] = {}
        self._read: set[SessionId] = set()

    def go_on(self) -> None:
        """After whatever happened: the next ones take the turns of those that are done."""
        left = self._local_store.open_sessions.left
        for session in [session for session in self._turns if session not in left]:
            del self._turns[session]
            self._read.discard(session)
        if len(self._turns) == AT_ONCE < len(left):
            self._yield(left)
        if len(self._turns) == AT_ONCE or len(self._turns) == len(left) or not self._may_go():
            return
        for session in self._next():
            self._turns[session] = None
            self._poke(session)

    def _yield(self, left: dict[SessionId, None]) -> None:
        """Who waits after a failure lets the others go first, and comes again when they have been."""
        for session in [session for session in self._turns if self._rests(session)]:
            del self._turns[session]
            self._read.discard(session)
            left[session] = left.pop(session)
            self._timers.set("drain", MOST_MS, self.go_on)

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
        """Whether the session may be sent, and its document read for its edits' sake."""
        return session in self._turns

    def was_read(self, session: SessionId) -> None:
        """This is how the document stands."""
        if session in self._turns:
            self._read.add(session)

    def fresh(self, session: SessionId) -> bool:
        """Whether the document was read on the present connection."""
        return session in self._read
