"""What a session leaves behind once its app has closed it: nothing that is told, kept, or in others' way."""

from __future__ import annotations

from dalsegno._core.messages import ResourcePath
from dalsegno._core.types import Link, Micros, Saved
from dalsegno._sync.drain import AT_ONCE
from dalsegno.testing._simulated_rules import Fields
from dalsegno.testing._simulated_server import Rejected
from tests.support.scenario import Scenario
from tests.support.simulation.network import Fate

COUNT = 20
BOOKS = [f"book-{number:02}" for number in range(COUNT)]


def test_an_answer_after_the_echo_leaves_nothing_in_memory() -> None:
    """The stream tells of the edit before the commit is answered: the session is forgotten, and its way to
    the server with the answer."""
    story = Scenario()
    phone = story.device("phone").opens("book").opens("song")
    story.settles()
    phone.next_commits(Fate(answer_ms=2_000.0)).edits("book", place=1).closes("book")
    story.time_passes(ms=500)
    assert phone.engine is not None
    assert {"song"} == set(phone.engine.local_store.open_sessions)
    assert ["book"] == list(phone.engine.uploader.in_flight())
    story.settles()
    assert "book" not in phone.engine.uploader._lanes


def test_a_document_that_makes_no_sense_is_no_trouble_of_a_closed_session() -> None:
    """The status names it as long as somebody has it open, and not a moment longer, offline too."""
    story = Scenario()
    phone = story.device("phone").opens("book").opens("song")
    story.settles()
    phone.edits("book", place=1)
    story.settles()
    story.server_puts("book", rev="nonsense")
    story.settles()
    phone.is_linked(Link.LIVE, "makes no sense").link_drops()
    story.settles()
    assert "makes no sense" in phone.statuses[-1].reason
    phone.closes("book")
    assert "makes no sense" not in phone.statuses[-1].reason


def test_sessions_that_fail_again_and_again_hold_up_no_other() -> None:
    """As many as may be on their way at once meet a server that has no quota for them, for ever: the rest is
    sent meanwhile, and they too once there is quota again."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.link_drops()
    for number, book in enumerate(BOOKS):
        phone.opens(book).edits(book, place=number).closes(book)
    phone.crashes().link_returns()
    failing = {("sessions", book) for book in BOOKS[:AT_ONCE]}

    def rules(path: ResourcePath, before: Fields | None, after: Fields, now: Micros) -> str:
        if path in failing:
            raise Rejected("RESOURCE_EXHAUSTED")
        return ""

    story.server.rules = rules
    phone.restarts(opens=None)
    story.time_passes(minutes=2)
    for number, book in list(enumerate(BOOKS))[AT_ONCE:]:
        story.server_has(book, place=number)
    phone.is_saved(Saved.HERE)
    failing.clear()
    story.time_passes(minutes=5)
    phone.is_saved(Saved.EVERYWHERE)
