"""Those who wait until something is so: a thread, or a coroutine. Nothing polls.

Worker thread, but for the waiting itself. Invariant: whoever was added is woken once, or takes itself out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

Task = Callable[[], None]


class Waiters:
    """`look` wakes everybody for whom it is so by now."""

    def __init__(self) -> None:
        self._waiting: dict[object, tuple[Callable[[], bool], Task]] = {}

    def add(self, is_so: Callable[[], bool], wake: Task) -> Task:
        """Calls `wake`, now or later, on the worker thread; the returned function (any thread) ends it."""
        key = object()
        if is_so():
            wake()
        else:
            self._waiting[key] = is_so, wake

        def leave() -> None:
            self._waiting.pop(key, None)

        return leave

    def look(self) -> None:
        """Something has moved."""
        for key, (is_so, wake) in list(self._waiting.items()):
            if is_so():
                self._waiting.pop(key, None)
                wake()

    def end(self) -> None:
        """It will never be so: everybody goes on."""
        waiting, self._waiting = self._waiting, {}
        for _, wake in waiting.values():
            wake()

    def __len__(self) -> int:
        return len(self._waiting)


def nothing() -> None:
    """For whoever cannot leave, or need not: to be woken in vain does no harm."""


def wait_here(add: Callable[[Task], Task], timeout_s: float) -> None:
    """Holds the calling thread until it is woken, `timeout_s` at the most. `add` adds it somewhere."""
    woken = threading.Event()
    leave = add(woken.set)
    try:
        woken.wait(min(max(timeout_s, 0.0), threading.TIMEOUT_MAX))
    finally:
        leave()
