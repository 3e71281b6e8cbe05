"""What is on this device: of whom, what of it was not sent, and that all of it can be removed."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._errors import ProfileInUse
from tests.support.clients import Note
from tests.support.waiting import until

PROJECT, KEY, NOBODY = "demo-local", "any-key", "127.0.0.1:9"


def used(home: Path, user: str, edits: int, profile: str = "default") -> None:
    """A client of this user edits, and is closed before anything could be sent."""
    with ds.connect(PROJECT, user=ds.Unsigned(user), home=home, profile=profile, emulator=NOBODY) as client:
        for number in range(edits):
            client.open(f"book-{number}", Note).update(page=number)
        client.close(0.0)


def account(home: Path, profile: str = "default") -> ds.Account:
    return ds.account(PROJECT, api_key=KEY, home=home, profile=profile, emulator=NOBODY)


def test_it_is_told_what_would_be_lost(tmp_path: Path) -> None:
    """Of whom there is something, and how many edits the server does not have; not in what is printed."""
    used(tmp_path, "alice", 2)
    used(tmp_path, "Bob!", 1)
    found = account(tmp_path).local_data()
    assert ({"alice", "Bob!"}, 3) == (set(found.users), found.unsent)
    assert "alice" not in repr(found)


def test_everything_of_a_profile_is_removed_and_nothing_else(tmp_path: Path) -> None:
    """Of all users, with nobody signed in; another profile is another one's."""
    used(tmp_path, "alice", 1)
    used(tmp_path, "bob", 1)
    used(tmp_path, "alice", 1, profile="phone")
    (tmp_path / "app" / "default" / PROJECT / "user.json.damaged").write_text("set aside")
    account(tmp_path).remove_local_data()
    assert ["phone"] == [path.name for path in (tmp_path / "app").iterdir()]
    assert 1 == account(tmp_path, "phone").local_data().unsent
    account(tmp_path).remove_local_data()  # again: nothing is there, and nothing is wrong


def test_what_somebody_works_on_is_left_alone(tmp_path: Path) -> None:
    """Of one user or of another: nothing is removed then."""
    used(tmp_path, "alice", 1)
    with (
        ds.connect(PROJECT, user=ds.Unsigned("bob"), home=tmp_path, emulator=NOBODY) as client,
        pytest.raises(ProfileInUse),
    ):
        client.open("moby", Note).update(page=1)
        account(tmp_path).remove_local_data()
    assert {"alice", "bob"} == set(account(tmp_path).local_data().users)


class Door:
    """A lock that knows how many have come to it."""

    def __init__(self) -> None:
        self.came = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.came += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_two_looks_at_once_see_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look does not take the other for another program, and leaves its user out."""
    used(tmp_path, "alice", 1)
    entered, go, seen = threading.Event(), threading.Event(), []
    connect = sqlite3.connect

    def held(path: str, timeout: float, uri: bool) -> sqlite3.Connection:
        database = connect(path, timeout=timeout, uri=uri)
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("SELECT COUNT(*) FROM outbox").fetchone()
        entered.set()
        assert go.wait(30)
        return database

    door = Door()
    monkeypatch.setattr("dalsegno._persistence.local_data._one_at_a_time", door)
    monkeypatch.setattr("dalsegno._persistence.local_data.sqlite3.connect", held)
    first, second = (
        threading.Thread(target=lambda: seen.append(account(tmp_path).local_data().users)) for _ in range(2)
    )
    first.start()
    assert entered.wait(30)
    second.start()
    until(lambda: door.came == 2 or not second.is_alive(), what="the second look")
    go.set()
    first.join(30)
    second.join(30)
    assert [("alice",), ("alice",)] == seen


def test_a_device_without_data_has_none(tmp_path: Path) -> None:
    """Before the first start of all."""
    found = account(tmp_path).local_data()
    assert ((), 0) == (found.users, found.unsent)
    assert [] == list(tmp_path.iterdir())
