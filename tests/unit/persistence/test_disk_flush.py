"""When edits are flushed against power cuts."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from dalsegno._persistence.disk_flush import POWER_CUT_MS, RIPE_MS, DiskFlush
from tests.support.waiting import until


class Timers:
    """Named timers on a clock that the test sets."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self._set: dict[str, tuple[float, Callable[[], None]]] = {}

    def set(self, name: str, delay_ms: float, callback: Callable[[], None]) -> None:
        self._set[name] = (self.now_ms + delay_ms, callback)

    def cancel(self, name: str) -> None:
        self._set.pop(name, None)

    def go_to(self, now_ms: float) -> None:
        while due := sorted((at, name) for name, (at, _) in self._set.items() if at <= now_ms):
            self.now_ms, name = due[0]
            self._set.pop(name)[1]()
        self.now_ms = now_ms


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def flushes() -> list[str]:
    return []


@pytest.fixture
def guard(timers: Timers, flushes: list[str]) -> DiskFlush:
    return DiskFlush(lambda: flushes.append(threading.current_thread().name), timers)


def flushed(guard: DiskFlush, flushes: list[str], times: int) -> int:
    guard.join(30)
    until(lambda: len(flushes) >= times)
    return len(flushes)


def test_a_single_edit_is_flushed_in_time(guard: DiskFlush, timers: Timers, flushes: list[str]) -> None:
    """Nobody edits again: the flush begins by itself, on a thread of its own, once."""
    guard.edited()
    timers.go_to(POWER_CUT_MS - 1)
    assert [] == flushes
    timers.go_to(5 * POWER_CUT_MS)
    assert (1, ["dalsegno-disk"]) == (flushed(guard, flushes, 1), flushes)


def test_in_a_burst_the_flush_follows_an_edit(guard: DiskFlush, timers: Timers, flushes: list[str]) -> None:
    """Once it is ripe it begins right after an edit, so that the next one does not run into it."""
    guard.edited()
    timers.go_to(RIPE_MS + 5)
    assert [] == flushes
    guard.edited()
    assert [] == flushes  # not within the edit
    timers.go_to(timers.now_ms)
    assert 1 == flushed(guard, flushes, 1)


def test_a_long_burst_is_flushed_about_once_a_second(
    guard: DiskFlush, timers: Timers, flushes: list[str]
) -> None:
    """Fifty edits a second for ten seconds: no fewer than ten flushes, and no more than it takes."""
    for number in range(500):
        timers.go_to(20.0 * number)
        guard.edited()
    timers.go_to(20_000)
    assert 10 <= flushed(guard, flushes, 10) <= 10_000 / RIPE_MS + 1
