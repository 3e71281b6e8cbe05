"""How the client stands, for whoever asks, waits or wants to be called. Any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from dalsegno._core.types import Saved, Status
from dalsegno._threads.delivery import Deliver, Subscribers, Unsubscribe


class StatusBoard:
    """Holds the newest status; callbacks run on the thread that `deliver` chooses.

    An app that is far behind is told the newest of what it has not been told.
    """

    def __init__(self, status: Status, deliver: Deliver) -> None:
        self.status = status
        self._moved = threading.Condition()
        self._subscribers = Subscribers[Status](deliver, lambda _, newer: newer, "on_status")

    @property
    def owes(self) -> bool:
        """Whether the server lacks any edit."""
        return self.status.saved is not Saved.EVERYWHERE

    def wait_saved(self, timeout_s: float) -> bool:
        """Waits until the server lacks nothing; False if that took too long, or cannot happen: signed out."""
        deadline = time.monotonic() + timeout_s
        with self._moved:
            while self.owes and not self.status.signed_out:
                wait_s = deadline - time.monotonic()
                if wait_s <= 0 or not self._moved.wait(wait_s):
                    return not self.owes
        return not self.owes

    def on_status(self, callback: Callable[[Status], None]) -> Unsubscribe:
        """Calls `callback` with each new status, until the returned function is called."""
        return self._subscribers.add(callback)

    def is_now(self, status: Status) -> None:
        """Worker thread: how it stands now; the same as before is no news."""
        if status == self.status:
            return
        with self._moved:
            self.status = status
            self._moved.notify_all()
        self._subscribers.tell(status)
