"""Edits of sessions that no app opens again: sent a few at a time, and listened to by nobody."""

from __future__ import annotations

from dataclasses import replace

from dalsegno._core.document import UNSURE
from dalsegno._core.ports import Batch
from dalsegno._core.types import Link, Saved, SessionId
from dalsegno._sync.drain import AT_ONCE
from tests.support.scenario import UNANSWERED, Scenario, ScenarioDevice, refused
from tests.support.simulation.network import Fate

COUNT = 30
BOOKS = [f"book-{number:02}" for number in range(COUNT)]


def left_behind(story: Scenario, books: list[str] = BOOKS) -> ScenarioDevice:
    """A device that was offline while each book got an edit and was closed, and that is started again."""
    phone = story.device("phone").opens()
    story.settles()
    phone.link_drops()
    for number, book in enumerate(books):
        phone.opens(book).edits(book, place=number).closes(book)
    return phone.crashes().link_returns()


def test_all_are_sent_and_none_is_listened_to() -> None:
    """Each is committed once, upon what the disk knows, and no document is read; the stream has the devices'
    target alone; memory is left."""
    story = Scenario()
    phone = left_behind(story)
    phone.line.listens.clear()
    phone.line.reads.clear()
    sent = len(phone.session_commits())
    phone.restarts(opens=None)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    for number, book in enumerate(BOOKS):
        story.server_has(book, place=number, rev=1)
    assert sent + COUNT == len(phone.session_commits())
    assert [] == [path for _, path in phone.line.reads if path[0] == "sessions"]
    assert {("devices",)} == {target.path for _, targets in phone.line.listens for target in targets}
    assert phone.engine is not None
    assert {} == phone.engine.local_store.open_sessions
    assert [] == list(phone.engine.uploader.in_flight())


def test_a_few_at_a_time() -> None:
    """However many there are, no more than a slice is on its way at any moment."""
    story = Scenario()
    phone = left_behind(story)
    most = 0

    def counted(kind: str) -> Fate:
        nonlocal most
        assert phone.engine is not None
        most = max(most, len(list(phone.engine.uploader.in_flight())))
        return Fate()

    phone.line.choose = counted
    phone.restarts(opens=None)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    assert AT_ONCE == most


def test_what_others_wrote_meanwhile_is_joined() -> None:
    """The commit upon the old document is refused; then it is read, joined and sent: nothing is lost."""
    story = Scenario()
    phone = left_behind(story)
    story.server_says("book-07", furthest=0.9)
    phone.line.reads.clear()
    phone.restarts(opens=None)
    story.settles()
    story.server_has("book-07", place=7, furthest=0.9, rev=2)
    assert [("sessions", "book-07")] == [path for _, path in phone.line.reads if path[0] == "sessions"]


def test_a_document_that_is_known_in_part_only_is_read_first() -> None:
    """Nothing vouches for what is left of a damaged row: the server is asked before anything is sent."""
    story = Scenario()
    phone = story.device("phone").opens("book")
    story.settles()
    phone.edits("book", place=1)
    story.settles()
    phone.link_drops()
    phone.edits("book", place=2).closes("book").crashes()
    stored = phone.store.load(SessionId("book"))
    assert stored is not None and stored.base is not None
    phone.store.write(Batch(bases={stored.id: replace(stored.base, update_time=UNSURE)}))
    phone.line.reads.clear()
    sent = len(phone.session_commits())
    phone.link_returns().restarts(opens=None)
    story.settles()
    story.server_has("book", place=2, rev=2)
    assert sent + 1 == len(phone.session_commits())
    assert [("sessions", "book")] == [path for _, path in phone.line.reads if path[0] == "sessions"]


def test_one_that_is_refused_holds_up_nobody() -> None:
    """A refused session keeps its edit, is told, and gives its turn to the next; the others are sent."""
    story = Scenario()
    phone = left_behind(story)
    story.server.rules = lambda path, *_: "no" if path == ("sessions", "book-00") else ""
    phone.restarts(opens=None)
    story.settles()
    phone.is_saved(Saved.HERE).is_linked(Link.LIVE, "the security rules refuse this edit")
    for number, book in enumerate(BOOKS[1:], 1):
        story.server_has(book, place=number)
    phone.has_on_disk("book-00", place=0)


def test_one_that_makes_no_sense_holds_up_nobody() -> None:
    """A document that makes no sense is left alone, with its edit on disk; after a new connection it is read
    again, and sent if it has come to its senses."""
    story = Scenario()
    phone = left_behind(story)
    story.server_puts("book-00", schema="nonsense")
    phone.restarts(opens=None)
    story.settles()
    for number, book in enumerate(BOOKS[1:], 1):
        story.server_has(book, place=number)
    phone.has_on_disk("book-00", place=0)
    story.server_deletes("book-00")
    phone.changes_network()
    story.settles()
    story.server_has("book-00", place=0)
    phone.is_saved(Saved.EVERYWHERE)


def test_a_link_that_breaks_in_the_middle() -> None:
    """What was under way is looked at on the next connection, before it is sent again: each edit is applied
    once."""
    story = Scenario()
    phone = left_behind(story)
    phone.next_commits(*[Fate()] * 12, *[UNANSWERED] * AT_ONCE)
    phone.restarts(opens=None)
    sent = len(phone.session_commits())
    phone.line.reads.clear()
    story.time_passes(ms=400)
    assert 12 < len(phone.session_commits()) - sent < COUNT
    phone.link_drops()
    story.time_passes(seconds=5)
    phone.link_returns()
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    assert AT_ONCE == len([path for _, path in phone.line.reads if path[0] == "sessions"])
    for number, book in enumerate(BOOKS):
        story.server_has(book, place=number, rev=1)


def test_one_that_is_opened_meanwhile_is_listened_to() -> None:
    """A session that the app opens while it waits for its turn goes the usual way."""
    story = Scenario()
    phone = left_behind(story)
    phone.restarts(opens="book-29")
    story.settles()
    story.server_has("book-29", place=29, rev=1)
    phone.is_saved(Saved.EVERYWHERE)
    assert phone.engine is not None
    assert {SessionId("book-29")} == set(phone.engine.local_store.open_sessions)
    assert phone.engine.receiver.fresh(SessionId("book-29"))


def test_a_session_closed_with_an_edit_on_its_way_is_listened_to_until_it_is_saved() -> None:
    """While its target is there, it needs no other look at its document."""
    story = Scenario()
    phone = story.device("phone").opens("book").opens("song")
    story.settles()
    phone.line.reads.clear()
    phone.edits("book", place=1).closes("book")
    story.settles()
    story.server_has("book", place=1, rev=1)
    assert [] == [path for _, path in phone.line.reads if path[0] == "sessions"]


def test_unreachable_and_nothing_is_read() -> None:
    """Without a connection nothing is tried for the sessions left behind."""
    story = Scenario()
    phone = left_behind(story)
    phone.line.reads.clear()
    phone.next_listens(*[refused("UNAVAILABLE")] * 3)
    phone.restarts(opens=None)
    story.time_passes(ms=400)
    phone.is_linked(Link.OFFLINE)
    assert [] == [path for _, path in phone.line.reads if path[0] == "sessions"]
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
