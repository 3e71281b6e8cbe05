"""The way back: where it leads, why somebody was there, and what is no way back in this book."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import dalsegno as ds
from apps.reader.epub import Book
from apps.reader.place import locator_at
from apps.reader.view import WayBack
from tests.apps.reader.desk import Desk
from tests.apps.reader.fakes import HERE, PIXEL, FakeSession


def test_a_jump_can_be_gone_back_from_and_back_again(book: Book) -> None:
    """There and back, as often as one likes: what is shown is where it leads, and that it was a jump."""
    desk = Desk(book)
    desk.presenter.next_page()
    before, percent = desk.presenter.place, desk.view.shown.progress
    assert desk.view.way_back is None
    desk.presenter.follow("OPS/three.xhtml#here")
    there = desk.presenter.place
    assert WayBack(percent, "before the jump") == desk.view.way_back
    for place in (before, there, before):
        desk.presenter.go_back()
        assert place == desk.presenter.place
        assert desk.view.way_back is not None and "before going back" == desk.view.way_back.why
    assert 1 == len(desk.session.marks)


def test_a_book_that_was_only_opened_can_be_gone_back_to(book: Book) -> None:
    """From its first page, which nobody has written, there is a way back as from any other."""
    desk = Desk(book)
    desk.presenter.seek(0.5)
    desk.presenter.go_back()
    assert (book.hrefs[0], 0) == desk.page[:2]


def test_a_jump_from_beside_an_offer_leads_back_to_the_page_that_was_read(book: Book) -> None:
    """Not to the place that is offered, which the session has meanwhile."""
    desk = Desk(book)
    desk.presenter.next_page()
    before = desk.presenter.place
    desk.session.remote(ds.Advice.OFFER, place=locator_at(book, book.hrefs[2], 3000))
    desk.presenter.seek(0.4)
    desk.presenter.go_back()
    assert before == desk.presenter.place


def test_turning_pages_leaves_no_marks(book: Book) -> None:
    """Only what is named a jump is kept."""
    desk = Desk(book)
    for turn in (desk.presenter.next_page, desk.presenter.last_page, desk.presenter.first_page):
        turn()
    assert [] == desk.session.marks


@pytest.mark.parametrize(
    ("reason", "device", "why"),
    [
        ("follow", HERE, "before following"),
        ("follow", PIXEL, "read on Pixel 8"),
        ("merge", PIXEL, "read on Pixel 8"),
        ("merge", HERE, "read here"),
        ("blind", None, "read on another device"),
        ("declined", PIXEL, "not followed"),
        ("taken", HERE, "before going there"),
        ("jump", PIXEL, "before the jump"),
        ("teleport", PIXEL, ""),
        (
            "merge",
            SimpleNamespace(id="x", name="The tablet on the kitchen table"),
            "read on The tablet on the…",
        ),
    ],
)
def test_a_way_back_says_why(book: Book, reason: str, device: object, why: str) -> None:
    """In words, and on whose device; nothing of a reason that another version may know."""
    desk = Desk(book)
    desk.session.keeps(reason, locator_at(book, book.hrefs[1], 4000), device)
    assert desk.view.way_back is not None
    assert why == desk.view.way_back.why
    desk.presenter.go_back()
    assert desk.has_on_page(book.hrefs[1], 4000)


def test_a_way_back_from_before_the_start_is_there(book: Book) -> None:
    """What was kept on another device, or before a restart: a moment after the first page."""
    session = FakeSession()
    session.keeps("jump", locator_at(book, book.hrefs[1], 4000), PIXEL)
    assert Desk(book, session).view.way_back is not None


@pytest.mark.parametrize("strange", [ds.Locator("gone"), None])
def test_a_mark_that_means_nothing_here_is_skipped(book: Book, strange: ds.Locator | None) -> None:
    """Of another edition: the next one is the way back, and from there the same leads here again."""
    desk = Desk(book)
    desk.presenter.next_page()
    before = desk.presenter.place
    desk.session.keeps("jump", locator_at(book, book.hrefs[1], 4000), PIXEL)
    desk.session.keeps("jump", strange, PIXEL)
    assert desk.view.way_back is not None
    desk.presenter.go_back()
    assert desk.has_on_page(book.hrefs[1], 4000)
    desk.presenter.go_back()
    assert before == desk.presenter.place
    assert [] == desk.view.told


def test_a_mark_on_this_page_is_no_way_back(book: Book) -> None:
    """A button that leads nowhere is not shown, and Back does nothing."""
    desk = Desk(book)
    desk.session.keeps("jump", locator_at(book, book.hrefs[0], 60), PIXEL)
    assert desk.view.way_back is None
    desk.presenter.go_back()
    assert [] == desk.session.updates


def test_a_mark_of_the_very_place_is_passed_over(book: Book) -> None:
    """The swap is with the mark before it: no heap of marks grows by going to and fro."""
    desk = Desk(book)
    desk.presenter.seek(0.5)
    desk.session.keeps("jump", desk.session.state.place, PIXEL)
    desk.session.updates.clear()
    desk.presenter.go_back()
    assert (book.hrefs[0], 0) == desk.page[:2]
    assert ([], 2) == (desk.session.updates, len(desk.session.marks))


def test_a_way_back_that_cannot_be_written_is_told(book: Book) -> None:
    """On a full disk the page stays."""
    desk = Desk(book)
    desk.presenter.seek(0.5)
    page, desk.session.failure = desk.page, ds.StorageFull("The disk is full: free some space.")
    desk.presenter.go_back()
    assert page == desk.page
    assert "The disk is full: free some space." == desk.view.told[-1][1]
