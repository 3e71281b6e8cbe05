"""A steady clock that stood still, a wall clock that somebody set: edits get the stamp of their true time."""

from __future__ import annotations

import pytest

from dalsegno._core.clock import PARTED_MS, millis_of
from dalsegno._core.types import Link, Saved
from dalsegno._sync.clock_probe import MOST_QUESTIONS
from tests.support.scenario import HELD, HOUR_MS, Scenario, ScenarioDevice

CLOSE_MS = 3_000.0


def stamp_ms(story: Scenario) -> int:
    """When the server's place was made, by its stamp."""
    document = story.document()
    assert document is not None
    return millis_of(document.entries["place"].stamp)


def live(story: Scenario) -> ScenarioDevice:
    phone = story.device("phone").opens()
    story.settles()
    return phone.is_linked(Link.LIVE)


@pytest.mark.parametrize("stands", [True, False], ids=["clock stands still", "clock goes on"])
@pytest.mark.parametrize("heard_first", [True, False], ids=["heard before", "heard after"])
def test_an_edit_after_two_hours_of_sleep_wins_over_an_older_one(stands: bool, heard_first: bool) -> None:
    """Another device has edited an hour ago; what is done here now is newer, whatever the clocks count."""
    story = Scenario()
    phone = live(story)
    story.all_sleep(hours=2, clocks_stand=stands)
    if heard_first:
        story.server_says(place=1, ago_s=3600)
        story.settles()
        phone.sees(place=1).edits(place=2)
    else:
        phone.edits(place=2)
        story.server_says(place=1, ago_s=3600)
    made_ms = story.virtual_clock.now_ms
    story.time_passes(minutes=2)
    phone.sees(place=2).is_saved(Saved.EVERYWHERE)
    story.server_has(place=2)
    assert abs(stamp_ms(story) - made_ms) < CLOSE_MS


def test_an_edit_after_sleep_without_a_network_has_its_true_time() -> None:
    """Made five minutes after waking, offline, and sent an hour later: older than what was done since, newer
    than what was done in the night.
    """
    story = Scenario()
    phone = live(story).link_drops()
    story.all_sleep(hours=8)
    story.time_passes(minutes=5)
    phone.edits(place=2)
    made_ms = story.virtual_clock.now_ms
    story.time_passes(hours=1)
    story.server_says(place=1, ago_s=2 * 3600)
    phone.link_returns()
    story.time_passes(minutes=2)
    story.server_has(place=2)
    assert abs(stamp_ms(story) - made_ms) < CLOSE_MS


def test_an_answer_from_before_the_sleep_is_not_taken_for_the_time() -> None:
    """Sent before, answered after: nobody knows how long that took."""
    story = Scenario()
    phone = live(story).next_commits(HELD).edits(place=1)
    story.time_passes(seconds=1)
    story.all_sleep(hours=2)
    phone.server_acks().edits(place=2)
    made_ms = story.virtual_clock.now_ms
    story.time_passes(minutes=2)
    story.server_has(place=2)
    assert abs(stamp_ms(story) - made_ms) < CLOSE_MS


@pytest.mark.parametrize("hours", [-24.0, -PARTED_MS / HOUR_MS, PARTED_MS / HOUR_MS, 24.0])
@pytest.mark.parametrize("offline", [True, False], ids=["offline", "online"])
@pytest.mark.parametrize("restarts", [True, False], ids=["restarted", "going on"])
def test_a_wall_clock_that_is_set_by_hand_harms_nothing(hours: float, offline: bool, restarts: bool) -> None:
    """By a day or by seconds, forward or back, online or not, and whether the app is started anew: the edits
    before and after bear their true time.
    """
    story = Scenario()
    phone = live(story)
    story.server_says("song", place=7, ago_s=60)
    phone.opens("song")
    story.settles()
    if offline:
        phone.link_drops()
    phone.edits("song", place=8)
    story.time_passes(minutes=1)
    phone.clock_jumps(hours=hours).edits(place=1)
    made_ms = story.virtual_clock.now_ms
    story.time_passes(minutes=1)
    if restarts:
        phone.restarts()
    phone.link_returns()
    story.time_passes(minutes=3)
    phone.is_saved(Saved.EVERYWHERE).is_linked(Link.LIVE)
    story.server_has(place=1).server_has("song", place=8)
    assert abs(stamp_ms(story) - made_ms) < CLOSE_MS


@pytest.mark.parametrize("hours", [-24.0, 24.0])
def test_an_edit_made_before_the_clock_was_set_keeps_its_time(hours: float) -> None:
    """Started without a network, edited; the clock is set, the app started anew, then the network comes."""
    story = Scenario()
    phone = live(story).link_drops().restarts().edits(place=1)
    made_ms = story.virtual_clock.now_ms
    story.time_passes(minutes=10)
    phone.clock_jumps(hours=hours).opens("song").edits("song", place=1).restarts()
    story.time_passes(minutes=10)
    phone.link_returns()
    story.time_passes(minutes=3)
    phone.is_saved(Saved.EVERYWHERE)
    assert abs(stamp_ms(story) - made_ms) < CLOSE_MS


def test_a_clock_that_is_set_costs_a_question_and_no_commit() -> None:
    """Found out at what the server says next: it is asked as after a start, and nothing is written."""
    story = Scenario()
    phone = live(story)
    commits, reads = len(phone.line.commits), len(phone.line.reads)
    phone.clock_jumps(hours=24.0)
    story.server_says(place=1)
    story.time_passes(minutes=1)
    phone.sees(place=1).is_linked(Link.LIVE)
    assert commits == len(phone.line.commits)
    assert 1 <= len(phone.line.reads) - reads <= MOST_QUESTIONS
