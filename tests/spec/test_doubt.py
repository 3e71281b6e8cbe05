"""Answers that never came, and answers in any order: every edit is applied exactly once."""

from __future__ import annotations

import pytest

from dalsegno._core.policies import Restart
from dalsegno._core.types import Saved
from tests.support.scenario import (
    HELD,
    LOST,
    UNANSWERED,
    Scenario,
    ScenarioDevice,
    applied_but_told,
    refused,
)
from tests.support.simulation.network import Fate, Way

AMBIGUOUS = ["CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE"]


def reading(story: Scenario) -> ScenarioDevice:
    phone = story.device("phone").opens()
    story.settles()
    return phone


@pytest.mark.parametrize("code", AMBIGUOUS)
def test_applied_though_the_answer_was_an_error(code: str) -> None:
    """The stamp in the document says that it was applied: it is not sent again."""
    story = Scenario()
    phone = reading(story).next_commits(applied_but_told(code)).edits(place=1)
    story.time_passes(minutes=1)
    phone.is_saved(Saved.EVERYWHERE).has_sent(1).has_on_disk()
    story.server_has(place=1, rev=1)


@pytest.mark.parametrize("code", AMBIGUOUS)
def test_not_applied_and_the_answer_was_an_error(code: str) -> None:
    """The stamp is not there: it is sent again, and once."""
    story = Scenario()
    phone = reading(story).next_commits(refused(code)).edits(place=1)
    story.time_passes(minutes=1)
    phone.is_saved(Saved.EVERYWHERE).has_sent(2)
    story.server_has(place=1, rev=1)


def test_applied_and_no_answer_at_all() -> None:
    """The stream's echo settles it before the deadline does."""
    story = Scenario()
    phone = reading(story).next_commits(UNANSWERED).edits(place=1)
    story.time_passes(ms=100)
    phone.is_saved(Saved.EVERYWHERE)
    story.time_passes(minutes=1)
    phone.has_sent(1)
    story.server_has(place=1, rev=1)


def test_the_echo_before_the_answer() -> None:
    """The stream may be quicker than the acknowledgement; neither undoes the other."""
    story = Scenario()
    phone = reading(story).next_commits(Fate(answer_ms=3_000.0)).edits(place=1)
    story.time_passes(seconds=1)
    phone.is_saved(Saved.EVERYWHERE).edits(place=2).has_sent(1)
    story.time_passes(seconds=10)
    phone.sees(place=2).is_saved(Saved.EVERYWHERE).has_sent(2)
    story.server_has(place=2, rev=2)


def test_the_answer_before_the_echo() -> None:
    """The acknowledgement settles the edit, the echo then changes nothing and is not told."""
    story = Scenario()
    phone = reading(story)
    phone.line.message_ms = lambda: 2_000.0
    phone.edits(place=1).takes_told()
    story.time_passes(ms=100)
    phone.is_saved(Saved.EVERYWHERE)
    story.time_passes(seconds=10)
    phone.was_told_nothing().sees(place=1).has_sent(1)


def test_an_answer_that_is_older_than_another_devices_edit() -> None:
    """Our commit, then the laptop's; the laptop's is heard first, our answer last: the newer stays."""
    story = Scenario()
    phone = reading(story).next_commits(Fate(answer_ms=5_000.0)).edits(place=1)
    story.time_passes(ms=20)
    story.server_says(place=2)
    story.time_passes(seconds=10)
    phone.sees(place=2).is_saved(Saved.EVERYWHERE).has_sent(1)


def test_a_commit_that_arrives_after_we_gave_it_up() -> None:
    """The old request is applied 20 s late, after we sent it again: compare-and-set lets one of them in."""
    story = Scenario()
    phone = reading(story).next_commits(Fate(reaches_ms=20_000.0)).edits(place=1, furthest=Restart(0.5))
    story.time_passes(seconds=25)
    phone.is_saved(Saved.EVERYWHERE)
    story.time_passes(minutes=2)
    story.server_has(place=1, furthest=0.5, rev=1)


def test_the_link_drops_under_a_commit() -> None:
    """Cut after the server applied it, before the answer: one application, and no edit lost."""
    story = Scenario()
    phone = reading(story).next_commits(HELD).edits(place=1)
    story.time_passes(ms=20)
    phone.link_drops(Way.STALLED).server_acks()
    story.time_passes(seconds=30)
    phone.is_saved(Saved.HERE).link_returns()
    story.time_passes(minutes=2)
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=1, rev=1)


def test_a_doubtful_outcome_and_a_newer_edit_of_another_device() -> None:
    """Not applied, and the laptop went on meanwhile: the older edit is not sent over the newer."""
    story = Scenario()
    phone = reading(story).next_commits(LOST).edits(place=1)
    story.time_passes(seconds=5)
    story.server_says(place=2)
    story.time_passes(minutes=1)
    phone.sees(place=2).is_saved(Saved.EVERYWHERE)
    story.server_has(place=2, rev=1)


def test_a_failed_read_is_tried_again() -> None:
    """The read that should settle a doubt fails too, several times."""
    story = Scenario()
    phone = reading(story).next_reads(*[refused("UNAVAILABLE")] * 4)
    phone.next_commits(refused("ABORTED")).edits(place=1)
    story.time_passes(minutes=2)
    phone.is_saved(Saved.EVERYWHERE)
    story.server_has(place=1, rev=1)


def test_a_duplicate_and_a_straggler_on_the_stream_change_nothing() -> None:
    """A document that comes twice, or an old version that comes late, is not told, and moves nothing back."""
    story = Scenario()
    phone = reading(story).edits(place=1)
    story.settles()
    old = story.server.get(("sessions", "book"))
    story.server_says(place=2)
    story.settles()
    phone.takes_told()
    phone.stream.repeat(phone.target())
    phone.stream.repeat(phone.target(), old)
    story.settles()
    phone.was_told_nothing().sees(place=2).knows_on_disk(place=2)


def test_closing_the_session_during_a_commit() -> None:
    """The echo settles it, the app closes the book, then the answer comes: nobody minds."""
    story = Scenario()
    phone = reading(story).next_commits(Fate(answer_ms=3_000.0)).edits(place=1)
    story.time_passes(seconds=1)
    phone.closes()
    story.time_passes(seconds=10)
    phone.is_saved(Saved.EVERYWHERE).opens().sees(place=1).edits(place=2)
    story.settles()
    story.server_has(place=2, rev=2)


def test_a_denied_read_after_the_session_was_closed_harms_nobody() -> None:
    """The session is settled and gone when a late refusal for it arrives."""
    story = Scenario()
    phone = reading(story).next_reads(Fate(reaches_ms=2_000.0, instead=refused("PERMISSION_DENIED").instead))
    phone.next_commits(applied_but_told("FAILED_PRECONDITION")).edits(place=1)
    story.time_passes(seconds=1)
    phone.closes()
    story.time_passes(seconds=10)
    phone.is_saved(Saved.EVERYWHERE)
