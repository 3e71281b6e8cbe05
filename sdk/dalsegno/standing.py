"""How the client stands, for whoever asks, waits or wants to be called. Any thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from dalsegno.session import Deliver, Unsubscribe
from dalsegno.types import Saved, Status

log = logging.getLogger("dalsegno")


class Standing:
    """Holds the newest status; callbacks run on the thread that `deliver` chooses."""

    def __init__(self, status: Status, deliver: Deliver) -> None:
        self.status = status
        self._deliver = deliver
        self._moved = threading.Condition()
        self._callbacks: dict[object, Callable[[Status], None]] = {}

    @property
    def owes(self) -> bool:
        """Whether the server lacks any edit."""
        return self.status.saved is not Saved.EVERYWHERE

    def wait_saved(self, timeout_s: float) -> bool:
        """Waits until the server lacks nothing; False if that took too long."""
        deadline = time.monotonic() + timeout_s
        with self._moved:
            while self.owes:
                wait_s = deadline - time.monotonic()
                if wait_s <= 0 or not self._moved.wait(wait_s):
                    return not self.owes
        return True

    def on_status(self, callback: Callable[[Status], None]) -> Unsubscribe:
        """Calls `callback` with each new status, until the returned function is called."""
        key = object()
        self._callbacks[key] = callback
        return lambda: self._callbacks.pop(key, None) and None

    def is_now(self, status: Status) -> None:
        """Worker thread: how it stands now; the same as before is no news."""
        if status == self.status:
            return
        with self._moved:
            self.status = status
            self._moved.notify_all()
        if self._callbacks:
            self._deliver(lambda: self._tell(status))

    def _tell(self, status: Status) -> None:
        for key, callback in list(self._callbacks.items()):
            if key in self._callbacks:
                try:
                    callback(status)
                except Exception as error:
                    log.error("an on_status callback failed with %s", type(error).__name__, exc_info=True)
