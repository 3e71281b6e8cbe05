"""The look at the whole database, later: the app is told, and shows what is sound."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._persistence import thorough
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno._persistence.thorough import ThoroughCheck
from dalsegno._persistence.upkeep import Upkeep
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until


def _damaged(cloud: SimulatedFirestore, home: Path) -> None:
    with cloud.client(home, "phone") as client:
        client.open("moby", Book).update(note="one")
        client.open("typee", Book).update(note="one")
        assert client.flush(30)
    connection = sqlite3.connect(home / "phone" / "store.sqlite")
    changed = connection.execute(
        "UPDATE fields SET entry = replace(entry, 'one', 'two') WHERE session = 'moby'"
    )
    assert 1 == changed.rowcount
    connection.commit()
    connection.close()


def test_damage_is_found_though_nobody_reads_it(tmp_path: Path) -> None:
    """Some time after the start the whole file is looked through, and the app is told what it lost."""
    cloud = SimulatedFirestore()
    _damaged(cloud, tmp_path)
    with cloud.client(tmp_path, "phone", reachable=False) as client:
        assert [] == client.notices
        upkeep = client._runtime.upkeep
        assert isinstance(upkeep, Upkeep)
        client._runtime.worker.call(lambda: upkeep._check.begin(0))
        until(lambda: client.notices, what="the notice")
        [notice] = client.notices
        assert "damaged and is not shown" in notice
        assert Book() == client.open("moby", Book).state
        assert Book(note="one") == client.open("typee", Book).state
        client.close(0.0)


def test_what_was_set_aside_comes_back_from_the_server(tmp_path: Path) -> None:
    """Once there is a connection, the session is as the server has it."""
    cloud = SimulatedFirestore()
    _damaged(cloud, tmp_path)
    with cloud.client(tmp_path, "phone") as client:
        book = client.open("moby", Book)
        until(lambda: book.state == Book(note="one"), what="the server's document")
        assert 1 == len(client.notices)
        until(lambda: client.status.link is ds.Link.LIVE, what="the connection")
    with cloud.client(tmp_path, "phone", reachable=False) as client:
        assert Book(note="one") == client.open("moby", Book).state
        assert [] == client.notices
        client.close(0.0)


def test_nothing_is_asked_of_the_store_when_all_is_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is left alone by a look that finds nothing; it runs on a thread of its own."""
    cloud, looked, honest = SimulatedFirestore(), list[tuple[str, bool]](), thorough.looks_damaged

    def look(database: Path) -> bool:
        found = honest(database)
        looked.append((threading.current_thread().name, found))
        return found

    monkeypatch.setattr(thorough, "looks_damaged", look)
    with cloud.client(tmp_path, "phone") as client:
        client.open("moby", Book).update(note="one")
        asked: list[object] = []
        store = client._store
        assert isinstance(store, SqliteStore)
        check = ThoroughCheck(
            store.database,
            client._runtime.worker,
            asked.append,
            store.check,
        )
        client._runtime.worker.call(lambda: check.begin(0))
        until(lambda: looked, what="the look")
        check.join(30)
        assert ([], {("dalsegno-check", False)}) == (asked, set(looked))
