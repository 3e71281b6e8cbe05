"""dalsegno.kivy: delivery on Kivy's main thread, and a property bound to a field."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from kivy.base import ExceptionHandler, ExceptionManager
from kivy.clock import Clock
from kivy.event import EventDispatcher
from kivy.properties import BoundedNumericProperty, NumericProperty

import dalsegno as ds
from dalsegno._errors import UsageError
from dalsegno.kivy import bind, deliver
from tests.support.waiting import until


def ticked(condition: Callable[[], object]) -> Callable[[], object]:
    """For until(): one turn of Kivy's main loop, then the condition."""

    def turn() -> object:
        Clock.tick()
        return condition()

    return turn


class Knob(EventDispatcher):
    value = NumericProperty(0.0)


class Session:
    """The part of a session that a binding uses, with every write counted."""

    def __init__(self, **state: Any) -> None:
        self.state = SimpleNamespace(**state)
        self.written: list[dict[str, Any]] = []
        self.callbacks: list[Callable[[Any], None]] = []

    def update(self, **fields: Any) -> None:
        self.written.append(fields)
        self.arrive(**fields)

    def arrive(self, **fields: Any) -> None:
        self.state = SimpleNamespace(**{**vars(self.state), **fields})
        for callback in list(self.callbacks):
            callback(SimpleNamespace(fields=frozenset(fields), state=self.state))

    def on_change(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)


def as_session(session: Session) -> ds.Session[Any]:
    return cast("ds.Session[Any]", session)


def test_what_other_threads_deliver_runs_on_the_main_thread_in_order() -> None:
    """A thousand callbacks of a thread run on the thread that turns Kivy's loop, as they were delivered."""
    ran: list[tuple[int, threading.Thread]] = []
    sender = threading.Thread(
        target=lambda: [
            deliver(partial(lambda n: ran.append((n, threading.current_thread())), n)) for n in range(1000)
        ]
    )
    sender.start()
    until(ticked(lambda: len(ran) == 1000), what="1000 callbacks")
    sender.join()
    assert [(n, threading.main_thread()) for n in range(1000)] == ran


def test_one_hop_carries_all_that_waits() -> None:
    """Callbacks delivered while the main thread is busy all run in its next turn."""
    ran: list[int] = []
    for n in range(50):
        deliver(partial(ran.append, n))
    until(ticked(lambda: bool(ran)))
    assert list(range(50)) == ran


def test_a_failing_callback_does_not_swallow_those_behind_it() -> None:
    """Kivy's exception handlers see the error; the next callbacks still run, in order."""
    ran: list[str] = []
    caught: list[BaseException] = []

    class Catch(ExceptionHandler):
        def handle_exception(self, inst: BaseException) -> Any:
            caught.append(inst)
            return ExceptionManager.PASS

    handler = Catch()
    ExceptionManager.add_handler(handler)
    error = RuntimeError("a bug in the app")

    def fail() -> None:
        raise error

    def turn() -> bool:
        try:
            Clock.tick()
        except RuntimeError as raised:  # outside of an app's own loop the clock does not catch
            ExceptionManager.handle_exception(raised)
        return len(ran) == 2

    try:
        deliver(lambda: ran.append("before"))
        deliver(fail)
        deliver(lambda: ran.append("behind"))
        until(turn, what="the callback behind the failing one")
    finally:
        ExceptionManager.remove_handler(handler)
    assert (["before", "behind"], [error]) == (ran, caught)


def test_a_bound_property_starts_at_the_fields_value_and_writes_nothing() -> None:
    """Binding shows what is known; it is not an edit."""
    session, knob = Session(volume=0.3), Knob()
    bind(as_session(session), "volume", knob, "value")
    assert (0.3, []) == (knob.value, session.written)


def test_a_change_of_the_property_is_written_once() -> None:
    """Turning the knob updates the field, and the echo of that update is not written again."""
    session, knob = Session(volume=0.3), Knob()
    bind(as_session(session), "volume", knob, "value")
    knob.value = 0.8
    assert [{"volume": 0.8}] == session.written


def test_a_change_from_elsewhere_moves_the_property_and_is_not_written_back() -> None:
    """What comes from another device is shown, and makes no edit of this one."""
    session, knob = Session(volume=0.3, track=1), Knob()
    bind(as_session(session), "volume", knob, "value")
    session.arrive(volume=0.5)
    session.arrive(track=2)
    assert (0.5, []) == (knob.value, session.written)


def test_a_property_that_shows_less_than_the_field_holds_does_not_correct_it() -> None:
    """A widget that clamps what came from another device keeps that to itself: showing is no edit."""

    class Clamped(EventDispatcher):
        value = BoundedNumericProperty(0.0, min=0.0, max=1.0, errorhandler=lambda v: min(1.0, max(0.0, v)))

    session, knob = Session(volume=0.3), Clamped()
    bind(as_session(session), "volume", knob, "value")
    session.arrive(volume=1.5)
    assert (1.0, []) == (knob.value, session.written)


def test_after_unbinding_each_goes_its_own_way() -> None:
    """Neither a turn of the knob nor a change of the field reaches the other any more."""
    session, knob = Session(volume=0.3), Knob()
    bind(as_session(session), "volume", knob, "value")()
    knob.value = 0.8
    session.arrive(volume=0.1)
    assert (0.8, [], []) == (knob.value, session.written, session.callbacks)


def test_binding_what_does_not_exist_says_so() -> None:
    """A field or a property that is not there is named at once, not at the first change."""
    with pytest.raises(UsageError, match="no field 'volum'"):
        bind(as_session(Session(volume=0.3)), "volum", Knob(), "value")
    with pytest.raises(UsageError, match="Knob has no Kivy property 'level'"):
        bind(as_session(Session(volume=0.3)), "volume", Knob(), "level")


class Listening(ds.State, schema="listening-test/1"):
    volume: float = ds.latest(0.5)


def test_a_knob_on_one_device_turns_the_knob_on_the_other(
    project: str, emulator_host: str, tmp_path: Path
) -> None:
    """Two real clients on the emulator: the bound property follows, on Kivy's main thread, and both rest."""

    def device(name: str) -> ds.Client:
        return ds.connect(
            project,
            user=ds.Unsigned("alice"),
            device=name,
            app="player",
            profile=name,
            home=tmp_path,
            emulator=emulator_host,
            deliver=deliver,
        )

    with device("phone") as phone, device("laptop") as laptop:
        here, there = phone.open("queue", Listening), laptop.open("queue", Listening)
        mine, other = Knob(), Knob()
        threads: set[threading.Thread] = set()
        other.bind(value=lambda *_: threads.add(threading.current_thread()))
        unbind = [bind(here, "volume", mine, "value"), bind(there, "volume", other, "value")]
        mine.value = 0.25
        until(ticked(lambda: other.value == 0.25), timeout_s=60, what="the other knob")
        until(
            ticked(lambda: here.saved is there.saved is ds.Saved.EVERYWHERE), what="rest: no echo is written"
        )
        assert {threading.main_thread()} == threads
        for end in unbind:
            end()
