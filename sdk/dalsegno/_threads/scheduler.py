"""What a client runs on: threads and the machine's clocks, or in tests one thread and a virtual clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from dalsegno._core.ports import Time, Timers
from dalsegno._threads.delivery import Deliver, Mailbox, Telling, TellingThread
from dalsegno._threads.waiters import wait_here
from dalsegno._threads.worker import SystemTime, Worker

T = TypeVar("T")
Task = Callable[[], None]


class TaskLoop(Timers, Protocol):
    """Runs tasks and timers one after the other; see `Worker`."""

    @property
    def forked(self) -> bool: ...

    def post(self, task: Task) -> None: ...

    def call(self, function: Callable[[], T]) -> T: ...

    def wait_for_room(self) -> None: ...

    def stop(self) -> None: ...

    def join(self, timeout_s: float) -> None: ...


class TellingLoop(Telling, Protocol):
    """Runs callbacks, or hands them over; see `TellingThread`."""

    def stop(self, timeout_s: float) -> None: ...


class Scheduler(Protocol):
    """Who runs what, and who waits how. One for each client."""

    @property
    def time(self) -> Time:
        """The clocks."""
        ...

    def worker(self) -> TaskLoop:
        """Where the engine works."""
        ...

    def telling(self, deliver: Deliver | None) -> TellingLoop:
        """Where callbacks are called."""
        ...

    def aside(self, task: Task, name: str) -> None:
        """Runs what takes long, and what nobody waits for."""
        ...

    def wait(self, add: Callable[[Task], Task], timeout_s: float) -> None:
        """Returns when it is woken, after `timeout_s` at the latest; see `wait_here`."""
        ...

    def fetch(self, box: Mailbox[T], timeout_s: float | None) -> list[T]:
        """The oldest item of a mailbox, as soon as there is one; see `Mailbox.wait`."""
        ...


class ThreadScheduler:
    """Real threads; `time`: the machine's clocks, unless it says otherwise."""

    def __init__(self, time: Time | None = None) -> None:
        self.time: Time = time or SystemTime()

    def worker(self) -> Worker:
        return Worker(self.time)

    def telling(self, deliver: Deliver | None) -> TellingThread:
        return TellingThread(deliver)

    def aside(self, task: Task, name: str) -> None:
        threading.Thread(target=task, name=name, daemon=True).start()

    def wait(self, add: Callable[[Task], Task], timeout_s: float) -> None:
        wait_here(add, timeout_s)

    def fetch(self, box: Mailbox[T], timeout_s: float | None) -> list[T]:
        return box.wait(timeout_s)
