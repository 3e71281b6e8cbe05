"""A client without threads: all that it does happens in calls of the test, and while the clock runs.

Single thread. Whatever waits lets virtual time pass, for whichever clients share the clock.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from dalsegno._errors import Closed, UsageError
from dalsegno._threads.delivery import Deliver, Mailbox, run_here
from dalsegno.testing._virtual_clock import DeviceTime, DeviceTimers, Task, VirtualClock

log = logging.getLogger("dalsegno")
T = TypeVar("T")

MOST_WAIT_S = 86_400.0
"""A wait without an end is one for a day: nothing beside the test could end it."""


class VirtualScheduler:
    """The port `Scheduler` on a virtual clock; the device's wall clock is so much ahead of it."""

    def __init__(self, virtual_clock: VirtualClock, skew_ms: float = 0.0) -> None:
        self._virtual_clock = virtual_clock
        self.time: DeviceTime = DeviceTime(virtual_clock, skew_ms)

    def worker(self) -> VirtualWorker:
        return VirtualWorker(self._virtual_clock)

    def telling(self, deliver: Deliver | None) -> VirtualTelling:
        return VirtualTelling(self._virtual_clock, deliver)

    def aside(self, task: Task, name: str) -> None:
        self._virtual_clock.after(0, task)

    def wait(self, add: Callable[[Task], Task], timeout_s: float) -> None:
        woken: list[None] = []
        leave = add(lambda: woken.append(None))
        try:
            self._run_until(lambda: bool(woken), timeout_s)
        finally:
            leave()

    def fetch(self, box: Mailbox[T], timeout_s: float | None) -> list[T]:
        self._run_until(lambda: not box.is_quiet, float("inf") if timeout_s is None else timeout_s)
        return box.take()

    def _run_until(self, is_so: Callable[[], bool], timeout_s: float) -> None:
        is_bounded = timeout_s <= MOST_WAIT_S
        most_ms = (max(timeout_s, 0.0) if is_bounded else MOST_WAIT_S) * 1000
        if not self._virtual_clock.run_until(is_so, most_ms) and not is_bounded:
            raise UsageError(
                "waited for a day of the virtual clock in vain, and nothing beside this thread can end it: "
                "give a timeout of a day at the most, or let it happen before"
            )


class VirtualWorker(DeviceTimers):
    """What `Worker` does on its thread, done by the clock. A task that fails ends the run: tests see it."""

    forked = False

    def __init__(self, virtual_clock: VirtualClock) -> None:
        super().__init__(virtual_clock, self._do)
        self._thread = threading.get_ident()
        self._working = 0

    def post(self, task: Task) -> None:
        self._virtual_clock.after(0, lambda: None if self._ended else self._do(task))

    def call(self, function: Callable[[], T]) -> T:
        """At once. Raises Closed after `stop`; UsageError on another thread."""
        if threading.get_ident() != self._thread:
            raise UsageError("a client on a virtual clock belongs to the thread that made it")
        if self._ended and not self._working:
            raise Closed("the client is closed: connect again")
        self._working += 1
        try:
            return function()
        finally:
            self._working -= 1

    def wait_for_room(self) -> None:
        """There is always room."""

    def stop(self) -> None:
        """What was posted so far is done before, unless it is the worker itself that stops."""
        if not self._working:
            self._virtual_clock.run()
        self.end()

    def join(self, timeout_s: float) -> None:
        """Somebody waits for its end: lets it come."""
        self._virtual_clock.run_until(lambda: self._ended, timeout_s * 1000)

    def _do(self, task: Task) -> None:
        self.call(task)


class VirtualTelling:
    """What `TellingThread` does on its thread, done by the clock: one callback after the other, also where
    one of them lets time pass.

    What no thread of ours may raise is raised here, where the test runs: KeyboardInterrupt, pytest.fail.
    """

    def __init__(self, virtual_clock: VirtualClock, deliver: Deliver | None) -> None:
        self._virtual_clock = virtual_clock
        self._app_deliver: Deliver = deliver or run_here
        self._tasks: deque[Task] = deque()
        self._is_telling = False
        self._for_the_test: list[BaseException] = []

    def deliver(self, callback: Task) -> None:
        """The app's, or a plain call."""
        try:
            self._app_deliver(callback)
        except BaseException as error:
            if not isinstance(error, Exception):
                self._for_the_test.append(error)
            raise

    def put(self, task: Task) -> None:
        self._tasks.append(task)
        self._virtual_clock.after(0, self._tell)

    def stop(self, timeout_s: float) -> None:
        """What was put so far is told, by the clock if there is no time for that now."""
        if timeout_s > 0:
            self._tell()

    def _tell(self) -> None:
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._tasks:
                self._do(self._tasks.popleft())
        finally:
            self._is_telling = False

    def _do(self, task: Task) -> None:
        try:
            task()
        except Exception as error:
            log.error("a callback failed with %s", type(error).__name__, exc_info=True)
        if self._for_the_test:
            raise self._for_the_test.pop()


class NoUpkeep:
    """The store is as good as its client's test needs it: no flush of the disk, no thorough look."""

    def begin(self) -> None:
        """Nothing runs beside the test."""

    def edited(self) -> None:
        """The process's death loses nothing all the same."""

    def join(self, timeout_s: float) -> None:
        """Nothing is under way."""
