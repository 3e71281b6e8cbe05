"""Virtual time: one true clock, and what is to happen when. Nobody waits, nothing runs but by `run`."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

from dalsegno._core.types import Millis

Task = Callable[[], None]
START_MS = 1_790_000_000_000.0


class VirtualClock:
    """The true time: `now_ms`, in milliseconds of the Unix epoch; it begins on 21 September 2026.

    A task that itself lets time pass (a callback that calls `flush`, say) takes the clock along: it may then
    stand later than a `run` was asked for.
    """

    def __init__(self) -> None:
        self.now_ms: float = START_MS
        self._due: list[tuple[float, int, Task]] = []
        self._count = 0

    def after(self, delay_ms: float, task: Task) -> None:
        """Runs `task` in so many milliseconds; of the same instant, the first asked for goes first."""
        self._count += 1
        due_ms = self.now_ms + max(delay_ms, 0.0)
        if delay_ms > 0:  # too short a wait to be told from none is still a wait
            due_ms = max(due_ms, math.nextafter(self.now_ms, math.inf))
        heapq.heappush(self._due, (due_ms, self._count, task))

    def run(self, for_ms: float = 0.0) -> None:
        """Lets so many milliseconds pass."""
        self.run_until(_never, for_ms)

    def run_until(self, is_so: Callable[[], bool], most_ms: float) -> bool:
        """Lets time pass until it is so, `most_ms` at the most; gives whether it is."""
        end_ms = self.now_ms + most_ms
        while not is_so():
            if not self._due or self._due[0][0] > end_ms:
                self.now_ms = max(self.now_ms, end_ms)  # a task may have let more time pass
                return False
            due_ms, _, task = heapq.heappop(self._due)
            self.now_ms = max(self.now_ms, due_ms)
            task()
        return True


class DeviceTime:
    """A device's clocks: `skew_ms` is how far its wall clock is ahead; the steady one never jumps.

    stood_ms   how long the steady one stood still so far, as in sleep on some systems
    """

    def __init__(self, virtual_clock: VirtualClock, skew_ms: float = 0.0) -> None:
        self._virtual_clock, self._booted_ms = virtual_clock, virtual_clock.now_ms
        self.skew_ms, self.stood_ms = skew_ms, 0.0

    def steady_ms(self) -> float:
        return self._virtual_clock.now_ms - self._booted_ms - self.stood_ms

    def wall_ms(self) -> Millis:
        return Millis(int(self._virtual_clock.now_ms + self.skew_ms))


class DeviceTimers:
    """The port `Timers` of one process; `end` is its death. `run` is how a task is run there."""

    def __init__(self, virtual_clock: VirtualClock, run: Callable[[Task], None]) -> None:
        self._virtual_clock, self._run = virtual_clock, run
        self._named: dict[str, object] = {}
        self._ended = False

    def set(self, name: str, delay_ms: float, callback: Task) -> None:
        mark = self._named[name] = object()

        def fire() -> None:
            if self._named.get(name) is mark and not self._ended:
                del self._named[name]
                self._run(callback)

        self._virtual_clock.after(delay_ms, fire)

    def cancel(self, name: str) -> None:
        self._named.pop(name, None)

    def names(self) -> frozenset[str]:
        return frozenset(self._named)

    def end(self) -> None:
        self._ended = True


def _never() -> bool:
    return False
