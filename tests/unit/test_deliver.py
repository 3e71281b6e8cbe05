"""An app's own `deliver`, whatever it does: wait for the app, fail, or never come back."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until


@pytest.fixture
def cloud(cloud: SimulatedFirestore) -> SimulatedFirestore:
    """Out of reach."""
    cloud.reachable = False
    return cloud


class Window:
    """A toolkit as Tk: whoever calls `after` from another thread waits until the main loop has time."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[Callable[[], None], threading.Event]] = queue.SimpleQueue()
        self._due: list[Callable[[], None]] = []
        self.is_over = False

    def after(self, callback: Callable[[], None]) -> None:
        taken = threading.Event()
        self._asked.put((callback, taken))
        while not self.is_over and not taken.wait(0.05):
            """As long as there is a window."""

    def turn(self) -> None:
        """One round of the main loop, on the thread that calls this."""
        while not self._asked.empty():
            callback, taken = self._asked.get()
            self._due.append(callback)
            taken.set()
        while self._due:
            self._due.pop(0)()

    def until(self, condition: Callable[[], object]) -> None:
        """The main loop."""

        def seen() -> object:
            self.turn()
            return condition()

        until(seen)


def test_a_deliver_that_waits_for_the_caller_of_update_stops_nobody(
    cloud: SimulatedFirestore, tmp_path: Path
) -> None:
    """The main thread is in `update` and the toolkit takes callbacks only from its loop: `update` returns,
    the callbacks come when the loop goes on, in their order; and `close` returns, too."""
    window = Window()
    told: list[tuple[str, int]] = []
    client = cloud.client(tmp_path, "phone", deliver=window.after)
    book = client.open("moby", Book)
    book.on_change(lambda change: told.append((change.state.note, threading.get_ident())))
    for note in ("one", "two", "three"):
        book.update(note=note)
    assert [] == told
    window.until(lambda: len(told) == 3)
    here = threading.get_ident()
    assert [("one", here), ("two", here), ("three", here)] == told
    book.update(note="at the end")
    assert not client.close(0.0)
    cloud.client(tmp_path, "phone").close(0.0)
    window.is_over = True


def test_a_deliver_that_raises_harms_nobody(
    cloud: SimulatedFirestore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """`update` returns, `close` frees the profile, the log says that `deliver` failed; and what it was given
    is told with the next."""
    works = threading.Event()

    def deliver(task: Callable[[], None]) -> None:
        if not works.is_set():
            raise RuntimeError("the window is gone")
        task()

    told: list[str] = []
    client = cloud.client(tmp_path, "phone", deliver=deliver)
    book = client.open("moby", Book)
    book.on_change(lambda change: told.append(change.state.note))
    with caplog.at_level(logging.ERROR, logger="dalsegno"):
        assert "one" == book.update(note="one").note
        until(lambda: "deliver failed with RuntimeError" in caplog.text)
    works.set()
    book.update(note="two")
    until(lambda: len(told) == 2)
    assert ["one", "two"] == told
    works.clear()
    book.update(note="three")
    client.close(0.0)
    with cloud.client(tmp_path, "phone") as again:
        assert "three" == again.open("moby", Book).state.note
        again.close(0.0)


def test_a_deliver_that_never_returns_stops_nothing(
    cloud: SimulatedFirestore, tmp_path: Path, hold: threading.Event
) -> None:
    """Edits are made, sent and confirmed; iterators go on; the client closes, and the profile is free."""
    cloud.reachable = True
    entered = threading.Event()

    def deliver(_: Callable[[], None]) -> None:
        entered.set()
        hold.wait()

    client = cloud.client(tmp_path, "phone", deliver=deliver)
    book = client.open("moby", Book)
    assert book.wait_known(30.0)
    book.on_change(lambda _: None)
    changes = book.changes()
    for number in range(100):
        book.update(note=str(number))
    assert entered.wait(30)
    assert "0" == next(changes).state.note
    assert client.close(30.0)
    cloud.client(tmp_path, "phone").close(0.0)


def test_a_deliver_may_close_the_client(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """On whatever thread it is called."""
    closed = threading.Event()

    def deliver(_: Callable[[], None]) -> None:
        if not closed.is_set():
            client.close(0.0)
            closed.set()

    client: ds.Client = cloud.client(tmp_path, "phone", deliver=deliver)
    book = client.open("moby", Book)
    book.on_change(lambda _: None)
    book.update(note="x")
    assert closed.wait(30)
    cloud.client(tmp_path, "phone").close(0.0)
