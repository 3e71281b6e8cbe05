"""The thread on which callbacks run when the app names none: one for all, started with the first callback."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Task = Callable[[], None]


class DeliveryThread:
    """Runs callbacks one after the other. Daemonic: an endless callback keeps no process alive."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def __call__(self, task: Task) -> None:
        """Queues a callback; called on the worker thread only. Callbacks catch their own errors."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dalsegno-callbacks", daemon=True)
            self._thread.start()
        self._tasks.put(task)

    def stop(self, timeout_s: float) -> None:
        """Ends the thread after the callbacks queued so far, or leaves it behind after `timeout_s`."""
        self._tasks.put(None)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
