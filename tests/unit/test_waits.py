"""Whoever waits is woken: nothing looks every few milliseconds whether it is time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._threads.waiters import Waiters
from dalsegno._threads.worker import MOST_WAITING, Worker
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until

SHORT_S = 10.0
"""Who waits less than this, and is asked to wait for a minute, only looks whether it is time."""


class Aside(threading.Thread):
    """Runs one call on a thread of its own. `waits`: how long each wait there was to last; None: for ever."""

    def __init__(self, call: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(daemon=True)
        self.answer: object = None
        self.error: Exception | None = None
        self.waits: list[float | None] = []
        self._call, self._sleep, self._wait = call, time.sleep, threading.Condition.wait
        monkeypatch.setattr(time, "sleep", self.sleep)
        monkeypatch.setattr(threading.Condition, "wait", lambda *args: self.wait(*args))
        self.start()

    def run(self) -> None:
        try:
            self.answer = self._call()
        except ds.DalSegnoError as error:
            self.error = error

    def sleep(self, seconds: float) -> None:
        self._note(seconds)
        self._sleep(seconds)

    def wait(self, condition: threading.Condition, timeout: float | None = None) -> bool:
        self._note(timeout)
        return self._wait(condition, timeout)

    def _note(self, seconds: float | None) -> None:
        if threading.current_thread() is self:
            self.waits.append(seconds)

    def done(self) -> object:
        self.join(30)
        assert not self.is_alive()
        assert [] == [seconds for seconds in self.waits if seconds is not None and seconds < SHORT_S]
        return self.answer


def test_wait_saved_is_woken_by_the_servers_word(
    cloud: SimulatedFirestore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its own session: that the client owes more does not matter."""
    with cloud.client(tmp_path, "phone", reachable=False) as client:
        book, other = client.open("moby", Book), client.open("emma", Book)
        book.update(note="x")
        aside = Aside(lambda: book.wait_saved(60.0), monkeypatch)
        until(lambda: len(client._standing.waiters) == 1)
        cloud.reachable = True
        client.network_changed()
        other.update(note="y")
        assert aside.done() is True
        assert 0 == len(client._standing.waiters)


@pytest.mark.parametrize("what", ["session", "client"])
def test_wait_saved_ends_with_what_it_waits_for(
    cloud: SimulatedFirestore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Closed meanwhile: it says so, at once."""
    client = cloud.client(tmp_path, "phone", reachable=False)
    book = client.open("moby", Book)
    book.update(note="x")
    aside = Aside(lambda: book.wait_saved(60.0), monkeypatch)
    until(lambda: len(client._standing.waiters) == 1)
    book.close() if what == "session" else client.close(0.0)
    aside.done()
    assert isinstance(aside.error, ds.Closed)
    client.close(0.0)


def test_a_reader_of_changes_waits_without_looking(
    cloud: SimulatedFirestore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sleeps until there is one, or until the session, or its client, is closed."""
    waits: list[float | None] = []
    plain = threading.Condition.wait

    def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
        if threading.current_thread().name == "reader":
            waits.append(timeout)
        return plain(condition, timeout)

    monkeypatch.setattr(threading.Condition, "wait", wait)
    with cloud.client(tmp_path, "phone") as client:
        changes = client.open("moby", Book).changes()
        reader = threading.Thread(target=lambda: list(changes), name="reader")
        reader.start()
        until(lambda: waits)
        client.close(0.0)
        reader.join(30)
    assert ([None], False) == (waits, reader.is_alive())


def test_a_server_that_is_held_back_is_woken_when_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the line is short enough; not before; and at the worker's end."""
    worker, hold = Worker(), threading.Event()
    for _ in range(MOST_WAITING + 1):
        worker.post(hold.wait)  # type: ignore[arg-type]
    aside = Aside(worker.wait_for_room, monkeypatch)
    until(lambda: worker._held_back == 1)
    assert aside.is_alive()
    hold.set()
    aside.done()
    worker.stop()


def test_each_waiter_is_woken_once() -> None:
    """When it is so: now, later, or at the end; and whoever has left is not."""
    waiters, woken, is_so = Waiters(), list[str](), False
    for name in ("one", "two"):
        waiters.add(lambda: is_so, lambda name=name: woken.append(name))  # type: ignore[misc]
    waiters.add(lambda: is_so, lambda: woken.append("left"))()
    waiters.add(lambda: True, lambda: woken.append("at once"))
    waiters.look()
    assert ["at once"] == woken
    is_so = True
    waiters.look()
    waiters.look()
    is_so = False
    waiters.add(lambda: is_so, lambda: woken.append("at the end"))
    waiters.end()
    waiters.end()
    assert ["at once", "one", "two", "at the end"] == woken
