"""When edits are sent: the first at once, then together, one commit a second at the most."""

from __future__ import annotations

from dalsegno._core.types import Saved
from tests.support.scenario import HELD, Scenario


def test_the_first_edit_goes_at_once() -> None:
    """Nothing is waited for: a page turn is on its way in the same instant."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.edits(place=1).has_sent(1).sent_last(place=1)


def test_edits_within_a_second_go_together() -> None:
    """Ten page turns in a second are two commits: the first at once, the newest when the second is over."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    for page in range(1, 11):
        phone.edits(place=page)
        story.time_passes(ms=50)
    phone.has_sent(1)
    story.time_passes(seconds=1)
    phone.has_sent(2).sent_last(place=10)
    story.server_has(place=10, rev=2)


def test_turning_pages_every_100_ms_is_one_commit_a_second() -> None:
    """Firestore's guidance of one write per second and document holds, whatever the app does."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    for page in range(600):
        phone.edits(place=page)
        story.time_passes(ms=100)
    assert 60 <= len(phone.session_commits()) <= 61


def test_the_last_edit_is_always_sent() -> None:
    """The trailing flush: nobody has to close anything."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.edits(place=1)
    story.time_passes(ms=10)
    phone.edits(place=2).is_saved(Saved.HERE)
    story.time_passes(seconds=1, ms=10)
    phone.is_saved(Saved.EVERYWHERE).has_on_disk()
    story.server_has(place=2)


def test_an_edit_during_a_commit_waits_for_its_answer() -> None:
    """One commit in flight per session; the edit that came meanwhile is not lost by the acknowledgement."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.next_commits(HELD).edits(place=1)
    story.time_passes(seconds=2)
    phone.edits(place=2, furthest=0.5).has_sent(1).server_acks()
    phone.has_on_disk(place=2, furthest=0.5).has_sent(2).sent_last(place=2, furthest=0.5)
    story.settles()
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=2, furthest=0.5, rev=2)


def test_hurry_sends_without_collecting() -> None:
    """A flush does not wait for the second to be over."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.edits(place=1)
    story.time_passes(ms=100)
    phone.edits(place=2).hurries().has_sent(2)
    story.time_passes(ms=20)
    phone.is_saved(Saved.EVERYWHERE)


def test_after_a_flush_edits_are_collected_again() -> None:
    """A flush is over when all is sent, and with nothing to send it does not begin: whoever goes on turning
    pages sends one commit a second all the same."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.hurries().edits(place=1).hurries()
    for page in range(30):
        story.time_passes(ms=100)
        phone.edits(place=page)
    assert len(phone.session_commits()) <= 4


def test_what_is_edited_while_the_app_leaves_is_sent_at_once() -> None:
    """As the place where a player stops: after the flush, and before the stream ends."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.edits(place=1).hurries()
    story.time_passes(ms=50)
    phone.edits(place=2)
    story.time_passes(ms=20)
    phone.has_sent(1).leaves().has_sent(2)
    story.time_passes(seconds=10)
    story.server_has(place=2)


def test_a_commit_names_only_what_changed() -> None:
    """The field mask holds the edited fields: a place does not send the bookmarks along."""
    story = Scenario()
    phone = story.device("phone").opens().edits(place=1, furthest=0.1)
    story.settles()
    phone.edits(place=2).sent_last(place=2)


def test_sessions_do_not_wait_for_each_other() -> None:
    """Each session has its own pace."""
    story = Scenario()
    phone = story.device("phone").opens("book").opens("song")
    story.settles()
    phone.edits("book", place=1).edits("song", place=9).has_sent(2)


def test_a_closed_session_leaves_memory_with_its_acknowledgement() -> None:
    """Closed while its commit is under way: kept until the server has it, then forgotten, stream and all."""
    story = Scenario()
    phone = story.device("phone").opens("book").opens("song")
    story.settles()
    phone.line.message_ms = lambda: 5_000.0
    phone.edits("book", place=1).closes("book")
    assert phone.engine is not None
    assert {"book", "song"} == set(phone.engine.local_store.open_sessions)
    story.time_passes(ms=100)
    assert {"song"} == set(phone.engine.local_store.open_sessions)


def test_a_field_of_this_device_is_kept_and_never_sent() -> None:
    """The text size survives a restart, and no commit bears it."""
    story = Scenario()
    phone = story.device("phone").opens()
    story.settles()
    phone.edits(text_size=24.0).is_saved(Saved.EVERYWHERE)
    story.settles()
    phone.has_sent(0).restarts().sees(text_size=24.0)
    story.server_has_nothing()


def test_nothing_changed_nothing_written() -> None:
    """An edit that changes nothing of a `highest` field, and a day without edits, cost no write."""
    story = Scenario()
    phone = story.device("phone").opens().edits(furthest=0.5)
    story.settles()
    phone.edits(furthest=0.3).has_sent(1)
    story.time_passes(hours=24)
    phone.has_sent(1)
    assert 1 == len(phone.line.listens), "one stream lasts the day"
