"""The sessions that are open in this app, and who keeps them. Worker thread, unless it says otherwise.

A client knows its sessions weakly, so that one that is dropped can say so; one that has callbacks is kept as
long as they are wanted.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from dalsegno._client.runtime import Runtime
from dalsegno._client.session import Session
from dalsegno._client.session_changes import SessionChanges
from dalsegno._client.status import StatusBoard
from dalsegno._core.asking import Ask
from dalsegno._core.state import State
from dalsegno._core.types import Device, DeviceId, SessionId
from dalsegno._errors import UsageError
from dalsegno._sync.view_change import Holding, ViewChange
from dalsegno._threads.delivery import Telling

S = TypeVar("S", bound=State)


class OpenSessions:
    """Opens, tells and closes them; `session.Host` for each."""

    def __init__(
        self,
        runtime: Runtime,
        telling: Telling,
        standing: StatusBoard,
        device_of: Callable[[DeviceId | None], Device | None],
    ) -> None:
        self.runtime, self.telling, self.standing = runtime, telling, standing
        self.device_of = device_of
        self._open: dict[SessionId, list[weakref.ref[Session[Any]]]] = {}
        self._kept: set[SessionChanges[Any]] = set()

    def open(self, client: object, session_id: SessionId, cls: type[S]) -> Session[S]:
        """From disk, at once."""
        others = self._of(session_id)
        if any(o._cls.__schema__ != cls.__schema__ for o in others):
            raise UsageError(f"session {session_id!r} is open already, with another State class")
        replica = self.runtime.engine.open(session_id, cls.__schema__)
        try:
            session = Session(client, self, session_id, cls, replica)
        except BaseException:  # a State class of the app's may fail to read a value
            self.runtime.engine.release(session_id)
            raise
        self._open[session_id] = [*map(weakref.ref, others), weakref.ref(session)]
        session._handle_holder_changed(self.runtime.engine.leases.holding(session_id))
        return session

    def changed(self, change: ViewChange) -> None:
        """The engine changed one."""
        for session in self._of(change.session):
            session._handle_view_change(change)

    def marks_changed(self, session_id: SessionId) -> None:
        """The engine has other marks of one."""
        for session in self._of(session_id):
            session._handle_marks_changed()

    def holder_changed(self, session_id: SessionId, holding: Holding | None) -> None:
        """Another device holds the line of one, or the same one otherwise."""
        for session in self._of(session_id):
            session._handle_holder_changed(holding)

    def asked(self, session_id: SessionId, ask: Ask) -> None:
        """Another device asks this one to take over; the first who can answer does."""
        if not any(session._handle_asked(ask) for session in self._of(session_id)):
            self.runtime.engine.transfers.decline(session_id, ask)

    def end(self) -> None:
        """The client is closed, and they with it. What was told before is still delivered."""
        for session_id in list(self._open):
            for session in self._of(session_id):
                session._closed = True
                session._subscribers.close_mailboxes()
        self._open.clear()
        self._kept.clear()

    def _of(self, session_id: SessionId) -> list[Session[Any]]:
        found = [ref() for ref in self._open.get(session_id, ())]
        return [session for session in found if session is not None]

    # --- for sessions ---

    def keep(self, session: SessionChanges[Any]) -> None:
        """Any thread. See `session.Host`."""
        self._kept.add(session)

    def let_go(self, session: SessionChanges[Any]) -> None:
        """Any thread. See `session.Host`."""
        self._kept.discard(session)

    def closed(self, session: SessionChanges[Any]) -> None:
        """See `session.Host`."""
        refs = self._open[session.id]
        refs[:] = [ref for ref in refs if ref() is not session]
        if not refs:
            del self._open[session.id]
        self.runtime.engine.release(session.id)
        self.standing.waiters.look()  # whoever waits for this session
