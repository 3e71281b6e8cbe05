"""How callbacks are told, and the thread on which they run when the app names none."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from dalsegno._threads.delivery import MOST_WAITING, DeliveryThread, Subscribers


def test_callbacks_run_in_order_on_one_thread_of_its_own() -> None:
    """One after the other, never on the caller's thread, and always on the same one."""
    deliver = DeliveryThread()
    ran: list[tuple[int, str]] = []
    for number in range(100):
        deliver(lambda n=number: ran.append((n, threading.current_thread().name)))
    deliver.stop(30.0)
    assert [(n, "dalsegno-callbacks") for n in range(100)] == ran


def test_there_is_no_thread_before_the_first_callback() -> None:
    """An app without callbacks has no thread for them; to stop what never began is harmless."""
    before = set(threading.enumerate())  # of earlier tests' some may be about to end
    deliver = DeliveryThread()
    assert set() == set(threading.enumerate()) - before
    deliver.stop(30.0)
    assert set() == set(threading.enumerate()) - before


def test_stop_runs_what_was_queued_before_it() -> None:
    """What was told before the end is delivered before the end."""
    deliver = DeliveryThread()
    hold, ran = threading.Event(), []
    deliver(hold.wait)
    deliver(lambda: ran.append("last"))
    hold.set()
    deliver.stop(30.0)
    assert ["last"] == ran


def test_stop_waits_no_longer_than_it_was_told() -> None:
    """A callback that never returns is left behind: it must not keep the app from closing."""
    before = set(threading.enumerate())
    deliver = DeliveryThread()
    hold = threading.Event()
    deliver(hold.wait)
    stopper = threading.Thread(target=deliver.stop, args=(0.01,))
    stopper.start()
    stopper.join(30)
    assert not stopper.is_alive()
    (thread,) = [t for t in set(threading.enumerate()) - before if t.name == "dalsegno-callbacks"]
    assert thread.daemon, "it would keep the process alive"
    hold.set()
    thread.join(30)


def test_stop_from_inside_a_callback_does_not_wait_for_itself() -> None:
    """A callback may close the client it was called by."""
    deliver = DeliveryThread()
    done = threading.Event()

    def stop() -> None:
        deliver.stop(60.0)
        done.set()

    deliver(stop)
    assert done.wait(30)


# --- subscribers --------------------------------------------------------------------------------------


def newest(_: int, newer: int) -> int:
    return newer


def test_a_deliver_that_fails_is_made_up_for() -> None:
    """An app's `deliver` that raises (its window is gone, say) costs no item: the next one brings both."""
    tasks: list[Callable[[], None]] = []
    works = False

    def deliver(task: Callable[[], None]) -> None:
        if not works:
            raise RuntimeError("no window")
        tasks.append(task)

    subscribers = Subscribers[int](deliver, newest, "test")
    got: list[int] = []
    subscribers.add(got.append)
    for number in range(100):
        with pytest.raises(RuntimeError, match="no window"):
            subscribers.tell(number)
    works = True
    subscribers.tell(100)
    for task in tasks:
        task()
    assert [*range(MOST_WAITING - 1), 100] == got


def test_all_hear_in_the_same_order_though_one_answers_at_once() -> None:
    """A callback that runs on the spot and causes the next item does not overtake itself at the others."""
    subscribers = Subscribers[int](lambda task: task(), newest, "test")
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
    subscribers = Subscribers[int](tasks.append, newest, "test")
    got: list[int] = []
    subscribers.add(lambda _: None)
    subscribers.tell(1)
    subscribers.add(got.append)
    subscribers.tell(2)
    for task in tasks:
        task()
    assert [2] == got
