"""What the server refuses: told, parked, and in nobody's way."""

from __future__ import annotations

import pytest

from dalsegno._core.types import Link, Saved
from tests.support.scenario import HELD, Scenario, ScenarioDevice, refused

DENIED = "PERMISSION_DENIED"


def reading(story: Scenario) -> ScenarioDevice:
    phone = story.device("phone").opens()
    story.settles()
    return phone


def test_a_refused_edit_is_parked_and_told() -> None:
    """The rules refuse, and the document has not moved: told, and the edit stays on disk."""
    story = Scenario()
    phone = reading(story).next_commits(refused(DENIED)).edits(place=1)
    story.settles()
    phone.is_linked(Link.LIVE, "rules").is_saved(Saved.HERE).has_on_disk(place=1).sees(place=1)
    story.server_says(furthest=0.3)
    story.time_passes(hours=1)
    phone.has_sent(1).has_on_disk(place=1).sees(place=1, furthest=0.3)


def test_a_refused_edit_does_not_block_another_session() -> None:
    """What cannot be sent stands in nobody's way."""
    story = Scenario()
    phone = reading(story).opens("song").next_commits(refused(DENIED)).edits(place=1)
    story.settles()
    phone.edits("song", place=7)
    story.settles()
    story.server_has("song", place=7)


def test_the_next_edit_tries_again() -> None:
    """The rules may have changed: a new edit takes the parked one along."""
    story = Scenario()
    phone = reading(story).next_commits(refused(DENIED)).edits(place=1)
    story.settles()
    phone.edits(furthest=0.2)
    story.settles()
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
    story.server_has(place=1, furthest=0.2)


def test_after_a_refused_read_the_next_edit_is_really_sent() -> None:
    """Commit and read were refused; once the user may write again, the first edit goes through."""
    story = Scenario()
    phone = reading(story).next_commits(refused(DENIED)).next_reads(refused(DENIED)).edits(place=1)
    story.settles()
    phone.is_linked(Link.LIVE, "rules").edits(place=2)
    story.settles()
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
    story.server_has(place=2)


def test_a_restart_tries_again() -> None:
    """A parked edit is not parked for ever: the new process tries it once."""
    story = Scenario()
    phone = reading(story).next_commits(refused(DENIED)).edits(place=1)
    story.settles()
    phone.restarts()
    story.settles()
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE)
    story.server_has(place=1)


def test_a_parked_edit_that_another_device_overtook_is_no_trouble_any_more() -> None:
    """Nothing is owed, so nothing is denied."""
    story = Scenario()
    phone = reading(story).next_commits(refused(DENIED)).edits(place=1)
    story.settles()
    story.server_says(place=2)
    story.settles()
    phone.sees(place=2).is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED", "DATA_LOSS"])
def test_a_commit_that_can_never_succeed_is_parked(code: str) -> None:
    """Sent once, told, kept."""
    story = Scenario()
    phone = reading(story).next_commits(refused(code)).edits(place=1)
    story.settles()
    phone.is_linked(Link.LIVE, code).has_on_disk(place=1).has_sent(1)


def test_unauthenticated_gets_a_new_token_and_tries_again() -> None:
    """A token that the server would not have is dropped; the edit is not refused by that."""
    story = Scenario()
    phone = reading(story).next_commits(refused("UNAUTHENTICATED")).edits(place=1)
    story.settles()
    assert 1 == phone.line.dropped_tokens
    phone.is_linked(Link.LIVE).is_saved(Saved.EVERYWHERE).has_sent(2)


def test_out_of_quota_waits_long() -> None:
    """RESOURCE_EXHAUSTED: no second try for half a minute at least."""
    story = Scenario()
    phone = reading(story).next_commits(refused("RESOURCE_EXHAUSTED")).edits(place=1)
    story.time_passes(seconds=29)
    phone.has_sent(1).is_saved(Saved.HERE)
    story.time_passes(minutes=2)
    phone.has_sent(2).is_saved(Saved.EVERYWHERE)


def test_an_edit_while_out_of_quota_does_not_go_before_its_time() -> None:
    """The user turns pages; the server is left in peace all the same."""
    story = Scenario()
    phone = reading(story).next_commits(refused("RESOURCE_EXHAUSTED")).edits(place=1)
    for page in range(2, 20):
        story.time_passes(seconds=1)
        phone.edits(place=page)
    phone.has_sent(1)
    story.time_passes(minutes=2)
    story.server_has(place=19)


def test_a_refused_target_is_told_and_tried_again() -> None:
    """The rules refuse to show one session: DENIED is told, the others go on, and it is tried again later."""
    story = Scenario()
    phone = reading(story).opens("song")
    story.settles()
    phone.stream.refuse(phone.target("song"), DENIED)
    story.settles()
    phone.is_linked(Link.DENIED).opens("another")
    story.settles()
    assert ("sessions", "song") not in [s.target.path for s in phone.stream.targets.values()]
    story.server_says("book", place=3)
    story.settles()
    phone.sees("book", place=3)
    story.server_says("song", place=4)
    story.time_passes(minutes=2)
    phone.is_linked(Link.LIVE).sees("song", place=4)


@pytest.mark.parametrize(
    "code", ["CANCELLED", "RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE", "UNAUTHENTICATED"]
)
def test_a_target_that_the_server_drops_is_listened_to_again(code: str) -> None:
    """Whatever the cause: no session stays deaf on a living stream."""
    story = Scenario()
    phone = reading(story)
    phone.stream.refuse(phone.target(), code)
    story.settles()
    story.server_says(place=4)
    story.time_passes(minutes=2)
    phone.sees(place=4)
    assert len(phone.line.listens) <= 3


def test_a_denied_stream_waits_long_and_says_so() -> None:
    """A user who may not listen at all: told, and tried once a minute or so."""
    story = Scenario()
    phone = story.device("phone").next_listens(*[refused(DENIED)] * 100).opens()
    story.time_passes(minutes=10)
    phone.is_linked(Link.DENIED)
    assert 5 <= len(phone.line.listens) <= 15


def test_an_expired_token_ends_the_stream_without_alarm() -> None:
    """Once an hour the token expires: a new one is fetched, and nobody is told DENIED; next hour too."""
    story = Scenario()
    phone = reading(story)
    for _ in range(3):
        story.time_passes(hours=1)
        phone.stream.end(refused("UNAUTHENTICATED").instead)  # type: ignore[arg-type]
        story.settles()
        phone.is_linked(Link.LIVE)
    assert 3 == phone.line.dropped_tokens
    assert Link.DENIED not in {s.link for s in phone.statuses}


def test_edits_while_a_commit_is_being_refused_are_parked_with_it() -> None:
    """The edit that came during the flight is neither lost nor sent into the same wall."""
    story = Scenario()
    phone = reading(story).next_commits(HELD).edits(place=1)
    story.settles()
    phone.edits(place=2)
    phone.server.rules = lambda *_: "no"
    phone.server_acks()
    story.settles()
    phone.is_linked(Link.LIVE, "rules").has_on_disk(place=2).has_sent(1)
