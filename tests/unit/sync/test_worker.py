"""The one thread that owns the engine's state."""

from __future__ import annotations

import logging
import threading

import pytest

from dalsegno._errors import Closed
from dalsegno._threads.worker import Worker
from tests.support.waiting import until


@pytest.fixture
def worker() -> Worker:
    return Worker(name="test-worker")


def test_a_call_runs_on_the_worker_and_gives_its_result(worker: Worker) -> None:
    """Whoever calls, one thread does it."""
    names = {worker.call(lambda: threading.current_thread().name) for _ in range(3)}
    assert {"test-worker"} == names
    worker.stop()


def test_a_call_raises_its_error_at_the_caller(worker: Worker) -> None:
    """And the thread goes on."""

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        worker.call(fail)
    assert 3 == worker.call(lambda: 3)
    worker.stop()


def test_a_call_from_the_worker_itself_does_not_wait_for_itself(worker: Worker) -> None:
    """A callback of the engine may use the same methods as an app."""
    assert 3 == worker.call(lambda: worker.call(lambda: 3))
    worker.stop()


def test_tasks_run_in_their_order(worker: Worker) -> None:
    """First asked, first done."""
    done: list[int] = []
    for number in range(100):
        worker.post(lambda number=number: done.append(number))  # type: ignore[misc]
    worker.call(lambda: None)
    assert list(range(100)) == done
    worker.stop()


def test_a_failing_task_is_told_and_ends_nothing(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever an engine's task raises."""

    def fails() -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, logger="dalsegno"):
        worker.post(fails)
        assert 3 == worker.call(lambda: 3)
    assert "ZeroDivisionError" in caplog.text
    worker.stop()


def test_a_timer_runs_once_and_setting_it_again_replaces_it(worker: Worker) -> None:
    """Named timers: of two under one name the last counts."""
    done: list[str] = []
    worker.call(lambda: worker.set("a", 3_600_000, lambda: done.append("late")))
    worker.call(lambda: worker.set("a", 1, lambda: done.append("soon")))
    worker.call(lambda: (worker.set("b", 1, lambda: done.append("never")), worker.cancel("b")))
    worker.call(lambda: worker.set("c", 20, lambda: done.append("last")))
    until(lambda: "last" in done, what="the last timer")
    assert ["soon", "last"] == done
    worker.stop()


def test_timers_run_though_tasks_keep_coming(worker: Worker) -> None:
    """A busy stream does not starve the watchdog."""
    fired = threading.Event()

    def again() -> None:
        if not fired.is_set():
            worker.post(again)

    worker.call(lambda: worker.set("watchdog", 10, fired.set))
    worker.post(again)
    assert fired.wait(30)
    worker.stop()


def test_stop_does_what_was_asked_before_it(worker: Worker) -> None:
    """What is in the queue is done; what comes after is refused or dropped."""
    done: list[int] = []
    for number in range(50):
        worker.post(lambda number=number: done.append(number))  # type: ignore[misc]
    worker.stop()
    assert list(range(50)) == done
    worker.post(lambda: done.append(99))
    with pytest.raises(Closed):
        worker.call(lambda: 3)
    assert 50 == len(done)


def test_a_call_during_the_end_is_answered_or_refused_and_never_hangs() -> None:
    """Many threads call while the worker stops: each gets its result or `Closed`."""
    for _ in range(20):
        worker = Worker()
        answers: list[object] = []

        def ask(worker: Worker = worker, answers: list[object] = answers) -> None:
            for _ in range(200):
                try:
                    answers.append(worker.call(lambda: 1))
                except Closed:
                    answers.append("closed")

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        worker.stop()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)
        assert 600 == len(answers)


def test_the_worker_may_stop_itself(worker: Worker) -> None:
    """A callback that closes the client does not wait for itself."""
    worker.call(worker.stop)
    until(lambda: not worker._thread.is_alive(), what="the thread's end")
