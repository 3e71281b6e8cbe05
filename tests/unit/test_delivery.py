"""How callbacks are told, and the thread on which they run when the app names none."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial

import pytest

from dalsegno._threads.delivery import MOST_WAITING, Deliver, Subscribers, TellingThread


def waits(hold: threading.Event) -> None:
    hold.wait()


def test_callbacks_run_in_order_on_one_thread_of_its_own() -> None:
    """One after the other, never on the caller's thread, and always on the same one."""
    thread = TellingThread()
    ran: list[tuple[int, str]] = []
    for number in range(100):
        thread.put(partial(lambda n: ran.append((n, threading.current_thread().name)), number))
    thread.stop(30.0)
    assert [(n, "dalsegno-callbacks") for n in range(100)] == ran


def test_there_is_no_thread_before_the_first_callback() -> None:
    """An app without callbacks has no thread for them; to stop what never began is harmless."""
    before = set(threading.enumerate())  # of earlier tests' some may be about to end
    thread = TellingThread()
    assert set() == set(threading.enumerate()) - before
    thread.stop(30.0)
    assert set() == set(threading.enumerate()) - before


def test_stop_runs_what_was_queued_before_it() -> None:
    """What was told before the end is delivered before the end."""
    thread = TellingThread()
    hold, ran = threading.Event(), []
    thread.put(partial(waits, hold))
    thread.put(lambda: ran.append("last"))
    hold.set()
    thread.stop(30.0)
    assert ["last"] == ran


def test_stop_waits_no_longer_than_it_was_told() -> None:
    """A callback that never returns is left behind: it must not keep the app from closing."""
    before = set(threading.enumerate())
    thread = TellingThread()
    hold = threading.Event()
    thread.put(partial(waits, hold))
    stopper = threading.Thread(target=thread.stop, args=(0.01,))
    stopper.start()
    stopper.join(30)
    assert not stopper.is_alive()
    (left,) = [t for t in set(threading.enumerate()) - before if t.name == "dalsegno-callbacks"]
    assert left.daemon, "it would keep the process alive"
    hold.set()
    left.join(30)


def test_stop_from_inside_a_callback_does_not_wait_for_itself() -> None:
    """A callback may close the client it was called by."""
    thread = TellingThread()
    done = threading.Event()

    def stop() -> None:
        thread.stop(60.0)
        done.set()

    thread.put(stop)
    assert done.wait(30)


# --- subscribers --------------------------------------------------------------------------------------


def newest(_: int, newer: int) -> int:
    return newer


class Told:
    """A telling thread that is none: it hands over at once."""

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver

    def put(self, task: Callable[[], None]) -> None:
        task()


def test_a_deliver_that_fails_is_made_up_for(caplog: pytest.LogCaptureFixture) -> None:
    """An app's `deliver` that raises (its window is gone, say) costs no item: the next one brings both. It
    fails nobody else, and the log says whose mistake it is."""
    tasks: list[Callable[[], None]] = []
    works = False

    def deliver(task: Callable[[], None]) -> None:
        if not works:
            raise RuntimeError("no window")
        tasks.append(task)

    subscribers = Subscribers[int](Told(deliver), newest, "test")
    got: list[int] = []
    subscribers.add(got.append)
    for number in range(100):
        subscribers.tell(number)
    assert "deliver failed with RuntimeError" in caplog.text
    works = True
    subscribers.tell(100)
    for task in tasks:
        task()
    assert [*range(MOST_WAITING - 1), 100] == got


@pytest.mark.parametrize("before", [True, False])
def test_a_deliver_that_runs_it_and_fails_tells_nothing_twice(before: bool) -> None:
    """Whether it fails after it has run a callback or keeps one that it refused: each item comes once."""
    kept: list[Callable[[], None]] = []

    def deliver(task: Callable[[], None]) -> None:
        kept.append(task)
        if before:
            task()
        raise RuntimeError("too late")

    subscribers = Subscribers[int](Told(deliver), newest, "test")
    got: list[int] = []
    subscribers.add(got.append)
    for number in range(5):
        subscribers.tell(number)
    for task in kept:
        task()
    assert (list(range(5)) if before else []) == got


def test_a_callback_that_is_run_twice_is_called_once() -> None:
    """Whatever an app does with what it is given."""

    def twice(task: Callable[[], None]) -> None:
        task()
        task()

    subscribers = Subscribers[int](Told(twice), newest, "test")
    got: list[int] = []
    subscribers.add(got.append)
    for number in range(3):
        subscribers.tell(number)
    assert [0, 1, 2] == got


def test_a_callback_that_exits_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    """`sys.exit()` in a callback is the app's mistake: it is logged as such, and what comes next is told."""
    thread, got = TellingThread(), list[int]()

    def exits(number: int) -> None:
        got.append(number)
        sys.exit(1)

    subscribers = Subscribers[int](thread, newest, "test")
    subscribers.add(exits)
    thread.put(lambda: sys.exit(1))
    for number in range(3):
        subscribers.tell(number)
    thread.stop(30.0)
    assert [0, 1, 2] == got
    assert "an test callback failed with SystemExit" in caplog.text


def test_a_deliver_that_exits_costs_no_item() -> None:
    """As one that raises anything else."""
    tasks: list[Callable[[], None]] = []

    def deliver(task: Callable[[], None]) -> None:
        if not tasks:
            tasks.append(lambda: None)
            sys.exit(1)
        tasks.append(task)

    subscribers, got = Subscribers[int](Told(deliver), newest, "test"), list[int]()
    subscribers.add(got.append)
    for number in range(3):
        subscribers.tell(number)
    for task in tasks:
        task()
    assert [0, 1, 2] == got


def test_a_deliver_that_blocks_is_left_behind_soon() -> None:
    """It may wait for the very thread that closes: `stop` does not use up the time that it was given."""
    hold, entered = threading.Event(), threading.Event()

    def deliver(task: Callable[[], None]) -> None:
        entered.set()
        hold.wait()

    thread = TellingThread(deliver)

    def delivers() -> None:
        thread.deliver(lambda: None)

    thread.put(delivers)
    assert entered.wait(30)
    stopper = threading.Thread(target=thread.stop, args=(threading.TIMEOUT_MAX,))
    stopper.start()
    stopper.join(30)
    assert not stopper.is_alive()
    hold.set()


def test_all_hear_in_the_same_order_though_one_answers_at_once() -> None:
    """A callback that runs on the spot and causes the next item does not overtake itself at the others."""
    subscribers = Subscribers[int](Told(lambda task: task()), newest, "test")
    first: list[int] = []
    second: list[int] = []

    def answers(number: int) -> None:
        first.append(number)
        if number < 3:
            subscribers.tell(number + 1)

    subscribers.add(answers)
    subscribers.add(second.append)
    subscribers.tell(1)
    assert ([1, 2, 3], [1, 2, 3]) == (first, second)


def test_what_waited_before_somebody_came_is_not_told_to_them() -> None:
    """A subscriber hears of what happens from then on."""
    tasks: list[Callable[[], None]] = []
    subscribers = Subscribers[int](Told(tasks.append), newest, "test")
    got: list[int] = []
    subscribers.add(lambda _: None)
    subscribers.tell(1)
    subscribers.add(got.append)
    subscribers.tell(2)
    for task in tasks:
        task()
    assert [2] == got
