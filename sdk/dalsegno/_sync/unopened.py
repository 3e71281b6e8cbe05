"""Sessions that are only heard of, in the list of recent ones: kept, so that they open at their place with no
network; within bounds. Worker thread.
"""

from __future__ import annotations

from dalsegno._core.document import Document
from dalsegno._core.policies import Schema
from dalsegno._core.ports import Batch
from dalsegno._core.types import Millis, SessionId
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.open_session import open_session_from

MOST_UNOPENED = 200
"""So many sessions of other devices that were never opened here stay on disk; more than any list shows."""
PRUNE_EVERY = 50
"""How often that is seen to: at the first one heard of, and after so many more."""


class Unopened:
    """What the disk knows of sessions that are not in memory."""

    def __init__(self, local_store: LocalStore) -> None:
        self._local_store = local_store
        self._remembered = 0

    def remember(self, session: SessionId, document: Document) -> None:
        """A session that is not in memory.

        If the server has lost what we knew of it, it is in memory afterwards, and owed.
        """
        local_store = self._local_store
        stored = local_store.load(session)
        if stored is None or stored.base is None:
            opened = {} if stored else {session: (document.schema, Millis(0))}
            local_store.keep(Batch(opened=opened, bases={session: document}))
            self._prune()
        elif stored.base.update_time < document.update_time:
            local_store.open_sessions[session] = open_session_from(stored, Schema.parse(stored.schema))
            local_store.hearing.adopt(session, document, {})
            local_store.forget_idle(session)

    def _prune(self) -> None:
        """What was only ever heard of has a bound on disk: the newest stay."""
        if self._remembered % PRUNE_EVERY == 0:
            self._local_store.prune(MOST_UNOPENED)
        self._remembered += 1
