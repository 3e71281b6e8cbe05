"""How an app is told: its callbacks, what waits for each of them, and the thread that tells.

Told on the worker thread, which never waits for an app; handed over on the telling thread, for which nobody
waits. Invariant: whatever arrives while a callback or the app's `deliver` blocks, no more than `MOST_WAITING`
items wait for each subscriber: from then on the newest two become one.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from dalsegno._threads.forks import check_not_forked

log = logging.getLogger("dalsegno")
T = TypeVar("T")
Task = Callable[[], None]
Deliver = Callable[[Task], object]
"""Runs a callback on a thread of the app's choice, soon; what it returns counts for nothing."""
Unsubscribe = Callable[[], None]

MOST_WAITING = 16
"""An app that keeps up gets each item by itself; one that is so far behind gets the rest in one."""


class Telling(Protocol):
    """The thread that hands items over, and to whom."""

    @property
    def deliver(self) -> Deliver: ...

    def put(self, task: Task) -> None:
        """Runs `task` on the telling thread, after those before it. Never waits."""
        ...


class Subscribers(Generic[T]):
    """Those who want to be told of one thing. A callback that fails or blocks harms only itself.

    `merge` makes one item of an older and a newer one; `kind` is what the callbacks are called in the log.
    """

    def __init__(self, telling: Telling, merge: Callable[[T, T], T], kind: str) -> None:
        self._telling, self._merge, self._kind = telling, merge, kind
        self._lines: dict[object, _Line[T]] = {}
        self._boxes: dict[object, Mailbox[T]] = {}

    def add(self, callback: Callable[[T], object]) -> Unsubscribe:
        """Any thread. Once the returned function was called, `callback` is not called again."""
        key = object()
        line = self._lines[key] = _Line(callback, self._telling, self._merge, self._kind)

        def unsubscribe() -> None:
            line.ended = True
            self._lines.pop(key, None)

        return unsubscribe

    def open_mailbox(self, wake: Task | None = None) -> Mailbox[T]:
        """For somebody who fetches the items; see `Mailbox`. Any thread."""
        key = object()
        box = self._boxes[key] = Mailbox(self._merge, wake, lambda: self._boxes.pop(key, None))
        return box

    def tell(self, item: T) -> None:
        """Worker thread."""
        for line in [line for line in list(self._lines.values()) if line.put(item)]:
            line.ask()
        for box in list(self._boxes.values()):
            box.put(item)

    def close_mailboxes(self) -> None:
        """Whoever waits at one goes on."""
        for box in list(self._boxes.values()):
            box.close()

    def clear(self) -> None:
        """Ends all of them."""
        while self._lines:
            self._lines.popitem()[1].ended = True
        self.close_mailboxes()

    @property
    def has_callbacks(self) -> bool:
        """Whether anybody is to be called."""
        return bool(self._lines)

    def __len__(self) -> int:
        return len(self._lines) + len(self._boxes)


class _Waiting(Generic[T]):
    """What waits for one subscriber, oldest first; of a bounded length. Guarded by whoever has it."""

    def __init__(self, merge: Callable[[T, T], T]) -> None:
        self._merge = merge
        self._items: deque[T] = deque()

    def append(self, item: T) -> None:
        if len(self._items) >= MOST_WAITING:
            item = self._merge(self._items.pop(), item)
        self._items.append(item)

    def pop(self) -> T:
        return self._items.popleft()

    def __len__(self) -> int:
        return len(self._items)


class _Line(Generic[T]):
    """One callback. Each item that waits for it is asked to be handed over, or is at the app, or neither.

    Neither: the app's `deliver` failed; it is made up for with the next item.
    """

    def __init__(
        self, callback: Callable[[T], object], telling: Telling, merge: Callable[[T, T], T], kind: str
    ) -> None:
        self._callback, self._telling, self._kind = callback, telling, kind
        self._waiting = _Waiting(merge)
        self._asked = 0
        self._at_the_app = 0
        self._lock = threading.Lock()  # between the worker, the telling thread, and the one that calls
        self.ended = False

    def put(self, item: T) -> bool:
        """Whether it must be asked for; otherwise it was merged into one that is on its way."""
        with self._lock:
            self._waiting.append(item)
            is_new = len(self._waiting) > self._asked + self._at_the_app
            self._asked += is_new
        return is_new

    def ask(self) -> None:
        """Worker thread: to be handed over soon."""
        self._telling.put(self._hand_over)

    def _hand_over(self) -> None:
        """Telling thread: one item, and before it those that an earlier `deliver` refused."""
        with self._lock:
            self._asked -= 1
        while (call := self._next()) is not None:
            try:
                self._telling.deliver(call)
            except BaseException as error:
                whose = "deliver" if call.give_up() else f"an {self._kind} callback"
                log.error("%s failed with %s", whose, type(error).__name__, exc_info=True)
                return

    def _next(self) -> _CallOne[T] | None:
        with self._lock:
            if len(self._waiting) <= self._asked + self._at_the_app:
                return None
            self._at_the_app += 1
        return _CallOne(self)

    def come_back(self, *, wants_item: bool) -> list[T]:
        """A call that was at the app is over; gives the item that it is about, if it wants one."""
        with self._lock:
            self._at_the_app -= 1
            return [self._waiting.pop()] if wants_item and self._waiting else []

    def call(self, item: T) -> None:
        if self.ended:
            return
        try:
            self._callback(item)
        except Exception as error:
            log.error("an %s callback failed with %s", self._kind, type(error).__name__, exc_info=True)


class _CallOne(Generic[T]):
    """What `deliver` is given: calls the callback with its oldest item, once, however often it is run."""

    def __init__(self, line: _Line[T]) -> None:
        self._line: _Line[T] | None = line

    def __call__(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            for item in line.come_back(wants_item=True):
                line.call(item)

    def give_up(self) -> bool:
        """It will not be run from now on; False: it was already."""
        line, self._line = self._line, None
        if line is not None:
            line.come_back(wants_item=False)
        return line is not None


class Mailbox(Generic[T]):
    """What waits for somebody who fetches it. `wake` is called on the worker after each item, and at the end.

    Invariant: an item that was put is fetched, or merged into the next, or the box is closed.
    """

    def __init__(self, merge: Callable[[T, T], T], wake: Task | None, forget: Callable[[], object]) -> None:
        self._waiting = _Waiting(merge)
        self._wake, self._forget = wake, forget
        self._moved = threading.Condition()
        self._pid = os.getpid()
        self.closed: bool = False

    def put(self, item: T) -> None:
        with self._moved:
            self._waiting.append(item)
        self._tell()

    def close(self) -> None:
        """What waits is not wanted any more. Any thread; a second call does nothing."""
        if not self.closed:
            self.closed = True
            self._forget()
            self._tell()

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to fetch, and may be later."""
        return not (self._waiting or self.closed)

    def take(self) -> list[T]:
        """The oldest item that waits, if there is one."""
        with self._moved:
            return [self._waiting.pop()] if self._waiting and not self.closed else []

    def wait(self, timeout_s: float | None) -> list[T]:
        """The oldest item, as soon as there is one; nothing: it took too long, or the box was closed.

        Raises UsageError: this process was forked off the one that is told.
        """
        check_not_forked(self._pid)
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        with self._moved:
            while not (self._waiting or self.closed):
                left_s = None if until_s is None else until_s - time.monotonic()
                if left_s is not None and left_s <= 0:
                    return []
                self._moved.wait(None if left_s is None else min(left_s, threading.TIMEOUT_MAX))
        return self.take()

    def _tell(self) -> None:
        with self._moved:
            self._moved.notify_all()
        if self._wake is not None:
            try:
                self._wake()
            except Exception as error:
                log.error("a reader of changes cannot be woken: %s", type(error).__name__, exc_info=True)


HAND_OVER_S = 0.2
"""An app's loop that is free takes a callback at once; one that is just closing us takes none at all."""


class TellingThread:
    """Runs callbacks one after the other, or hands them to the app's `deliver`.

    Daemonic: neither an endless callback nor a `deliver` that never returns keeps a process alive. The thread
    knows nothing but its queue, so that it keeps nothing of the app alive either.
    """

    def __init__(self, deliver: Deliver | None = None) -> None:
        self.deliver: Deliver = deliver or run_here
        self._is_ours = deliver is None
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._ended = False
        self._lock = threading.Lock()

    def put(self, task: Task) -> None:
        """See `Telling`. What is put after `stop` runs on a thread of its own."""
        with self._lock:
            if self._ended:
                last: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
                last.put(task)
                last.put(None)
                _started(last)
                return
            if self._thread is None:
                self._thread = _started(self._tasks)
            self._tasks.put(task)

    def stop(self, timeout_s: float) -> None:
        """Ends the thread after what was put so far, or leaves it behind after `timeout_s`.

        An app's own `deliver` may be waiting for the very thread that calls this: it is left behind soon.
        """
        with self._lock:
            self._ended = True
            self._tasks.put(None)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s if self._is_ours else min(timeout_s, HAND_OVER_S))


def _started(tasks: queue.SimpleQueue[Task | None]) -> threading.Thread:
    thread = threading.Thread(target=_run_all, args=(tasks,), name="dalsegno-callbacks", daemon=True)
    thread.start()
    return thread


def run_here(task: Task) -> None:
    """The `deliver` of whoever has none."""
    task()


def _run_all(tasks: queue.SimpleQueue[Task | None]) -> None:
    while (task := tasks.get()) is not None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - `sys.exit()` in a callback ends no thread of ours
            log.error("a callback failed with %s", type(error).__name__)
        del task  # or what it is about would live until the next one
