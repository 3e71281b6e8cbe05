"""How an app is told: its callbacks, what waits for each of them, and the thread that runs them.

Told on the worker thread, called on the thread that `deliver` chooses. Invariant: whatever arrives while a
callback blocks, no more than `MOST_WAITING` items wait for it: from then on the newest two become one.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger("dalsegno")
T = TypeVar("T")
Task = Callable[[], None]
Deliver = Callable[[Task], None]
Unsubscribe = Callable[[], None]

MOST_WAITING = 16
"""An app that keeps up gets each item by itself; one that is so far behind gets the rest in one."""


class Subscribers(Generic[T]):
    """Those who want to be told of one thing. A callback that fails or blocks harms only itself.

    `merge` makes one item of an older and a newer one; `kind` is what the callbacks are called in the log.
    """

    def __init__(self, deliver: Deliver, merge: Callable[[T, T], T], kind: str) -> None:
        self._deliver, self._merge, self._kind = deliver, merge, kind
        self._lines: dict[object, _Line[T]] = {}

    def add(self, callback: Callable[[T], object], deliver: Deliver | None = None) -> Unsubscribe:
        """Any thread. Once the returned function was called, `callback` is not called again.

        `deliver`: where this one is called; default: where all are.
        """
        key = object()
        line = self._lines[key] = _Line(callback, deliver or self._deliver, self._merge, self._kind)

        def unsubscribe() -> None:
            line.ended = True
            self._lines.pop(key, None)

        return unsubscribe

    def tell(self, item: T) -> None:
        """Worker thread."""
        lines = list(self._lines.values())
        for line in lines:
            line.put(item)
        for line in lines:
            line.deliver()

    def clear(self) -> None:
        """Ends all of them."""
        while self._lines:
            self._lines.popitem()[1].ended = True

    def __len__(self) -> int:
        return len(self._lines)


class _Line(Generic[T]):
    """One subscriber, and what waits for it, oldest first: one task of `deliver` for each item."""

    def __init__(
        self, callback: Callable[[T], object], deliver: Deliver, merge: Callable[[T, T], T], kind: str
    ) -> None:
        self._callback, self._deliver, self._merge, self._kind = callback, deliver, merge, kind
        self._waiting: deque[T] = deque()
        self._due = 0
        self._lock = threading.Lock()  # between the worker, who merges, and the thread that calls
        self.ended = False

    def put(self, item: T) -> None:
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                item = self._merge(self._waiting.pop(), item)
            self._waiting.append(item)

    def deliver(self) -> None:
        while self._takes_due():
            try:
                self._deliver(self._call)
            except BaseException:
                with self._lock:
                    self._due -= 1  # made up for with the next item
                raise

    def _takes_due(self) -> bool:
        """Whether an item has no task yet; from now on it has."""
        with self._lock:
            due = self._due < len(self._waiting)
            self._due += due
            return due

    def _call(self) -> None:
        with self._lock:
            self._due -= 1
            item = self._waiting.popleft()
        if self.ended:
            return
        try:
            self._callback(item)
        except Exception as error:
            log.error("an %s callback failed with %s", self._kind, type(error).__name__, exc_info=True)


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
