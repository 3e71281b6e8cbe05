"""What another device does to the page that is read here: followed, offered, kept; the first seconds."""

from __future__ import annotations

import pytest

import dalsegno as ds
from apps.common.arrival import LOOK_S, Search
from apps.reader.epub import Book
from apps.reader.place import locator_at
from tests.apps.reader.desk import LAPTOP, PHONE, Desk
from tests.apps.reader.fakes import NOW_MS, FakeSession

# --- follow, offer, keep ----------------------------------------------------------------------------------


def test_following_when_nobody_reads_here(book: Book) -> None:
    """With the advice to follow, the other device's page is shown, silently, and nothing is written."""
    desk = Desk(book)
    desk.session.remote(ds.Advice.FOLLOW, place=locator_at(book, book.hrefs[2], 3000))
    assert desk.has_on_page(book.hrefs[2], 3000)
    assert [] == desk.session.updates
    assert desk.view.offers in ([], [None])


def test_an_offer_pulls_no_page_away(book: Book) -> None:
    """With the advice to offer, the page stays, and the offer says which device, which chapter, how far."""
    desk = Desk(book)
    before = desk.page
    desk.session.remote(ds.Advice.OFFER, place=locator_at(book, book.hrefs[2], 3000))
    assert before == desk.page
    offer = desk.view.offers[-1]
    assert offer is not None
    assert "Pixel 8 is at three · " in offer.text and offer.text.endswith("%")
    assert "Sentence number" in offer.detail
    assert [] == desk.session.updates


def test_an_offer_taken_lands_on_the_sentence(book: Book) -> None:
    """Taking the offer lands on the very sentence; the session is told so, and this writes nothing more."""
    desk = Desk(book)
    desk.presenter.next_page()
    desk.session.updates.clear()
    desk.session.remote(ds.Advice.OFFER, place=locator_at(book, book.hrefs[2], 3000))
    desk.presenter.take_offer()
    assert desk.has_on_page(book.hrefs[2], 3000)
    assert ([], 1) == (desk.session.updates, len(desk.session.taken))


def test_reading_on_withdraws_the_offer(book: Book) -> None:
    """Who turns the page has answered: the offer goes away, and taking it later does nothing."""
    desk = Desk(book)
    desk.session.remote(ds.Advice.OFFER, place=locator_at(book, book.hrefs[2], 3000))
    desk.presenter.next_page()
    assert desk.view.offers[-1] is None
    page = desk.page
    desk.presenter.take_offer()
    assert page == desk.page


@pytest.mark.parametrize("advice", [ds.Advice.FOLLOW, ds.Advice.OFFER])
def test_a_place_on_the_same_page_is_kept_in_another_window(book: Book, advice: ds.Advice) -> None:
    """Another device's place on the page that is shown moves nothing; a smaller window shows that place."""
    desk = Desk(book, geometry=LAPTOP)
    href, start, end = desk.page
    desk.session.remote(advice, place=locator_at(book, href, end - 60))
    assert (href, start, end) == desk.page
    desk.presenter.resize(PHONE)
    assert desk.has_on_page(href, end - 60)


def test_the_same_page_is_no_offer(book: Book) -> None:
    """Another device that comes to the page that is shown here is no reason to say anything."""
    desk = Desk(book)
    desk.presenter.next_page()
    href, start, _ = desk.page
    desk.session.remote(ds.Advice.OFFER, place=locator_at(book, href, start + 60))
    assert not any(desk.view.offers)


def test_keep_is_kept(book: Book) -> None:
    """With the advice to keep, nothing happens."""
    desk = Desk(book)
    pages = len(desk.view.pages)
    desk.session.remote(ds.Advice.KEEP, place=locator_at(book, book.hrefs[2], 3000))
    assert (pages, []) == (len(desk.view.pages), desk.view.offers)


def test_a_page_that_was_told_before_one_was_turned_here_is_not_followed(book: Book) -> None:
    """The advice was given in sight of the page before; the session has the page that was turned to."""
    desk = Desk(book)
    desk.presenter.next_page()
    page, state = desk.page, desk.session.state
    desk.session.remote(ds.Advice.FOLLOW, late=True, place=locator_at(book, book.hrefs[2], 3000))
    assert (page, state) == (desk.page, desk.session.state)
    desk.session.remote(ds.Advice.FOLLOW, place=locator_at(book, book.hrefs[2], 3000))
    desk.session.remote(ds.Advice.FOLLOW, place=state.place)
    assert page == desk.page


@pytest.mark.parametrize(
    ("rule", "text", "why"),
    [
        (ds.Rule.UNSEEN, "Pixel 8 is at three · ", "Read there meanwhile: “Sentence"),
        (ds.Rule.LOST, "Pixel 8 is at three · ", "your page here is the newer one: “Sentence"),
        (ds.Rule.DETACHED, "Pixel 8 is at three · ", "You read by yourself here: “Sentence"),
        (ds.Rule.BLIND, "Your place: three · ", "Pixel 8, 3 min ago: “Sentence"),
    ],
)
def test_an_offer_says_why(book: Book, rule: ds.Rule, text: str, why: str) -> None:
    """In words, with how long ago; of a place that was there all along, that it is the user's own."""
    desk = Desk(book)
    place = locator_at(book, book.hrefs[2], 3000)
    desk.session.remote(ds.Advice.OFFER, rule=rule, at_ms=NOW_MS - 200_000, place=place)
    offer = desk.view.offers[-1]
    assert offer is not None
    assert offer.text.startswith(text) and why in offer.detail
    assert "3 min ago" in offer.text + offer.detail


def test_an_offer_is_refreshed_and_the_newest_is_taken(book: Book) -> None:
    """The bar shows where the other device is by now, and leads there."""
    desk = Desk(book)
    for offset in (3000, 5000):
        desk.session.remote(ds.Advice.OFFER, place=locator_at(book, book.hrefs[2], offset))
    assert 2 == len([offer for offer in desk.view.offers if offer])
    desk.presenter.take_offer()
    assert desk.has_on_page(book.hrefs[2], 5000)
    assert [locator_at(book, book.hrefs[2], 5000)] == [change.offered.place for change in desk.session.taken]


def test_a_place_to_keep_withdraws_the_offer(book: Book) -> None:
    """The other device has come to the page that is shown here: there is nothing to offer any more."""
    desk = Desk(book)
    desk.session.remote(ds.Advice.OFFER, place=locator_at(book, book.hrefs[2], 3000))
    desk.session.remote(ds.Advice.KEEP, place=locator_at(book, *desk.presenter.place))
    assert desk.view.offers[-1] is None


def test_an_offer_that_cannot_be_taken_is_told(book: Book) -> None:
    """On a full disk the page stays, and the reader knows why."""
    desk = Desk(book)
    page = desk.page
    desk.session.remote(ds.Advice.OFFER, place=locator_at(book, book.hrefs[2], 3000))
    desk.session.failure = ds.StorageFull("The disk is full: free some space.")
    desk.presenter.take_offer()
    assert page == desk.page
    assert "The disk is full: free some space." == desk.view.told[-1][1]


# --- the first seconds of a new device --------------------------------------------------------------------


def new_device(book: Book) -> Desk:
    return Desk(book, FakeSession(known=False))


def test_no_page_is_shown_before_the_place_is_known(book: Book) -> None:
    """A new device shows that it looks, and then the place: never the first page as if it were that."""
    desk = new_device(book)
    desk.presenter.resize(LAPTOP)
    for press in (desk.presenter.next_page, desk.presenter.last_page, desk.presenter.go_back):
        press()
    desk.presenter.seek(0.5)
    assert ([], [Search.LOOKING], []) == (desk.view.pages, desk.view.searches, desk.session.updates)
    place = locator_at(book, book.hrefs[1], 4000)
    desk.session.remote(ds.Advice.FOLLOW, became_known=True, place=place)
    assert [book.hrefs[1]] == [shown.href for shown in desk.view.pages]
    assert desk.has_on_page(book.hrefs[1], 4000)
    desk.timers.pass_s(LOOK_S)
    assert [Search.LOOKING, Search.DONE] == desk.view.searches


def test_a_book_that_nobody_has_opened_begins_as_soon_as_that_is_known(book: Book) -> None:
    """That there is no place is an answer, too."""
    desk = new_device(book)
    desk.session.remote(ds.Advice.KEEP, became_known=True)
    assert (book.hrefs[0], 0) == desk.page[:2]
    assert [Search.LOOKING, Search.DONE] == desk.view.searches


def test_nobody_looks_for_ever(book: Book) -> None:
    """After a second and a half the book opens at its beginning, with a word that this may not be the place;
    known then, it is followed."""
    desk = new_device(book)
    desk.timers.pass_s(LOOK_S - 0.1)
    assert [] == desk.view.pages
    desk.timers.pass_s(0.1)
    assert (book.hrefs[0], 0) == desk.page[:2]
    assert [Search.LOOKING, Search.NOT_YET] == desk.view.searches
    place = locator_at(book, book.hrefs[1], 4000)
    desk.session.remote(ds.Advice.FOLLOW, became_known=True, place=place)
    assert desk.has_on_page(book.hrefs[1], 4000)
    assert Search.DONE is desk.view.searches[-1]


@pytest.mark.parametrize("link", [ds.Link.OFFLINE, ds.Link.DENIED])
def test_offline_nobody_looks(book: Book, link: ds.Link) -> None:
    """There is nobody to ask: the book opens at once."""
    desk = new_device(book)
    desk.presenter.line_is(ds.Link.CONNECTING)
    assert [] == desk.view.pages
    desk.presenter.line_is(link)
    assert (book.hrefs[0], 0) == desk.page[:2]
    assert [Search.LOOKING, Search.NOT_YET] == desk.view.searches


def test_a_page_that_was_turned_blindly_stays_and_the_place_is_offered(book: Book) -> None:
    """Nobody is pulled away from what they read, though it turns out that their place is elsewhere."""
    desk = new_device(book)
    desk.presenter.line_is(ds.Link.OFFLINE)
    desk.presenter.next_page()
    page = desk.page
    place = locator_at(book, book.hrefs[1], 4000)
    desk.session.remote(ds.Advice.OFFER, rule=ds.Rule.BLIND, became_known=True, place=place)
    assert page == desk.page
    assert desk.view.offers[-1] is not None
    assert Search.DONE is desk.view.searches[-1]


def test_what_the_disk_knows_is_shown_at_once(book: Book) -> None:
    """Known, or read here before anything was known: nothing is looked for, nothing flickers."""
    read = FakeSession(known=False)
    read.update(place=locator_at(book, book.hrefs[1], 4000))
    for session in (FakeSession(), read):
        desk = Desk(book, session)
        assert ([Search.DONE], 1) == (desk.view.searches, len(desk.view.pages))


def test_a_book_that_is_closed_while_it_looks_shows_nothing_more(book: Book) -> None:
    """Its timers are gone with it."""
    desk = new_device(book)
    desk.presenter.close()
    desk.timers.pass_s(10.0)
    assert ([], [Search.LOOKING]) == (desk.view.pages, desk.view.searches)
