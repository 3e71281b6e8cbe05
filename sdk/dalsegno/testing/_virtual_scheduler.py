"""A client without threads: all that it does happens in calls of the test, and while the clock runs.

Single thread. Whatever waits lets virtual time pass, for whichever clients share the clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from dalsegno._errors import Closed
from dalsegno._threads.delivery import Deliver, Mailbox
from dalsegno.testing._virtual_clock import DeviceTime, DeviceTimers, Task, VirtualClock

T = TypeVar("T")


class VirtualScheduler:
    """The port `Scheduler` on a virtual clock."""

    def __init__(self, virtual_clock: VirtualClock) -> None:
        self._virtual_clock = virtual_clock
        self.time: DeviceTime = DeviceTime(virtual_clock)

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
            self._virtual_clock.run_until(lambda: bool(woken), _ms(timeout_s))
        finally:
            leave()

    def fetch(self, box: Mailbox[T], timeout_s: float | None) -> list[T]:
        self._virtual_clock.run_until(lambda: not box.is_quiet, _ms(timeout_s))
        return box.take()


class VirtualWorker(DeviceTimers):
    """What `Worker` does on its thread, done by the clock. A task that fails ends the run: tests see it."""

    forked = False

    def __init__(self, virtual_clock: VirtualClock) -> None:
        super().__init__(virtual_clock, self._do)
        self._working = 0

    def post(self, task: Task) -> None:
        self._virtual_clock.after(0, lambda: None if self._ended else self._do(task))

    def call(self, function: Callable[[], T]) -> T:
        """At once. Raises Closed after `stop`."""
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
        """There is no thread to wait for."""

    def _do(self, task: Task) -> None:
        self.call(task)


class VirtualTelling:
    """What `TellingThread` does on its thread, done by the clock."""

    def __init__(self, virtual_clock: VirtualClock, deliver: Deliver | None) -> None:
        self._virtual_clock = virtual_clock
        self.deliver: Deliver = deliver or _run_here

    def put(self, task: Task) -> None:
        self._virtual_clock.after(0, task)

    def stop(self, timeout_s: float) -> None:
        """What was put so far is told."""
        self._virtual_clock.run()


class NoUpkeep:
    """The store is as good as its client's test needs it: no flush of the disk, no thorough look."""

    def begin(self) -> None:
        """Nothing runs beside the test."""

    def edited(self) -> None:
        """The process's death loses nothing all the same."""

    def join(self, timeout_s: float) -> None:
        """Nothing is under way."""


def _run_here(task: Task) -> None:
    task()


def _ms(timeout_s: float | None) -> float:
    most_s = threading.TIMEOUT_MAX
    return min(max(most_s if timeout_s is None else timeout_s, 0.0), most_s) * 1000
