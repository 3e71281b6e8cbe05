"""Who is told that the sessions to carry on with are others; on virtual time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from dalsegno._client.client import Client
from dalsegno._threads.waiters import Task
from dalsegno.testing import SimulatedFirestore, VirtualClock
from tests.support.client_tests import Book

SOON_MS = 2_000


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def cloud(clock: VirtualClock) -> SimulatedFirestore:
    return SimulatedFirestore(clock)


def listening(client: Client) -> list[list[str]]:
    """The ids on the list, each time that it was told to be another."""
    told: list[list[str]] = []
    client._recent_list.on_change(lambda _: told.append([recent.id for recent in client.recent()]))
    return told


def test_an_edit_on_another_device_is_told(
    cloud: SimulatedFirestore, clock: VirtualClock, tmp_path: Path
) -> None:
    """Of sessions that no app has open here: one that is new, and one that moves up."""
    with cloud.client(tmp_path, "phone") as phone, cloud.client(tmp_path, "watch") as watch:
        told = listening(watch)
        for name in ("one", "two", "one"):
            with phone.open(name, Book) as book:
                book.update(note=book.state.note + "more")
            clock.run(SOON_MS)
        lists = [ids for ids, _ in groupby(told)]  # told twice is no harm
        assert [["one"], ["two", "one"], ["one", "two"]] == [ids for ids in lists if ids]


def test_an_edit_here_is_told(cloud: SimulatedFirestore, clock: VirtualClock, tmp_path: Path) -> None:
    """At once, without a network."""
    with cloud.client(tmp_path, "phone", reachable=False) as phone:
        told = listening(phone)
        phone.open("one", Book).update(note="here")
        clock.run()
        assert [["one"]] == told
        phone.close(0.0)


def test_nobody_is_told_for_nothing(cloud: SimulatedFirestore, clock: VirtualClock, tmp_path: Path) -> None:
    """An hour in which nothing happens tells nothing, and whoever unsubscribed hears no more."""
    with cloud.client(tmp_path, "phone") as phone, cloud.client(tmp_path, "watch") as watch:
        told: list[None] = []
        end = watch._recent_list.on_change(told.append)
        clock.run(SOON_MS)
        known = len(told)
        clock.run(3_600_000)
        assert known == len(told)
        end()
        phone.open("one", Book).update(note="there")
        clock.run(SOON_MS)
        assert known == len(told)


def test_whoever_waits_for_the_servers_word_gets_it(
    cloud: SimulatedFirestore, clock: VirtualClock, tmp_path: Path
) -> None:
    """Afterwards the list has what other devices did; without a network the wait ends in vain."""
    with cloud.client(tmp_path, "phone") as phone, cloud.client(tmp_path, "watch") as watch:
        phone.open("one", Book).update(note="there")
        phone.flush()
        assert [] == watch.recent()
        assert watch._recent_list.wait_heard(10.0)
        assert ["one"] == [recent.id for recent in watch.recent()]
        cloud.reachable = False
        clock.run(SOON_MS)
        assert not watch._recent_list.wait_heard(10.0)
        phone.close(0.0)
        watch.close(0.0)


def test_what_was_heard_stands(
    cloud: SimulatedFirestore, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the link is gone, or a target begins anew, by the time that the wait returns."""
    with cloud.client(tmp_path, "watch") as watch:
        watch.recent()
        scheduler = watch._runtime.scheduler
        plain = scheduler.wait

        def wait(add: Callable[[Task], Task], timeout_s: float) -> None:
            plain(add, timeout_s)
            cloud.reachable = False
            clock.run(SOON_MS)

        monkeypatch.setattr(scheduler, "wait", wait)
        assert watch._recent_list.wait_heard(10.0)
        monkeypatch.undo()
        watch.close(0.0)
