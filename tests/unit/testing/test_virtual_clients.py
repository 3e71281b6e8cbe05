"""Clients on a virtual clock, as an app's tests use them: no threads, no waiting, the same run each time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._threads.worker import SystemTime
from dalsegno.testing import SimulatedFirestore, VirtualClock
from tests.support.recipe import program

HOUR_MS = 3_600_000.0


class Reading(ds.State, schema="reading/1"):
    """What is edited here."""

    page: int = ds.latest(0)
    furthest: float = ds.highest(0.0)


class Stage:
    """A phone and a laptop at one simulated Firestore."""

    def __init__(self, home: Path) -> None:
        self.clock = VirtualClock()
        self.cloud = SimulatedFirestore(self.clock)
        self.home = home
        self.phone, self.laptop = self.cloud.client(home, "phone"), self.cloud.client(home, "laptop")
        self.here, self.there = self.phone.open("moby", Reading), self.laptop.open("moby", Reading)

    def close(self) -> None:
        self.phone.close()
        self.laptop.close()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_nothing_happens_until_the_clock_runs(stage: Stage) -> None:
    """An edit is here at once, and there once time has passed; callbacks are called on the way."""
    told: list[ds.Change[Reading]] = []
    stage.clock.run(1_000)
    stage.there.on_change(told.append)
    stage.here.update(page=3)
    assert (3, 0, []) == (stage.here.state.page, stage.there.state.page, told)
    stage.clock.run(1_000)
    assert (3, [3]) == (stage.there.state.page, [change.state.page for change in told])
    assert (ds.Origin.REMOTE, "phone") == (told[0].origin, told[0].device and told[0].device.name)
    stage.close()


def test_hours_in_a_tunnel_take_no_time(stage: Stage) -> None:
    """Both edit offline: the place of whoever turned the last page wins, the furthest stands."""
    stage.clock.run(1_000)
    stage.cloud.reachable = False
    stage.here.update(page=40, furthest=0.4)
    stage.clock.run(3 * HOUR_MS)
    stage.there.update(page=7, furthest=0.1)
    stage.clock.run(HOUR_MS)
    assert (ds.Link.OFFLINE, ds.Saved.HERE) == (stage.phone.status.link, stage.phone.status.saved)
    stage.cloud.reachable = True
    stage.clock.run(2 * 60_000)
    assert [Reading(page=7, furthest=0.4)] * 2 == [stage.here.state, stage.there.state]
    assert ds.Link.LIVE is stage.phone.status.link
    stage.close()


def test_what_waits_lets_time_pass(stage: Stage) -> None:
    """`wait_saved`, `flush` and `changes` return when they are answered, or when their time is over."""
    begun_ms = stage.clock.now_ms
    stage.here.update(page=1)
    assert stage.here.wait_saved(60.0)
    assert stage.clock.now_ms - begun_ms < 2_000
    assert [1] == [change.state.page for change in stage.there.changes(timeout_s=5.0)]
    stage.cloud.reachable = False
    stage.here.update(page=2)
    begun_ms = stage.clock.now_ms
    assert not stage.phone.flush(30.0)
    assert 30_000 == pytest.approx(stage.clock.now_ms - begun_ms)
    stage.close()


def test_closing_sends_what_is_owed_and_ends(stage: Stage) -> None:
    """What the app was to be told is told; after that every call says that the client is closed."""
    told: list[int] = []
    stage.here.on_change(lambda change: told.append(change.state.page), fields="page")
    stage.here.update(page=9)
    assert stage.phone.close()
    assert [9] == told
    assert 9 == (stage.cloud.session("moby") or {})["state"]["page"]
    with pytest.raises(ds.Closed):
        stage.here.update(page=10)
    with pytest.raises(ds.Closed):
        stage.phone.flush()
    stage.laptop.close()


def test_a_request_to_a_device_is_answered_while_the_clock_runs(stage: Stage) -> None:
    """A future has its result once time has passed."""
    stage.clock.run(1_000)
    stage.phone.devices()
    stage.clock.run(1_000)
    laptop = next(d for d in stage.phone.devices() if d.name == "laptop")
    asked = stage.phone.rename_device(laptop.id, "desk")
    assert not asked.done()
    stage.clock.run(1_000)
    assert (None, "desk") == (asked.result(0), stage.laptop.device.name)
    stage.phone.rename_device(laptop.id, "table").result(5)
    asked.add_done_callback(lambda _: 1 // 0)  # an app's mistake is logged, as on threads
    stage.clock.run(1_000)
    stage.cloud.reachable = False
    with pytest.raises(ds.Offline):
        stage.phone.rename_device(laptop.id, "chair").result()
    assert isinstance(stage.phone.rename_device(laptop.id, "chair").exception(), ds.Offline)
    stage.close()


def test_no_thread_works_beside_the_test(tmp_path: Path) -> None:
    """Nothing can be different next time because something else was faster."""
    before = set(threading.enumerate())
    stage = Stage(tmp_path)
    stage.here.update(page=1)
    stage.clock.run(HOUR_MS)
    assert before == set(threading.enumerate())
    stage.close()


def test_a_dropped_client_frees_its_profile(stage: Stage) -> None:
    """As on threads: it warns, and the next one finds its edits. The drop itself runs nobody's callbacks."""
    stage.clock.run(1_000)
    told: list[object] = []
    stage.there.on_change(told.append)
    stage.phone.on_status(told.append)
    stage.here.update(page=5)
    with pytest.warns(ResourceWarning, match="without close"):
        del stage.here, stage.phone
    assert [] == told
    with stage.cloud.client(stage.home, "phone") as phone:
        assert 5 == phone.open("moby", Reading).state.page
    stage.laptop.close()


def test_a_dropped_client_of_the_machines_time_frees_its_profile(tmp_path: Path) -> None:
    """The next one waits for it."""
    cloud = SimulatedFirestore()
    phone = cloud.client(str(tmp_path), "phone")
    with pytest.warns(ResourceWarning, match="without close"):
        del phone
    cloud.client(str(tmp_path), "phone").close()


def test_callbacks_come_one_after_the_other(stage: Stage) -> None:
    """Also where one of them lets time pass: none is called inside another, none before an older one."""
    told: list[int] = []

    def callback(change: ds.Change[Reading]) -> None:
        stage.phone.flush(1.0)
        stage.clock.run(100)
        told.append(change.state.page)

    stage.here.on_change(callback, fields="page")
    for page in range(1, 6):
        stage.here.update(page=page)
    stage.clock.run(5_000)
    assert [1, 2, 3, 4, 5] == told
    stage.close()


class Told(BaseException):
    """What ends a test: pytest's own, or the keyboard's."""


@pytest.mark.parametrize("own", [False, True])
def test_what_ends_a_test_ends_it_in_a_callback_too(tmp_path: Path, *, own: bool) -> None:
    """An app's mistake is logged and harms nobody, as on threads; `pytest.fail` and Ctrl-C are none."""
    clock = VirtualClock()
    deliver = (lambda callback: callback()) if own else None
    with SimulatedFirestore(clock).client(tmp_path, "phone", deliver=deliver) as phone:
        errors: list[BaseException] = [ValueError("the app's"), Told()]
        told: list[int] = []

        def callback(change: ds.Change[Reading]) -> None:
            told.append(change.state.page)
            if errors:
                raise errors.pop(0)

        book = phone.open("moby", Reading)
        book.on_change(callback)
        book.update(page=1)
        clock.run()
        book.update(page=2)
        with pytest.raises(Told):
            clock.run()
        book.update(page=3)
        clock.run()
        assert [1, 2, 3] == told


@pytest.mark.no_cover  # the same lines, thousands of times
def test_a_wait_for_what_cannot_come_says_so(stage: Stage) -> None:
    """Nothing beside the test could end it: a day of virtual time is enough."""
    stage.clock.run(1_000)
    with pytest.raises(ds.UsageError, match="timeout"):
        list(stage.here.changes())
    stage.cloud.reachable = False
    stage.here.update(page=1)
    for endless in (float("inf"), float("nan")):
        with pytest.raises(ds.UsageError, match="timeout"):
            stage.phone.flush(endless)
    stage.close()


def test_a_device_with_a_wrong_clock(tmp_path: Path) -> None:
    """A day ahead, it wins nothing: who edits later is later."""
    clock = VirtualClock()
    cloud = SimulatedFirestore(clock)
    with cloud.client(tmp_path, "a", skew_ms=24 * HOUR_MS) as ahead, cloud.client(tmp_path, "b") as right:
        assert 24 * HOUR_MS == ahead.now_ms() - right.now_ms()
        here, there = ahead.open("moby", Reading), right.open("moby", Reading)
        clock.run(1_000)
        here.update(page=1)
        clock.run(1_000)
        there.update(page=2)
        clock.run(1_000)
        assert (2, 2) == (here.state.page, there.state.page)
        assert 0 == pytest.approx(ahead.now_ms() - right.now_ms(), abs=1)


def test_a_client_of_a_virtual_clock_belongs_to_one_thread(stage: Stage) -> None:
    """Whoever calls from another would be run into by the clock: that is said."""
    said: list[str] = []

    def call() -> None:
        try:
            stage.here.update(page=1)
        except ds.UsageError as error:
            said.append(str(error))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join(30)
    assert "thread" in said[0]
    stage.close()


def test_a_field_is_set_by_hand_and_the_rules_are_lifted_again(stage: Stage) -> None:
    """What `session` gives is a copy: the server's changes with `put`."""
    stage.here.update(page=1)
    stage.clock.run(1_000)
    document = stage.cloud.session("moby") or {}
    document["state"]["page"] = 50
    assert 1 == (stage.cloud.session("moby") or {})["state"]["page"]
    stage.cloud.put("moby", document)
    document["state"]["page"] = 51
    assert 50 == (stage.cloud.session("moby") or {})["state"]["page"]
    stage.clock.run(1_000)
    assert (50, 50) == (stage.here.state.page, stage.there.state.page)
    stage.cloud.refuse("no more today")
    stage.here.update(page=2)
    stage.clock.run(5_000)
    assert "page" == stage.here.problems[0].field
    stage.cloud.allow()
    stage.here.update(page=3)
    stage.clock.run(60_000)
    assert ((), 3) == (stage.here.problems, stage.there.state.page)
    stage.close()


def test_a_device_that_starts_in_a_tunnel_takes_the_others_along(stage: Stage) -> None:
    """There is one server: who cannot reach it is said of all."""
    stage.clock.run(1_000)
    tablet = stage.cloud.client(stage.home, "tablet", reachable=False)
    stage.clock.run(1_000)
    assert (False, ds.Link.OFFLINE) == (stage.cloud.reachable, stage.phone.status.link)
    tablet.close()
    stage.close()


def test_an_app_goes_to_the_background_and_comes_back(stage: Stage) -> None:
    """What it missed is there a moment after it is back. It is offline meanwhile, also where it went before
    it had connected at all."""
    stage.phone.pause()
    assert [ds.Link.OFFLINE] == [stage.phone.status.link]
    stage.there.update(page=8)
    stage.clock.run(HOUR_MS)
    assert (0, ds.Link.OFFLINE) == (stage.here.state.page, stage.phone.status.link)
    stage.phone.resume()
    assert [ds.Link.CONNECTING] == [stage.phone.status.link]
    stage.clock.run(1_000)
    assert (8, ds.Link.LIVE) == (stage.here.state.page, stage.phone.status.link)
    stage.close()


def test_what_deliver_is_given_is_run_by_the_app(tmp_path: Path) -> None:
    """`deliver` is called while the clock runs; what it does with the callback is the app's."""
    clock = VirtualClock()
    line: list[Callable[[], None]] = []
    with SimulatedFirestore(clock).client(tmp_path, "phone", deliver=line.append) as phone:
        told: list[int] = []
        book = phone.open("moby", Reading)
        book.on_change(lambda change: told.append(change.state.page))
        book.update(page=1)
        clock.run()
        assert (1, []) == (len(line), told)
        line[0]()
        assert [1] == told


def test_a_clock_that_does_not_go_with_the_server_is_refused(tmp_path: Path) -> None:
    """Clocks of one's own at the machine's time, a skew on a virtual clock."""
    with pytest.raises(ds.UsageError, match="virtual clock"):
        SimulatedFirestore(VirtualClock()).client(tmp_path, "phone", time=SystemTime())
    with pytest.raises(ds.UsageError, match="virtual clock"):
        SimulatedFirestore().client(tmp_path, "phone", skew_ms=5.0)


def test_a_clock_runs_until_it_is_so() -> None:
    """It stops right there, or when that takes too long; a task may let time pass, too."""
    clock, done = VirtualClock(), list[float]()
    start_ms = clock.now_ms
    clock.after(1_000, lambda: done.append(clock.now_ms))
    clock.after(2_000, lambda: clock.run(5_000))
    assert clock.run_until(lambda: bool(done), 10_000)
    assert 1_000 == clock.now_ms - start_ms
    clock.run(1_500)
    assert 7_000 == clock.now_ms - start_ms
    assert not clock.run_until(lambda: len(done) > 1, 500)
    assert 7_500 == clock.now_ms - start_ms


def test_the_recipe_is_a_test_that_passes(tmp_path: Path) -> None:
    """docs/recipes.md, as it stands."""
    names: dict[str, Any] = {"Reading": Reading}
    exec(program("Tests"), names)
    names["test_the_tablet_opens_where_the_phone_was_put_down"](tmp_path)
