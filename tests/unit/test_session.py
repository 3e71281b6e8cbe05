"""A session as the app holds it: state, edits, callbacks, the iterator of changes, bad input."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until

# --- state and edits ----------------------------------------------------------------------------------


def test_a_new_session_has_its_defaults(phone: Client) -> None:
    """Before anything is known, a session shows what its class says."""
    assert Book() == phone.open("moby", Book).state


def test_an_edit_is_visible_when_update_returns(phone: Client) -> None:
    """`update` gives the new state, and `state` is the same; fields that were not named stay."""
    book = phone.open("moby", Book)
    book.update(note="first")
    given = book.update(furthest=0.5, text_size=22.0)
    assert given == book.state == Book(note="first", furthest=0.5, text_size=22.0)


def test_an_edit_is_on_disk_when_update_returns(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """A client that is thrown away without a word leaves the edit for the next one."""
    cloud.reachable = False
    with cloud.client(tmp_path, "phone") as first:
        first.open("moby", Book).update(note="kept", text_size=30.0)
        first.close(0.0)
    with cloud.client(tmp_path, "phone") as second:
        assert Book(note="kept", text_size=30.0) == second.open("moby", Book).state
        second.close(0.0)


def test_a_highest_field_does_not_go_down_unless_restarted(phone: Client) -> None:
    """A lower value is no edit; `restart` begins anew."""
    book = phone.open("moby", Book)
    book.update(furthest=0.9)
    assert 0.9 == book.update(furthest=0.2).furthest
    assert 0.0 == book.update(furthest=ds.restart(0.0)).furthest
    assert 0.1 == book.update(furthest=0.1).furthest


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"plce": None}, "Book has no field plce; it has place, furthest, note, tags, text_size"),
        ({"furthest": "far"}, r"furthest takes float .*, not str"),
        ({"furthest": float("nan")}, "furthest takes float .*, not NaN"),
        ({"furthest": True}, "furthest takes float .*, not bool"),
        ({"note": None}, "note takes str, not NoneType"),
        ({"place": {"href": "a.xhtml"}}, "place takes Locator or None, not dict"),
        ({"tags": ["a", 1]}, "tags takes list of str, not list"),
        ({"note": "x" * 300_000}, "note is larger than 256 KiB"),
        ({"note": ds.restart("x")}, "note is no `highest` field"),  # type: ignore[type-var]
    ],
)
def test_bad_fields_are_refused_and_nothing_happens(
    phone: Client, fields: dict[str, Any], message: str
) -> None:
    """The error names the field and what it takes; good fields in the same call are not applied either."""
    book = phone.open("moby", Book)
    told: list[object] = []
    book.on_change(told.append)
    with pytest.raises(ds.UsageError, match=message):
        book.update(**{"text_size": 40.0, **fields})
    assert Book() == book.state
    book.update(note="after")
    until(lambda: told)
    assert [frozenset({"note"})] == [change.fields for change in told]  # type: ignore[attr-defined]


def test_an_update_of_nothing_is_nothing(phone: Client, cloud: SimulatedFirestore) -> None:
    """No field, or none that differs from what is known: no callback, no write."""
    book = phone.open("moby", Book)
    book.update(furthest=0.5)
    assert phone.flush(30.0)
    commits, told = cloud.commits, list[object]()
    book.on_change(told.append)
    book.update()
    book.update(furthest=0.5)
    assert phone.flush(30.0)
    phone._runtime.worker.call(lambda: None)
    assert (commits, []) == (cloud.commits, told)


def test_a_state_does_not_change_in_place(phone: Client) -> None:
    """Assignment and deletion are refused with what to do; a state once given stays as it was."""
    book = phone.open("moby", Book)
    before = book.state
    with pytest.raises(ds.UsageError, match=r"session.update\(note=…\)"):
        before.note = "no"  # type: ignore[misc]
    with pytest.raises(ds.UsageError, match="note cannot be taken out"):
        del before.note
    book.update(note="new")
    assert ("", "new") == (before.note, book.state.note)


# --- callbacks ----------------------------------------------------------------------------------------


def test_a_callback_tells_what_happened_here(phone: Client) -> None:
    """Fields, state before and after, that it was this device, and to keep what is on the screen."""
    book = phone.open("moby", Book)
    told: list[ds.Change[Book]] = []
    book.on_change(told.append)
    book.update(note="mine")
    (change,) = until(lambda: told)
    assert (frozenset({"note"}), Book(note="mine"), Book()) == (change.fields, change.state, change.previous)
    assert (ds.Origin.HERE, phone.device, False) == (change.origin, change.device, change.concurrent)
    assert ds.Advice.KEEP == change.advice


def test_a_callback_tells_what_another_device_did(phone: Client, laptop: Client) -> None:
    """The other device's name, and that it may be followed."""
    theirs, ours = phone.open("moby", Book), laptop.open("moby", Book)
    until(lambda: laptop.status.link is phone.status.link is ds.Link.LIVE)
    told: list[ds.Change[Book]] = []
    ours.on_change(told.append)
    theirs.update(note="from the phone", furthest=0.4)
    (change,) = until(lambda: told)
    assert (ds.Origin.REMOTE, phone.device, ds.Advice.FOLLOW) == (
        change.origin,
        change.device,
        change.advice,
    )
    assert Book(note="from the phone", furthest=0.4) == change.state == ours.state


def test_a_failing_callback_harms_only_itself(phone: Client, caplog: pytest.LogCaptureFixture) -> None:
    """The other callbacks are called, the next change is told to all, and the log names the error."""
    book = phone.open("moby", Book)
    told: list[str] = []

    def fails(change: ds.Change[Book]) -> None:
        told.append(f"failing {change.state.note}")
        raise RuntimeError("the app's own mistake")

    book.on_change(fails)
    book.on_change(lambda change: told.append(f"good {change.state.note}"))
    book.update(note="1")
    book.update(note="2")
    until(lambda: len(told) == 4)
    assert ["failing 1", "good 1", "failing 2", "good 2"] == told
    assert "on_change callback failed with RuntimeError" in caplog.text


def test_no_call_after_unsubscribing(phone: Client) -> None:
    """Once `unsubscribe` was called there is no further call; calling it twice is harmless."""
    book = phone.open("moby", Book)
    first: list[object] = []
    last: list[object] = []
    unsubscribe = book.on_change(first.append)
    book.on_change(last.append)
    book.update(note="1")
    until(lambda: first and last)
    unsubscribe()
    unsubscribe()
    book.update(note="2")
    until(lambda: len(last) == 2)
    assert 1 == len(first)


def test_unsubscribing_inside_a_callback_works_for_itself_and_for_others(phone: Client) -> None:
    """A callback may end itself, and one that would have been called after it."""
    book = phone.open("moby", Book)
    told: list[str] = []

    def once(change: ds.Change[Book]) -> None:
        told.append("once")
        end_itself()
        end_other()

    end_itself = book.on_change(once)
    end_other = book.on_change(lambda _: told.append("never"))
    book.on_change(lambda _: told.append("always"))
    book.update(note="1")
    book.update(note="2")
    until(lambda: told.count("always") == 2)
    assert ["once", "always", "always"] == told


def test_a_callback_may_edit(phone: Client) -> None:
    """An edit inside a callback is like any other, and is told in its turn."""
    book = phone.open("moby", Book)
    told: list[str] = []

    def answer(change: ds.Change[Book]) -> None:
        told.append(change.state.note)
        if change.state.note == "question":
            book.update(note="answer")

    book.on_change(answer)
    book.update(note="question")
    until(lambda: len(told) == 2)
    assert ["question", "answer"] == told


def test_callbacks_run_where_the_app_wants_them(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """With `deliver`, each callback runs when and where the app runs it: here, on this very thread."""
    waiting: list[Any] = []
    threads: list[int] = []
    with cloud.client(tmp_path, "phone", deliver=waiting.append) as client:
        book = client.open("moby", Book)
        book.on_change(lambda _: threads.append(threading.get_ident()))
        book.update(note="1")
        (task,) = until(lambda: waiting)
        assert [] == threads
        task()
        assert [threading.get_ident()] == threads


# --- the iterator -------------------------------------------------------------------------------------


def test_changes_come_one_by_one_and_end_with_the_timeout(phone: Client) -> None:
    """The iterator gives every change from its call on, in order; silence for `timeout_s` ends it."""
    book = phone.open("moby", Book)
    assert book.wait_known(30.0)
    changes = book.changes(timeout_s=0.2)
    for number in range(3):
        book.update(note=str(number))
    assert ["0", "1", "2"] == [change.state.note for change in changes]


def test_changes_end_when_the_session_closes(phone: Client) -> None:
    """A loop over `changes` without a timeout ends when another thread closes the session."""
    book = phone.open("moby", Book)
    assert book.wait_known(30.0)
    seen: list[str] = []
    started = threading.Event()

    def loop() -> None:
        changes = book.changes()
        started.set()
        seen.extend(change.state.note for change in changes)

    thread = threading.Thread(target=loop)
    thread.start()
    assert started.wait(30)
    book.update(note="last")
    until(lambda: seen or not thread.is_alive(), what="the change")
    book.close()
    thread.join(30)
    assert (False, ["last"]) == (thread.is_alive(), seen)


# --- saved --------------------------------------------------------------------------------------------


def test_saved_says_where_the_edits_are(phone: Client, cloud: SimulatedFirestore) -> None:
    """Here while the server is away, everywhere as soon as it has confirmed; each session for itself."""
    book, other = phone.open("moby", Book), phone.open("emma", Book)
    cloud.reachable = False
    book.update(note="x")
    assert (ds.Saved.HERE, ds.Saved.EVERYWHERE) == (book.saved, other.saved)
    assert not book.wait_saved(0.02)
    cloud.reachable = True
    phone.network_changed()
    assert book.wait_saved(30.0)
    assert "x" == (cloud.session("moby") or {})["state"]["note"]


def test_what_stays_on_this_device_is_saved_everywhere_at_once(
    phone: Client, cloud: SimulatedFirestore
) -> None:
    """A text size is owed to nobody."""
    cloud.reachable = False
    book = phone.open("moby", Book)
    book.update(text_size=30.0)
    assert ds.Saved.EVERYWHERE == book.saved


# --- the end ------------------------------------------------------------------------------------------


def test_a_closed_session_says_so(phone: Client) -> None:
    """Edits, callbacks and questions are refused with what to do; the last state can still be read."""
    book = phone.open("moby", Book)
    book.update(note="last")
    book.close()
    book.close()
    for use in (lambda: book.update(note="x"), lambda: book.saved, lambda: book.on_change(print)):
        with pytest.raises(ds.Closed, match=r"'moby' is closed: open it again"):
            use()
    assert "last" == book.state.note


def test_a_closed_session_is_told_nothing_and_its_edits_are_sent(
    phone: Client, cloud: SimulatedFirestore
) -> None:
    """Its callbacks end; what it owes does not. The same session opened anew goes on."""
    told: list[object] = []
    with phone.open("moby", Book) as book:
        book.on_change(told.append)
        book.update(note="owed")
        until(lambda: told)
    again = phone.open("moby", Book)
    again.update(furthest=0.3)
    assert phone.flush(30.0)
    assert {"note": "owed", "furthest": 0.3} == (cloud.session("moby") or {})["state"]
    assert 1 == len(told)


def test_a_session_closed_offline_is_sent_when_there_is_a_server(
    phone: Client, cloud: SimulatedFirestore
) -> None:
    """Nobody has it open any more, and its edits go out all the same, without a restart."""
    cloud.reachable = False
    with phone.open("moby", Book) as book:
        book.update(note="owed")
    cloud.reachable = True
    phone.network_changed()
    until(lambda: {"note": "owed"} == (cloud.session("moby") or {}).get("state"))


def test_one_session_opened_twice_is_one_session(phone: Client) -> None:
    """Two openings show the same state, both are told, and closing one leaves the other open."""
    one, two = phone.open("moby", Book), phone.open("moby", Book)
    told: list[object] = []
    two.on_change(told.append)
    one.update(note="x")
    assert one.state == two.state
    until(lambda: told)
    one.close()
    assert "y" == two.update(note="y").note
