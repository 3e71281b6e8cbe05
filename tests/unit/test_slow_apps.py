"""An app whose callbacks block, or that never asks: what waits for it stays small, and nothing is lost."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno._core.clock import stamp
from dalsegno._core.document import Document, Entry
from dalsegno._core.replica import Replica
from dalsegno._core.screen import FieldAdvice
from dalsegno._core.types import Advice, DeviceId, Micros, Millis, Origin, Rule, SessionId
from dalsegno._sync.view_change import ViewChange
from dalsegno._threads.delivery import MOST_WAITING
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until

MANY = 20_000
THEIRS = DeviceId("00000000000000bb")
LONG_S = 60.0


@pytest.fixture
def cloud(cloud: SimulatedFirestore) -> SimulatedFirestore:
    """Out of reach."""
    cloud.reachable = False
    return cloud


def hears(client: Client, session: str, count: int, *, offered: int = -1) -> None:
    """So many changes from another device, one after the other; from number `offered` on they are offered.

    Those in the middle repeat themselves, or it would be the making of documents that takes the time.
    """

    @cache
    def replica(number: int) -> Replica:
        entry = Entry(f"change {number}", stamp(number + 1, 0, THEIRS), number)
        time = Micros(number + 1)
        document = Document("book/1", {"note": entry}, number + 1, Millis(0), THEIRS, time, time)
        return Replica(SessionId(session), Book.__schema__, document)

    def all_of_them() -> None:
        before = replica(-1)
        for number in range(count):
            after = replica(number if number < 100 or number == count - 1 else 50 + number % 2)
            note = frozenset({"note"})
            unseen = 0 <= offered <= number
            advice = (Advice.OFFER, Rule.UNSEEN) if unseen else (Advice.FOLLOW, Rule.SEEN)
            told = {"note": FieldAdvice(*advice, after.view["note"])}
            change = ViewChange(SessionId(session), before, after, note, Origin.REMOTE, THEIRS, unseen, told)
            client._sessions.changed(change)
            before = after

    client._runtime.worker.call(all_of_them)


def alive(kind: type) -> int:
    """How many of these there are in memory."""
    gc.collect()
    return sum(type(found) is kind for found in gc.get_objects())  # isinstance would ask dead proxies, too


@pytest.mark.no_cover  # the same lines, thousands of times
def test_a_callback_that_blocks_lets_nothing_pile_up(
    cloud: SimulatedFirestore, tmp_path: Path, hold: threading.Event
) -> None:
    """20,000 changes from another device meanwhile: a few dozen are in memory; once the callback returns
    the app is told how it stands at the end, that all of it was one way, and that it is an offer."""
    with cloud.client(tmp_path, "phone") as client:
        book = client.open("moby", Book)
        told: list[ds.Change[Book]] = []
        entered, before = threading.Event(), alive(ds.Change)

        def blocks(change: ds.Change[Book]) -> None:
            told.append(change)
            entered.set()
            hold.wait()

        book.on_change(blocks)
        hears(client, "moby", 1)
        assert entered.wait(LONG_S)
        before = alive(ds.Change)
        book.update(furthest=0.5)  # returns, and is told in its turn
        hears(client, "moby", MANY, offered=MANY // 2)
        assert alive(ds.Change) - before <= 2 * MOST_WAITING
        assert f"change {MANY - 1}" == book.state.note
        hold.set()
        until(lambda: told[-1].state == book.state, timeout_s=LONG_S)
        assert MOST_WAITING + 1 == len(told)
        last = told[-1]
        assert (ds.Advice.OFFER, True, Origin.REMOTE) == (last.advice, last.concurrent, last.origin)
        assert [c.state for c in told[:-1]] == [c.previous for c in told[1:]]
        client.close(0.0)


def test_a_deliver_of_the_apps_own_gets_a_few_tasks(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """As with Kivy on a phone whose screen is off: the loop runs nothing for hours. Each session and each
    subscriber has its own few."""
    tasks: list[Callable[[], None]] = []
    with cloud.client(tmp_path, "phone", deliver=tasks.append) as client:
        sessions = [client.open(name, Book) for name in ("moby", "emma")]
        told: list[list[str]] = [[], [], []]
        sessions[0].on_change(lambda c: told[0].append(c.state.note))
        sessions[0].on_change(lambda c: told[1].append(c.state.note))
        sessions[1].on_change(lambda c: told[2].append(c.state.note))
        hears(client, "moby", 1_000)
        hears(client, "emma", 3)
        until(lambda: len(tasks) == 2 * MOST_WAITING + 3, what="all that is told")
        for task in tasks:
            task()
        first = [f"change {n}" for n in (*range(MOST_WAITING - 1), 999)]
        assert [first, first, ["change 0", "change 1", "change 2"]] == told
        client.close(0.0)


@pytest.mark.no_cover  # the same lines, thousands of times
def test_an_iterator_that_is_not_asked_keeps_a_few(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """Whoever asks late gets the way to the newest state in few steps; and it depends on no callback."""
    tasks: list[Callable[[], None]] = []
    with cloud.client(tmp_path, "phone", deliver=tasks.append) as client:
        book = client.open("moby", Book)
        before = alive(ds.Change)
        changes = book.changes(timeout_s=0.2)
        hears(client, "moby", 10_000)
        assert alive(ds.Change) - before <= 2 * MOST_WAITING
        notes = [change.state.note for change in changes]
        assert [f"change {n}" for n in (*range(MOST_WAITING - 1), 9_999)] == notes
        assert [] == tasks
        client.close(0.0)


def test_a_status_callback_that_blocks_is_told_the_newest(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """However often the link came and went meanwhile."""
    tasks: list[Callable[[], None]] = []
    with cloud.client(tmp_path, "phone", deliver=tasks.append) as client:
        told: list[ds.Status] = []
        client.on_status(told.append)
        standing: Any = client._standing

        def come_and_go() -> None:
            for number in range(10_000):
                standing.is_now(ds.Status(ds.Link.OFFLINE, f"reason {number}", ds.Saved.HERE))

        client._runtime.worker.call(come_and_go)
        until(lambda: len(tasks) == MOST_WAITING, what="all that is told")

        def knows() -> bool:
            while tasks:
                tasks.pop(0)()
            return client.status == told[-1]

        until(knows, timeout_s=LONG_S)
        assert len(told) <= 2 * MOST_WAITING
        client.close(0.0)
