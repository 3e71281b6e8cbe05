"""An edit that is sent after the app has closed its session: what came of it is told at the next `open`."""

from __future__ import annotations

from pathlib import Path

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until


def edits_offline(cloud: SimulatedFirestore, home: Path) -> None:
    """The phone has heard the server once, edits without it, and is closed: nobody opens the book again."""
    with cloud.client(home, "phone") as phone:
        with phone.open("moby", Book) as book:
            book.update(note="first", furthest=0.1)
            assert book.wait_saved(30.0)
            cloud.reachable = False
            book.update(note="mine", furthest=0.2)
        phone.close(0.0)
    cloud.reachable = True


def laptop_writes(cloud: SimulatedFirestore, home: Path) -> None:
    with cloud.client(home, "laptop") as laptop, laptop.open("moby", Book) as theirs:
        assert theirs.wait_known(30.0)
        theirs.update(note="theirs")
        assert theirs.wait_saved(30.0)


def sends(phone: Client) -> None:
    """Without the session being opened."""
    until(lambda: phone.flush(1.0), what="the edit to be sent")


def test_an_edit_that_lost_while_nobody_looked_is_told_at_the_next_open(
    cloud: SimulatedFirestore, tmp_path: Path
) -> None:
    """Across two starts of the app: what it was, what it is, who did it, and that it is an offer. The field
    whose edit stood is no news. Told once."""
    edits_offline(cloud, tmp_path)
    laptop_writes(cloud, tmp_path)
    with cloud.client(tmp_path, "phone") as phone:
        sends(phone)
    assert {"note": "theirs", "furthest": 0.2} == (cloud.session("moby") or {})["state"]
    with cloud.client(tmp_path, "phone") as phone:
        with phone.open("moby", Book) as book:
            assert ("theirs", 0.2) == (book.state.note, book.state.furthest)  # opened, and nobody asked
        with phone.open("moby", Book) as book:
            told: list[ds.Change[Book]] = []
            book.on_change(told.append)
            (change,) = until(lambda: told)
            assert frozenset({"note"}) == change.fields
            assert ("mine", "theirs") == (change.previous.note, change.state.note)
            assert (ds.Origin.REMOTE, True, ds.Advice.OFFER) == (
                change.origin,
                change.concurrent,
                change.advice,
            )
            again: list[object] = []
            book.on_change(again.append)
            book.update(text_size=20.0)
            until(lambda: again)
            assert (1, 2) == (len(again), len(told))
        with phone.open("moby", Book) as book:
            assert [] == list(book.changes(timeout_s=0.0))
    with cloud.client(tmp_path, "phone") as phone, phone.open("moby", Book) as book:
        assert [] == list(book.changes(timeout_s=0.0))


def test_an_edit_that_stood_is_no_news(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """It is as the user saw it last."""
    edits_offline(cloud, tmp_path)
    with cloud.client(tmp_path, "phone") as phone:
        sends(phone)
        with phone.open("moby", Book) as book:
            assert [] == list(book.changes(timeout_s=0.0))


def test_an_iterator_is_told_as_well(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """In the process in which it was sent, too; and `recent` shows nothing of it."""
    edits_offline(cloud, tmp_path)
    laptop_writes(cloud, tmp_path)
    with cloud.client(tmp_path, "phone") as phone:
        sends(phone)
        (found,) = [r for r in phone.recent() if r.id == "moby"]
        assert {"note": "theirs", "furthest": 0.2} == found.state
        with phone.open("moby", Book) as book:
            assert ["mine"] == [change.previous.note for change in book.changes(timeout_s=0.0)]


def lost_edits(cloud: SimulatedFirestore, home: Path) -> None:
    """What the phone wrote offline into two fields has lost, and was sent while its session was closed."""
    with cloud.client(home, "phone") as phone:
        with phone.open("moby", Book) as book:
            book.update(note="first", tags=["first"])
            assert book.wait_saved(30.0)
            cloud.reachable = False
            book.update(note="mine", tags=["mine"])
        phone.close(0.0)
    cloud.reachable = True
    with cloud.client(home, "laptop") as laptop, laptop.open("moby", Book) as theirs:
        assert theirs.wait_known(30.0)
        theirs.update(note="theirs", tags=["theirs"])
        assert theirs.wait_saved(30.0)
    with cloud.client(home, "phone") as phone:
        sends(phone)


def test_what_came_of_a_field_waits_for_whoever_asks_for_it(
    cloud: SimulatedFirestore, tmp_path: Path
) -> None:
    """A callback for some fields takes nothing from the one for the others; each is told once, of its own."""
    lost_edits(cloud, tmp_path)
    notes: list[ds.Change[Book]] = []
    tags: list[ds.Change[Book]] = []
    with cloud.client(tmp_path, "phone") as phone, phone.open("moby", Book) as book:
        book.on_change(lambda change: None, fields="furthest")
        book.on_change(notes.append, fields="note")
        (note,) = until(lambda: notes)
    assert (frozenset({"note"}), "mine") == (note.fields, note.previous.note)
    with cloud.client(tmp_path, "phone") as phone, phone.open("moby", Book) as book:
        book.on_change(tags.append, fields="tags")
        (tag,) = until(lambda: tags)
        assert (frozenset({"tags"}), ["mine"]) == (tag.fields, tag.previous.tags)
        assert [] == list(book.changes(timeout_s=0.0))


def test_what_came_of_a_field_is_no_news_after_its_user_has_edited_it(
    cloud: SimulatedFirestore, tmp_path: Path
) -> None:
    """Their own newest edit must not be told as another device's; nor at the next start."""
    lost_edits(cloud, tmp_path)
    with cloud.client(tmp_path, "phone") as phone, phone.open("moby", Book) as book:
        assert "theirs" == book.state.note
        book.update(note="mine again")
        assert [{"tags"}] == [set(change.fields) for change in book.changes(timeout_s=0.0)]
    with cloud.client(tmp_path, "phone") as phone, phone.open("moby", Book) as book:
        assert [] == list(book.changes(timeout_s=0.0))
