"""What the port `Scheduler` promises a client, on threads and on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dalsegno._errors import Closed
from dalsegno._threads.delivery import Mailbox, Subscribers
from dalsegno._threads.scheduler import Scheduler, TaskLoop, ThreadScheduler
from dalsegno.testing._virtual_clock import VirtualClock
from dalsegno.testing._virtual_scheduler import VirtualScheduler
from tests.support.waiting import until

Task = Callable[[], None]
MOMENT_S = 0.05


class Stage:
    """A scheduler, its worker, and a way to wait for what it does."""

    def __init__(self, scheduler: Scheduler, settle: Callable[[Callable[[], bool]], object]) -> None:
        self.it, self.until = scheduler, settle
        self.worker: TaskLoop = scheduler.worker()
        self.done: list[object] = []

    def note(self, what: object) -> Task:
        return lambda: self.done.append(what)


@pytest.fixture(params=["threads", "virtual clock"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "threads":
        stage = Stage(ThreadScheduler(), lambda is_so: until(is_so, what="it"))
    else:
        clock = VirtualClock()
        stage = Stage(VirtualScheduler(clock), lambda is_so: clock.run_until(is_so, 30_000))
    yield stage
    stage.worker.stop()


def test_tasks_are_done_in_the_order_in_which_they_were_posted(stage: Stage) -> None:
    """One after the other; what a task posts comes after what was posted before."""
    stage.worker.post(lambda: stage.worker.post(stage.note("posted by the first")))
    stage.worker.call(lambda: [stage.worker.post(stage.note(number)) for number in range(5)])
    stage.until(lambda: len(stage.done) == 6)
    assert [*range(5)] == [one for one in stage.done if isinstance(one, int)]


def test_a_call_gives_its_result_or_raises_its_error_here(stage: Stage) -> None:
    """Also from inside a task, where it is done on the spot."""
    assert 7 == stage.worker.call(lambda: 7)
    assert 8 == stage.worker.call(lambda: stage.worker.call(lambda: 8))
    with pytest.raises(ZeroDivisionError):
        stage.worker.call(lambda: 1 // 0)


def test_a_timer_has_a_name_and_there_is_one_of_each(stage: Stage) -> None:
    """Set anew it replaces the one before; cancelled it does not run; the sooner goes first."""

    def set_them() -> None:
        stage.worker.set("a", 1, stage.note("replaced"))
        stage.worker.set("a", 30, stage.note("a"))
        stage.worker.set("b", 10, stage.note("b"))
        stage.worker.set("c", 5, stage.note("cancelled"))
        stage.worker.cancel("c")
        stage.worker.cancel("never set")

    stage.worker.call(set_them)
    stage.until(lambda: len(stage.done) == 2)
    assert ["b", "a"] == stage.done


def test_what_was_posted_before_the_end_is_done_and_nothing_after_it(stage: Stage) -> None:
    """A call then says that the client is closed."""
    stage.worker.call(lambda: stage.worker.set("timer", 1, stage.note("timer")))
    stage.until(lambda: stage.done == ["timer"])
    stage.worker.call(lambda: stage.worker.set("timer", 60_000, stage.note("late")))
    stage.worker.post(stage.note("posted"))
    stage.worker.stop()
    stage.worker.join(30)
    stage.worker.post(stage.note("late"))
    assert ["timer", "posted"] == stage.done
    with pytest.raises(Closed, match="connect again"):
        stage.worker.call(lambda: None)


def test_a_task_may_end_the_worker(stage: Stage) -> None:
    """As a client does that was dropped: what it calls until then is done."""
    stage.worker.post(lambda: (stage.worker.stop(), stage.worker.call(stage.note("still here")))[1])
    stage.until(lambda: bool(stage.done))
    stage.worker.join(30)
    with pytest.raises(Closed):
        stage.worker.call(lambda: None)


@pytest.mark.parametrize("own", [False, True])
def test_callbacks_are_told_in_order_by_nobody_who_is_waited_for(stage: Stage, *, own: bool) -> None:
    """Where the SDK calls them, or where the app's `deliver` does; what was put before the end is told."""
    line: list[Task] = []
    telling = stage.it.telling(line.append if own else None)
    subscribers = Subscribers[int](telling, lambda _, newer: newer, "on_change")
    subscribers.add(stage.done.append)
    for number in range(3):
        subscribers.tell(number)
    telling.stop(30.0)
    if own:
        stage.until(lambda: len(line) == 3)
        assert [] == stage.done
        for call in line:
            call()
    assert [0, 1, 2] == stage.done


def test_what_is_done_aside_is_done(stage: Stage) -> None:
    """Somewhere, soon."""
    stage.it.aside(stage.note("aside"), "dalsegno-aside")
    stage.until(lambda: stage.done == ["aside"])


def test_a_wait_ends_when_it_is_woken_or_when_its_time_is_over(stage: Stage) -> None:
    """And leaves what it waited for, once, either way."""

    def add(wake: Task) -> Task:
        stage.worker.call(lambda: stage.worker.set("wake", 5, wake))
        return stage.note("left")

    stage.it.wait(add, 30.0)
    assert ["left"] == stage.done
    stage.it.wait(lambda _: stage.note("left in vain"), MOMENT_S)
    assert ["left", "left in vain"] == stage.done
    stage.it.wait(lambda _: stage.note("not waited at all"), -1.0)
    assert "not waited at all" == stage.done[-1]


def test_an_item_is_fetched_as_soon_as_it_is_there(stage: Stage) -> None:
    """Nothing: it took too long, or the box was closed."""
    box = Mailbox[int](lambda _, newer: newer, None, lambda: None)
    assert [] == stage.it.fetch(box, MOMENT_S)
    stage.worker.call(lambda: stage.worker.set("item", 5, lambda: box.put(3)))
    assert [3] == stage.it.fetch(box, 30.0)
    stage.worker.call(lambda: stage.worker.set("end", 5, box.close))
    assert [] == stage.it.fetch(box, None)
