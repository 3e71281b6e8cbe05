"""The presenter of the reading screen: the place moves when the reader does, and never otherwise."""

from __future__ import annotations

import pytest

import dalsegno as ds
from apps.reader.epub import Book
from apps.reader.pages.measure import Geometry
from apps.reader.place import find, locator_at
from tests.apps.reader.desk import PHONE, Desk
from tests.apps.reader.fakes import FakeSession


def test_a_new_book_begins_at_the_beginning(book: Book) -> None:
    """A book that was never opened shows its first page, and nothing is written for that."""
    desk = Desk(book)
    assert (book.hrefs[0], 0) == desk.page[:2]
    assert [] == desk.session.updates


def test_a_known_place_is_on_the_first_page_shown(book: Book) -> None:
    """A book that was read before shows the page with the place at once, and nothing is written for that."""
    session = FakeSession()
    session.update(place=locator_at(book, book.hrefs[1], 4000))
    session.updates.clear()
    desk = Desk(book, session)
    assert desk.has_on_page(book.hrefs[1], 4000)
    assert [] == session.updates


def test_turning_pages_writes_the_first_sentence_of_each(book: Book) -> None:
    """After a page turn the place is the first sentence that begins on the page; pages follow without gap."""
    desk = Desk(book)
    for _ in range(5):
        _, _, before = desk.page
        desk.presenter.next_page()
        href, start, end = desk.page
        assert before == start
        place = desk.session.state.place
        assert place is not None
        found = find(book, place)
        assert found is not None and found.href == href
        assert start <= found.offset < end
        assert place.text.highlight.startswith("Sentence number")
        assert book.text(href)[found.offset :].startswith(place.text.highlight)


def test_turning_back_is_the_way_forth(book: Book) -> None:
    """Going back shows the very pages that were shown on the way."""
    desk = Desk(book)
    seen = [desk.page]
    for _ in range(30):  # over the end of a chapter
        desk.presenter.next_page()
        seen.append(desk.page)
    assert 1 < len({href for href, _, _ in seen})
    for expected in reversed(seen[:-1]):
        desk.presenter.previous_page()
        assert expected == desk.page


def test_the_ends_of_the_book_hold(book: Book) -> None:
    """Before the first page and after the last one there is nothing, and nothing is written there."""
    desk = Desk(book)
    desk.presenter.previous_page()
    assert [] == desk.session.updates
    desk.presenter.seek(1.0)
    last = desk.page
    written = len(desk.session.updates)
    desk.presenter.next_page()
    assert (last, written) == (desk.page, len(desk.session.updates))
    assert 1.0 == desk.session.state.furthest


@pytest.mark.no_cover  # the same lines, thousands of times
def test_other_sizes_do_not_move_the_place(book: Book) -> None:
    """Whatever the window and text size do, the sentence stays on the page, and nothing is written."""
    desk = Desk(book)
    for _ in range(7):
        desk.presenter.next_page()
    href, offset = desk.presenter.place
    desk.session.updates.clear()
    for width in range(200, 1200, 83):
        for em in (14, 20, 33):
            desk.presenter.resize(Geometry(width, 640, em))
            assert desk.has_on_page(href, offset)
    desk.presenter.resize(PHONE)
    assert (href, offset) == desk.presenter.place
    assert [] == desk.session.updates


def test_home_and_end(book: Book) -> None:
    """Home is the chapter's first page, then the chapter before; End its last page, then the next chapter."""
    desk = Desk(book)
    desk.presenter.last_page()
    assert (book.hrefs[0], len(book.text(book.hrefs[0]))) == (desk.page[0], desk.page[2])
    desk.presenter.last_page()
    assert (book.hrefs[1], 0) == desk.page[:2]
    desk.presenter.next_page()
    desk.presenter.first_page()
    assert (book.hrefs[1], 0) == desk.page[:2]
    desk.presenter.first_page()
    assert (book.hrefs[0], 0) == desk.page[:2]


def test_a_link_leads_and_back_again(book: Book) -> None:
    """A link inside of the book shows its target; the way back leads to the sentence that one came from."""
    desk = Desk(book)
    desk.presenter.next_page()
    before = desk.presenter.place
    desk.presenter.follow("OPS/three.xhtml#here")
    anchor = book.target("OPS/three.xhtml#here")
    assert anchor is not None and desk.has_on_page(*anchor)
    assert anchor == desk.presenter.place
    desk.presenter.go_back()
    assert before == desk.presenter.place


def test_links_out_and_links_to_nowhere(book: Book) -> None:
    """A URL is handed to the screen; a link to nothing is said to be one, and moves nothing."""
    desk = Desk(book)
    desk.presenter.follow("https://example.org/")
    desk.presenter.follow("OPS/gone.xhtml")
    assert ["https://example.org/"] == desk.view.links
    assert 1 == len(desk.view.told)
    assert [] == desk.session.updates


def test_seeking_goes_that_far(book: Book) -> None:
    """A share of the book is the page that is so far in it."""
    desk = Desk(book)
    desk.presenter.seek(0.5)
    assert 0.5 == pytest.approx(desk.view.shown.progress, abs=0.01)


def test_furthest_stays(book: Book) -> None:
    """Going back does not take back how far one has been."""
    desk = Desk(book)
    desk.presenter.seek(0.8)
    furthest = desk.session.state.furthest
    desk.presenter.seek(0.1)
    assert furthest == desk.session.state.furthest
    assert furthest >= 0.8


def test_a_place_in_another_edition_is_said_to_be_about(book: Book) -> None:
    """If only the progression fits, the page is about there, and the reader is told so."""
    desk = Desk(book)
    strange = ds.Locator.from_value({"href": "other.xhtml", "locations": {"totalProgression": 0.5}})
    desk.session.remote(ds.Advice.FOLLOW, place=strange)
    assert 0.5 == pytest.approx(desk.view.shown.progress, abs=0.02)
    assert 1 == len(desk.view.told)


def test_a_place_that_says_nothing_moves_nothing(book: Book) -> None:
    """A place that is nowhere in this book leaves the reader where he is."""
    desk = Desk(book)
    desk.presenter.next_page()
    page = desk.page
    desk.session.remote(ds.Advice.FOLLOW, place=ds.Locator("gone"))
    assert page == desk.page


def test_a_full_disk_is_told(book: Book) -> None:
    """If the place cannot be saved, the reader reads on and is told."""
    desk = Desk(book)
    desk.session.failure = ds.StorageFull("The disk is full: free some space.")
    before = desk.page
    desk.presenter.next_page()
    assert before != desk.page
    assert "The disk is full: free some space." == desk.view.told[-1][1]


def test_text_size_and_theme_stay_here(book: Book) -> None:
    """Text size and colours are written as what they are, without a place."""
    desk = Desk(book)
    desk.presenter.change_text_size(+1)
    desk.presenter.choose_theme("dark")
    assert [{"text_size": 20.0}, {"theme": "dark"}] == desk.session.updates
    assert (20.0, "dark") == (desk.presenter.text_size, desk.presenter.theme)


def test_the_line_of_the_contents_that_one_is_in(book: Book) -> None:
    """The contents show the chapter that is being read."""
    desk = Desk(book)
    assert 0 == desk.presenter.entry_here()
    desk.presenter.go_to(book.hrefs[1], 2000)
    assert 1 == desk.presenter.entry_here()


def test_closing_closes_the_session(book: Book) -> None:
    """Closing the book closes its session, and changes arrive no more."""
    desk = Desk(book)
    desk.presenter.close()
    pages = len(desk.view.pages)
    desk.session.remote(ds.Advice.FOLLOW, place=locator_at(book, book.hrefs[2], 3000))
    assert desk.session.closed
    assert pages == len(desk.view.pages)
