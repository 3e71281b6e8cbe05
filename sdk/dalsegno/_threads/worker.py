"""The one thread that owns the engine's state: a queue of tasks and named timers.

Everything that touches the engine runs here, one task after the other, so there are no locks to reason
about. A task that fails is told and never ends the thread.
"""

from __future__ import annotations

import heapq
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

from dalsegno._core.ports import Time
from dalsegno._core.types import Millis
from dalsegno._errors import Closed
from dalsegno._steady import sleep_counting_clock
from dalsegno._threads.forks import check_not_forked

log = logging.getLogger("dalsegno")
T = TypeVar("T")
Task = Callable[[], None]

_LONGEST_WAIT_S = 3600.0
MOST_WAITING = 256
"""So many tasks may stand in line before a server that says too much is held back."""
MOST_STALE = 64
"""So many timers that were set anew may stand in line before it is tidied up."""
_COURTESY_S = 0.002
"""How long the worker waits, at the most, until a caller whose call is done has woken."""


class SystemTime:
    """The machine's clocks. `steady_ms` counts the time asleep."""

    def __init__(self) -> None:
        self._steady = sleep_counting_clock()

    def steady_ms(self) -> float:
        return self._steady() * 1000

    def wall_ms(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)


class _Call(Generic[T]):
    """A task whose caller waits for the result."""

    __slots__ = ("_done", "_error", "_function", "_result", "_woken")

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._done = threading.Lock()
        self._done.acquire()
        self._woken = threading.Lock()
        self._woken.acquire()
        self._error: BaseException | None = None
        self._result: T

    def __call__(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller, and is raised there
            self._error = error
        # The worker may look at this call later than its caller, and must keep nothing of the app alive.
        del self._function
        self._done.release()
        # The caller first: whoever went on here would keep the interpreter from it until the next I/O.
        self._woken.acquire(timeout=_COURTESY_S)

    def wait(self) -> T:
        self._done.acquire()
        if self._error is not None:
            self._woken.release()
            raise self._error
        result = self._result
        del self._result
        self._woken.release()
        return result


class Worker:
    """A thread with a queue and named timers (the port `Timers`). Daemonic: it keeps no process alive.

    Timers follow the steady clock of `time`, which counts sleep: what fell due meanwhile runs on waking.
    """

    def __init__(self, time: Time | None = None, name: str = "dalsegno-engine") -> None:
        self._time: Time = time or SystemTime()
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._timers: dict[str, tuple[float, Task]] = {}
        self._line: list[tuple[float, int, str]] = []
        """The timers as a heap, and those that were set anew or cancelled since."""
        self._numbers = count()
        self._stopped = False
        self._pid = os.getpid()
        self._room = threading.Condition()
        self._held_back = 0
        self._gate = threading.Lock()  # between a call and the end: whoever got in is answered
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def post(self, task: Task) -> None:
        """Runs `task` soon; from any thread. After `stop` it is dropped."""
        self._tasks.put(task)

    def wait_for_room(self) -> None:
        """Holds the calling thread back while too many tasks stand in line; never the worker itself."""
        if self._has_room() or threading.get_ident() == self._thread.ident:
            return
        with self._room:
            self._held_back += 1  # before it looks again: from now on the worker tells of each task done
            self._room.wait_for(self._has_room)
            self._held_back -= 1

    def _has_room(self) -> bool:
        return self._tasks.qsize() < MOST_WAITING or self._stopped

    def _tell_of_room(self) -> None:
        if self._held_back and self._has_room():
            with self._room:
                self._room.notify_all()

    def call(self, function: Callable[[], T]) -> T:
        """Runs `function` on the worker and gives its result, or raises its error, here.

        Raises Closed after `stop`; UsageError in a forked child, where the thread does not exist.
        """
        check_not_forked(self._pid)
        if threading.get_ident() == self._thread.ident:
            return function()
        call = _Call(function)
        with self._gate:
            if self._stopped:
                raise Closed("the client is closed: connect again")
            self._tasks.put(call)
        return call.wait()

    def stop(self) -> None:
        """Ends the thread after the tasks queued so far; waits for it, unless called from it."""
        with self._gate:
            self._stopped = True
            self._tasks.put(None)
        self._tell_of_room()
        if threading.get_ident() != self._thread.ident:
            self._thread.join()

    def join(self, timeout_s: float) -> None:
        """Waits for the thread's end, unless called from it."""
        if threading.get_ident() != self._thread.ident:
            self._thread.join(timeout_s)

    @property
    def forked(self) -> bool:
        """Whether this is another process than the one that has the thread."""
        return os.getpid() != self._pid

    def set(self, name: str, delay_ms: float, callback: Task) -> None:
        due_ms = self._time.steady_ms() + delay_ms
        self._timers[name] = (due_ms, callback)
        heapq.heappush(self._line, (due_ms, next(self._numbers), name))
        if len(self._line) > MOST_STALE + 2 * len(self._timers):
            self._line = [(due, next(self._numbers), n) for n, (due, _) in self._timers.items()]
            heapq.heapify(self._line)

    def cancel(self, name: str) -> None:
        self._timers.pop(name, None)

    def _run(self) -> None:
        while True:
            wait_s = self._run_due()
            try:
                task = self._tasks.get(timeout=wait_s)
            except queue.Empty:
                continue
            if task is None:
                break
            self._tell_of_room()
            _safely(task)
            del task  # or what it is about would live until the next one

    def _run_due(self) -> float:
        """Runs the timers that are due; gives the seconds until the next one."""
        while self._line:
            due_ms, _, name = self._line[0]
            set_ms, callback = self._timers.get(name, (None, _nothing))
            if set_ms != due_ms:
                heapq.heappop(self._line)
                continue
            wait_s = (due_ms - self._time.steady_ms()) / 1000
            if wait_s > 0:
                return min(wait_s, _LONGEST_WAIT_S)
            if not self._tasks.empty() and wait_s > -0.05:
                return 0.0  # what was asked before goes first, unless the timer would starve
            heapq.heappop(self._line)
            del self._timers[name]
            _safely(callback)
        return _LONGEST_WAIT_S


def _nothing() -> None:
    """What a timer does that was cancelled."""


def _safely(task: Task) -> None:
    try:
        task()
    except Exception:
        log.exception("a task of the engine failed; the engine goes on")
