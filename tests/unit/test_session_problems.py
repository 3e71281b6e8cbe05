"""What an app is told of an edit that the server refuses, and how it lets go of it."""

from __future__ import annotations

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until


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
