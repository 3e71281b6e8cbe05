"""The client: what it tells of itself and of the recent sessions, and what it keeps out of the log."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until


def test_status_follows_the_link_and_the_outbox(phone: Client, cloud: SimulatedFirestore) -> None:
    """Live and saved; offline with a reason and saved here; live and saved again: each is told."""
    told: list[ds.Status] = []
    phone.on_status(told.append)
    book = phone.open("moby", Book)
    until(lambda: phone.status == ds.Status(ds.Link.LIVE, "", ds.Saved.EVERYWHERE))
    cloud.reachable = False
    until(lambda: phone.status.link is ds.Link.OFFLINE)
    book.update(note="x")
    until(lambda: told and told[-1].saved is ds.Saved.HERE and told[-1].link is ds.Link.OFFLINE)
    assert "no route to host" in told[-1].reason
    cloud.reachable = True
    phone.network_changed()
    until(lambda: told[-1] == ds.Status(ds.Link.LIVE, "", ds.Saved.EVERYWHERE))
    assert told[-1] == phone.status


def test_a_refused_edit_is_told(phone: Client, cloud: SimulatedFirestore) -> None:
    """Rules that refuse an edit: a sentence, and no more than that; it stays here and on the screen."""
    cloud.refuse("not today")
    book = phone.open("moby", Book)
    book.update(note="x")
    status = until(lambda: s if (s := phone.status).link is ds.Link.LIVE and s.reason else None)
    assert "the security rules refuse this edit" in status.reason
    assert (ds.Saved.HERE, "x") == (status.saved, book.state.note)


def test_a_failing_status_callback_harms_only_itself(phone: Client, caplog: pytest.LogCaptureFixture) -> None:
    """The others are called; the log names the error."""
    told: list[ds.Status] = []

    def fails(status: ds.Status) -> None:
        raise RuntimeError("the app's own mistake")

    phone.on_status(fails)
    unsubscribe = phone.on_status(told.append)
    phone.open("moby", Book)
    until(lambda: told and told[-1].link is ds.Link.LIVE)
    assert "on_status callback failed with RuntimeError" in caplog.text
    unsubscribe()
    count = len(told)
    phone.open("moby", Book).update(note="x")
    assert phone.flush(30.0)
    phone._telling.put(lambda: told.append(phone.status))
    until(lambda: len(told) > count)
    assert count + 1 == len(told)


def test_now_ms_is_the_servers_time(phone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the server has been heard, its clock counts, give or take the round trip."""
    phone.open("moby", Book)
    until(lambda: phone.status.link is ds.Link.LIVE)
    before = time.time() * 1000
    now = phone.now_ms()
    after = time.time() * 1000
    assert isinstance(now, int)
    assert before - 1_000 <= now <= after + 1_000


def test_recent_lists_this_devices_sessions_newest_first(phone: Client, cloud: SimulatedFirestore) -> None:
    """At once and from disk, without what stays on this device; sessions without edits are not there."""
    cloud.reachable = False
    for name in ("emma", "moby"):
        phone.open(name, Book).update(note=f"in {name}", text_size=40.0)
    phone.open("unread", Book)
    found = phone.recent()
    assert ["moby", "emma"] == [r.id for r in found]
    assert [{"note": "in moby"}, {"note": "in emma"}] == [dict(r.state) for r in found]
    assert {("book/1", phone.device)} == {(r.schema, r.device) for r in found}
    assert ["moby"] == [r.id for r in phone.recent(limit=1)]


@pytest.mark.parametrize("limit", [-1, 2.0, "20", True, None])
def test_recent_takes_a_number_of_sessions(phone: Client, limit: Any) -> None:
    """Anything else is a mistake that would leave sessions out without a word."""
    with pytest.raises(ds.UsageError, match=r"recent\(limit\) takes how many sessions"):
        phone.recent(limit)
    assert [] == phone.recent(0)


def test_recent_finds_what_other_devices_read(
    phone: Client, cloud: SimulatedFirestore, tmp_path: Path
) -> None:
    """A session never opened here is listed, with the device's name, and opens at its place offline."""
    phone.open("moby", Book).update(note="on the phone", furthest=0.3)
    assert phone.flush(30.0)
    with cloud.client(tmp_path, "laptop") as laptop:
        laptop.recent()
        (found,) = until(lambda: r if (r := laptop.recent()) and r[0].device else None)
        assert ("moby", phone.device) == (found.id, found.device)
        cloud.reachable = False
        assert Book(note="on the phone", furthest=0.3) == laptop.open("moby", Book).state
        laptop.close(0.0)


def test_nothing_of_the_users_is_logged(
    phone: Client, cloud: SimulatedFirestore, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither ids nor values nor tokens stand in the log, refusals and nonsense included."""
    caplog.set_level(logging.DEBUG)
    cloud.put("private-title", {"schema": 7})
    phone.open("private-title", Book).update(note="private words")
    until(lambda: phone.status.reason)
    assert "private" not in caplog.text
