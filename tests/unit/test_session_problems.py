"""What an app is told of an edit that the server refuses, and how it lets go of it."""

from __future__ import annotations

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until

A_WEEK_S = 7 * 24 * 3600.0


def test_a_refused_edit_is_named_and_let_go(cloud: SimulatedFirestore, phone: Client) -> None:
    """The session names field, reason, code and time; the client stays LIVE; `discard` tells a change."""
    book = phone.open("moby", Book)
    book.update(note="good")
    assert phone.flush(30.0)
    assert () == book.problems
    cloud.refuse("not today")
    before_ms = phone.now_ms()
    book.update(note="bad")
    [problem] = until(lambda: book.problems)
    assert ("note", "PERMISSION_DENIED") == (problem.field, problem.code)
    assert "rules refuse" in problem.reason
    assert abs(problem.since_ms - before_ms) < 60_000
    assert ds.Link.LIVE is phone.status.link
    told: list[ds.Change[Book]] = []
    book.on_change(told.append)
    assert "good" == book.discard("note").note == book.state.note
    until(lambda: told)
    assert [(frozenset({"note"}), ds.Origin.HERE, ds.Advice.KEEP)] == [
        (c.fields, c.origin, c.advice) for c in told
    ]
    assert ((), ds.Saved.EVERYWHERE) == (book.problems, book.saved)


def test_nobody_waits_for_what_is_refused(cloud: SimulatedFirestore, phone: Client) -> None:
    """`wait_saved`, `flush` and `close` say no as soon as all that is left was refused."""
    cloud.refuse("not today")
    book = phone.open("moby", Book)
    book.update(note="bad")
    assert not book.wait_saved(A_WEEK_S)
    assert not phone.flush(A_WEEK_S)
    assert ["note"] == [problem.field for problem in book.problems]
    assert not phone.close(A_WEEK_S)


def test_what_can_still_be_sent_is_waited_for(cloud: SimulatedFirestore, phone: Client) -> None:
    """One session whose edit is refused keeps nobody from waiting for another's."""
    moby, emma = phone.open("moby", Book), phone.open("emma", Book)
    cloud.refuse("not today")
    moby.update(note="bad")
    until(lambda: moby.problems)
    cloud.refuse("")
    emma.update(note="good")
    assert not phone.flush(A_WEEK_S)
    assert ds.Saved.EVERYWHERE is emma.saved


def test_letting_go_of_a_field_that_there_is_not(phone: Client) -> None:
    """The error names it."""
    book = phone.open("moby", Book)
    with pytest.raises(ds.UsageError, match="Book has no field nte"):
        book.discard("nte")


def test_a_closed_session_has_neither(phone: Client) -> None:
    """As all that a session does."""
    book = phone.open("moby", Book)
    book.close()
    with pytest.raises(ds.Closed):
        book.discard()
    with pytest.raises(ds.Closed):
        _ = book.problems
