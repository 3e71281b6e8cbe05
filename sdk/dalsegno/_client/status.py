"""How the client stands, for whoever asks, waits or wants to be called. Any thread."""

from __future__ import annotations

from collections.abc import Callable

from dalsegno._core.types import Saved, Status
from dalsegno._threads.delivery import Subscribers, Telling, Unsubscribe
from dalsegno._threads.waiters import Task, Waiters


class StatusBoard:
    """Holds the newest status; callbacks run on the thread that `deliver` chooses.

    An app that is far behind is told the newest of what it has not been told.
    """

    def __init__(self, status: Status, telling: Telling) -> None:
        self.status: Status = status
        self.waiters: Waiters = Waiters()
        """Of the client and of its sessions: all of them wait for something that moves with the status."""
        self._subscribers = Subscribers[Status](telling, lambda _, newer: newer, "on_status")

    @property
    def owes(self) -> bool:
        """Whether the server lacks any edit."""
        return self.status.saved is not Saved.EVERYWHERE

    def when_saved(self, wake: Task, stuck: Callable[[], bool]) -> Task:
        """Worker thread: calls `wake` once the server lacks nothing, or that cannot happen: signed out, or
        `stuck`, as all that is left was refused."""
        return self.waiters.add(lambda: not self.owes or self.status.signed_out or stuck(), wake)

    def on_status(self, callback: Callable[[Status], None]) -> Unsubscribe:
        """Calls `callback` with each new status, until the returned function is called."""
        return self._subscribers.add(callback)

    def is_now(self, status: Status) -> None:
        """Worker thread: how it stands now; the same as before is no news."""
        if status != self.status:
            self.status = status
            self._subscribers.tell(status)
        self.waiters.look()  # a session may be saved though the client still owes
