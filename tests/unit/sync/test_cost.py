"""What one edit and one event cost: the same with one session and with very many. Counted, not timed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno._core import clock as clocks
from dalsegno._core.fields import FieldCodec
from dalsegno._core.messages import DocumentChange, TargetChange
from dalsegno._core.types import DeviceId, Micros, SessionId
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.waiting import until

MANY = 300
LAPTOP = DeviceId("00000000000000bb")
WIDE = [f"track-{number:04}" for number in range(2_000)]


class Queue(ds.State, schema="queue/1"):
    """A large field beside a small one."""

    items: list[str] = ds.latest([])
    small: int = ds.latest(0)


def least_calls(client: Client, task: Callable[[int], object]) -> dict[str, int]:
    """How often each function is called while the worker does this, at the least of three times: now and then
    the line of timers is tidied up."""
    return min((_calls(client, lambda n=n: task(n)) for n in range(3)), key=lambda found: sum(found.values()))  # type: ignore[misc]


def _calls(client: Client, task: Callable[[], object]) -> dict[str, int]:
    """Python's own functions, and those in C."""
    counted: dict[str, int] = {}

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            name = frame.f_code.co_qualname if event == "call" else argument.__qualname__
            counted[name] = counted.get(name, 0) + 1

    def work() -> None:
        sys.setprofile(note)
        try:
            task()
        finally:
            sys.setprofile(None)

    client._runtime.worker.call(work)
    return counted


def open_more(client: Client, count: int) -> None:
    """So many sessions are open and have been heard of."""
    sessions = [SessionId(f"queue-{number}") for number in range(count)]
    for session in sessions:
        client.open(session, Queue)
    fresh = client._engine.receiver.fresh
    until(
        lambda: client._runtime.worker.call(lambda: all(fresh(s) for s in sessions)), what="all to be heard"
    )


def settled(client: Client) -> None:
    until(lambda: client.status.saved is ds.Saved.EVERYWHERE, what="all edits to be saved")


def test_an_edit(phone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """`update` calls the same functions as often, however many sessions are open."""
    first = phone.open("first", Queue)
    first.update(small=1)
    settled(phone)

    monkeypatch.setattr(phone._runtime.upkeep, "edited", lambda: None)  # what it does depends on the time

    def cost() -> dict[str, int]:
        return least_calls(phone, lambda _: first.update(small=first.state.small + 1))

    one = cost()
    settled(phone)
    open_more(phone, MANY)
    assert one == cost()


def test_a_heartbeat(phone: Client) -> None:
    """A word of the server's that changes nothing costs the same for one target and for very many."""
    open_more(phone, 1)

    def cost() -> dict[str, int]:
        engine = phone._engine
        with_token = TargetChange(
            engine.listen_stream.stream, "NO_CHANGE", (), engine.receiver._watch._read_time, b"token"
        )
        return least_calls(phone, lambda _: engine.handle_event(with_token))

    one = phone._runtime.worker.call(cost)
    open_more(phone, MANY)
    assert one == phone._runtime.worker.call(cost)


def test_a_change_by_another_device(cloud: SimulatedFirestore, phone: Client) -> None:
    """A document that arrives, and of which the app is told, costs the same with one session open and with
    very many."""
    first = phone.open("first", Queue)
    first.update(small=1)
    settled(phone)
    told: list[int] = []
    first.on_change(lambda change: told.append(change.state.small))
    with cloud.now() as server:
        found = server.get(("sessions", "first"))
    assert found is not None

    def arrives(number: int) -> None:
        """The next version of the document."""
        engine, snapshot = phone._engine, found.snapshot()
        assert snapshot is not None
        newer: dict[str, Any] = dict(snapshot.fields)
        newer["rev"] += number
        newer["state"] = {**newer["state"], "small": number}
        stamp = clocks.stamp(clocks.millis_of(newer["stamps"]["small"]) + number, 0, LAPTOP)
        newer["stamps"] = {**newer["stamps"], "small": stamp}
        changed = replace(snapshot, fields=newer, update_time=Micros(snapshot.update_time + number))
        target = engine.receiver._targets["session:first"]
        engine.handle_event(DocumentChange(engine.listen_stream.stream, changed, (target.id,)))

    def cost() -> dict[str, int]:
        number = first.state.small
        return least_calls(phone, lambda run: arrives(number + 1 + run))

    one = cost()
    assert 1 == one["Subscribers.tell"]
    open_more(phone, MANY)
    assert one == cost()
    until(lambda: len(told) == 6, what="the app to be told")
    assert [2, 3, 4, 5, 6, 7] == told


def test_opening_one_more(phone: Client) -> None:
    """The three hundredth session costs what the second did."""
    open_more(phone, 2)

    def cost(name: str) -> dict[str, int]:
        return least_calls(phone, lambda number: phone.open(f"{name} {number}", Queue))

    one = cost("one more")
    open_more(phone, MANY)
    assert one == cost("and one more")


def test_only_what_changed_is_decoded(phone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit decodes its own fields; the others stay the objects that they were."""
    queue = phone.open("queue", Queue)
    queue.update(items=WIDE)
    before, decoded = queue.state, list[object]()
    decode = FieldCodec.decode

    def counted(self: FieldCodec, value: Any) -> Any:
        decoded.append(value)
        return decode(self, value)

    monkeypatch.setattr(FieldCodec, "decode", counted)
    queue.update(small=7)
    assert [7] == decoded
    assert queue.state.items is before.items


def test_only_what_changed_is_written(phone: Client) -> None:
    """An edit, and its confirmation, write a few lines to disk, however large the other fields are."""
    queue = phone.open("queue", Queue)
    queue.update(items=WIDE, small=1)
    settled(phone)
    written: list[str] = []
    store = phone._store
    assert isinstance(store, SqliteStore)
    phone._runtime.worker.call(lambda: store._open_connection().set_trace_callback(written.append))
    queue.update(small=2)
    settled(phone)
    phone._runtime.worker.call(lambda: store._open_connection().set_trace_callback(None))
    assert any("DELETE FROM outbox" in statement for statement in written)
    assert [] == [statement for statement in written if WIDE[7] in statement]
    assert sum(map(len, written)) < sum(map(len, WIDE))


def test_what_was_only_heard_of_has_a_bound(
    cloud: SimulatedFirestore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions of other devices, listed but never opened here, do not fill the disk."""
    monkeypatch.setattr("dalsegno._sync.unopened.MOST_UNOPENED", 3)
    monkeypatch.setattr("dalsegno._sync.unopened.PRUNE_EVERY", 1)
    with cloud.client(tmp_path, "laptop") as laptop:
        for number in range(8):
            laptop.open(f"queue-{number}", Queue).update(small=number)
        assert laptop.flush(30)
    with cloud.client(tmp_path, "phone") as phone:
        phone.open("mine", Queue).update(small=1)
        until(lambda: "queue-7" in [found.id for found in phone.recent()], what="the list")
        expected = {"mine", "queue-5", "queue-6", "queue-7"}
        until(
            lambda: expected == {s.id for s in phone._runtime.worker.call(phone._store.sessions)},
            what="the rest",
        )
