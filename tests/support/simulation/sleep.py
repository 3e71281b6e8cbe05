"""A process that can be frozen: what would have happened meanwhile happens when it goes on, in its order."""

from __future__ import annotations

from collections.abc import Callable

from dalsegno.testing._virtual_clock import DeviceTimers, Task, VirtualClock


class Sleep:
    """Whether a process is frozen, and what waits in it."""

    def __init__(self) -> None:
        self.frozen = False
        self._waiting: list[Task] = []

    def takes(self, task: Task) -> bool:
        """Whether the task has to wait."""
        if self.frozen:
            self._waiting.append(task)
        return self.frozen

    def wake(self) -> None:
        """The process goes on; one that dies of what waited does no more of it."""
        self.frozen, waiting = False, self._waiting
        while waiting:
            waiting.pop(0)()

    def end(self) -> None:
        """The process is gone, and all that waited in it."""
        self.frozen = False
        self._waiting.clear()


class SleepyTimers(DeviceTimers):
    """A timer that is due in a frozen process can still be set anew, or taken back, until that goes on."""

    def __init__(self, virtual_clock: VirtualClock, run: Callable[[Task], None], sleep: Sleep) -> None:
        super().__init__(virtual_clock, run)
        self._sleep = sleep

    def set(self, name: str, delay_ms: float, callback: Task) -> None:
        mark = self._named[name] = object()

        def fire() -> None:
            if self._sleep.takes(fire):
                return
            if self._named.get(name) is mark and not self._ended:
                del self._named[name]
                self._run(callback)

        self._virtual_clock.after(delay_ms, fire)
