"""The music goes to another device at somebody's word: asked, taken, declined, too late."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from dalsegno._errors import NotTaken, Offline, UsageError
from tests.support.scenario import LOST, Scenario, ScenarioDevice, refused
from tests.support.stories import playing


def fails(future: Future[None]) -> Exception:
    """Why it was not taken; it is known by now."""
    assert future.done()
    found = future.exception()
    assert isinstance(found, Exception)
    return found


def is_not_taken(future: Future[None], why: str) -> None:
    error = fails(future)
    assert isinstance(error, NotTaken) and error.why == why, error


def test_a_device_that_is_asked_takes_over_and_the_asker_falls_silent() -> None:
    """At the same place; and nothing is left behind that would be worth going back to."""
    story = Scenario()
    phone, speaker = playing(story)
    future = phone.hands_over_to(speaker)
    story.settles()
    assert future.done() and future.exception() is None
    speaker.sounds("t1", 65).has_places()
    phone.is_silent().shows_playing_on(speaker).has_places()


def test_a_third_device_can_hand_over_what_it_does_not_play() -> None:
    """A laptop says to the speaker: go on with what the phone plays."""
    story = Scenario()
    phone, speaker = playing(story)
    laptop = story.device("laptop").listens()
    story.settles()
    future = laptop.hands_over_to(speaker)
    story.settles()
    assert future.result(0) is None
    speaker.sounds("t1", 70)
    phone.is_silent()
    laptop.is_silent().shows_playing_on(speaker)


def test_the_asker_plays_on_until_the_other_has_taken_over() -> None:
    """An ask that is not answered within 5 s lapses, and is told; nobody was ever silent."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.answers = "waits"
    future = phone.hands_over_to(speaker)
    story.time_passes(seconds=5)
    assert not future.done()
    phone.sounds("t1", 65)
    story.time_passes(seconds=2)
    is_not_taken(future, "lapsed")
    phone.sounds("t1", 67)
    assert not speaker.takes_asked(speaker.asks[0])
    story.settles()
    phone.sounds("t1", 72)
    speaker.is_silent()


def test_who_cannot_play_it_declines_at_once() -> None:
    """The file is not there: the asker is told within a moment, and plays on."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.answers = "declines"
    future = phone.hands_over_to(speaker)
    story.time_passes(seconds=1)
    is_not_taken(future, "declined")
    phone.sounds("t1", 61)
    speaker.is_silent()


def test_whoever_pressed_play_since_holds_against_what_was_asked() -> None:
    """Trace 14: the phone asks the kitchen, the speaker presses, the kitchen takes: the speaker holds."""
    story = Scenario()
    phone, speaker = playing(story)
    kitchen = story.device("kitchen").listens()
    story.settles()
    kitchen.answers = "waits"
    future = phone.hands_over_to(kitchen)
    story.time_passes(ms=500)
    kitchen.link_drops()
    speaker.presses_play("t5")
    kitchen.takes_asked(kitchen.asks[0])
    story.settles()
    kitchen.link_returns()
    story.time_passes(minutes=1)
    is_not_taken(future, "overtaken")
    speaker.sounds("t5", 65)
    phone.is_silent()
    kitchen.is_silent().shows_playing_on(speaker)


def test_an_ask_is_overtaken_by_a_press_of_the_asker_itself() -> None:
    """Whoever thinks otherwise presses play."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.answers = "waits"
    future = phone.hands_over_to(speaker)
    story.time_passes(seconds=1)
    phone.presses_play("t2")
    story.settles()
    is_not_taken(future, "overtaken")
    phone.sounds("t2", 5)


def test_what_was_just_pressed_here_can_be_handed_over() -> None:
    """The press is on its way: the ask follows it."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.presses_play("t5")
    kitchen = story.device("kitchen").listens()
    story.settles()
    phone.presses_play("t2")
    future = phone.hands_over_to(kitchen)
    story.settles()
    assert future.result(0) is None
    kitchen.sounds("t2", 5)
    for device in (phone, speaker):
        device.is_silent().shows_playing_on(kitchen)


def test_of_two_asks_the_newer_one_counts() -> None:
    """Two fingers, or a change of mind."""
    story = Scenario()
    phone, speaker = playing(story)
    kitchen = story.device("kitchen").listens()
    story.settles()
    speaker.answers = "waits"
    first = phone.hands_over_to(speaker)
    story.time_passes(ms=300)
    second = phone.hands_over_to(kitchen)
    story.settles()
    is_not_taken(first, "overtaken")
    assert second.result(0) is None
    kitchen.sounds("t1", 70.3)


@pytest.mark.parametrize("gone", ["offline", "killed", "closed"])
def test_a_device_that_is_not_there_takes_nothing(gone: str) -> None:
    """Out of reach, dead, or with the session closed: it lapses, and the music goes on where it was."""
    story = Scenario()
    phone, speaker = playing(story)
    if gone == "offline":
        speaker.link_drops()
    elif gone == "killed":
        speaker.crashes()
    else:
        speaker.closes("music")
    future = phone.hands_over_to(speaker)
    story.time_passes(seconds=7)
    is_not_taken(future, "lapsed")
    phone.sounds("t1", 67)
    if gone == "offline":
        speaker.link_returns()
        story.time_passes(minutes=1)
        speaker.is_silent().shows_playing_on(phone)


def test_an_ask_is_not_answered_after_its_time() -> None:
    """Whoever hears of it late makes no sound: the music is where it was."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.link_drops()
    phone.hands_over_to(speaker)
    story.time_passes(minutes=1)
    speaker.link_returns()
    story.time_passes(minutes=1)
    speaker.is_silent()
    assert not speaker.asks
    phone.sounds("t1", 180)


def test_an_ask_that_meets_another_commit_goes_again() -> None:
    """The document has moved meanwhile: the ask is made upon the newer one."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.edits("music", volume=0.3)
    future = phone.hands_over_to(speaker)
    story.settles()
    assert future.result(0) is None
    speaker.sounds("t1", 65).sees("music", volume=0.3)


def test_a_lost_answer_does_not_ask_twice() -> None:
    """The commit arrived, and its answer did not: the other device's word is enough."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.next_commits(LOST)
    future = phone.hands_over_to(speaker)
    story.time_passes(seconds=12)
    assert future.done()
    assert [phone.makes_sound, speaker.makes_sound].count(True) == 1


def test_what_the_rules_refuse_is_told() -> None:
    """They are of an older version: nothing was asked, and the music goes on."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.next_commits(refused("PERMISSION_DENIED"))
    future = phone.hands_over_to(speaker)
    story.time_passes(seconds=7)
    assert "rules" in str(fails(future))
    phone.sounds("t1", 67)


def test_there_is_nothing_to_hand_over_where_nobody_has_played() -> None:
    """A sentence, and no commit."""
    story = Scenario()
    phone, speaker = story.device("phone").listens(), story.device("speaker").listens()
    story.settles()
    assert isinstance(fails(phone.hands_over_to(speaker)), UsageError)
    phone.has_sent(0)


def test_who_is_offline_cannot_ask() -> None:
    """Told at once: nothing is kept for later."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.link_drops()
    story.time_passes(minutes=2)
    assert isinstance(fails(phone.hands_over_to(speaker)), Offline)


def test_a_session_that_is_closed_while_it_asks_waits_for_nobody() -> None:
    """The future is not left hanging."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.answers = "waits"
    future = phone.hands_over_to(speaker)
    phone.closes("music")
    story.time_passes(seconds=10)
    assert isinstance(fails(future), (Offline, NotTaken))


def back_and_forth(one: ScenarioDevice, other: ScenarioDevice, story: Scenario) -> None:
    """The music goes over, and both agree that it has."""
    future = one.hands_over_to(other)
    story.settles()
    assert future.result(0) is None
    assert other.makes_sound and not one.makes_sound


def test_a_hundred_transfers_lose_nothing() -> None:
    """In all directions: one device sounds, and the place is where it should be."""
    story = Scenario()
    phone, speaker = playing(story)
    for _ in range(50):
        back_and_forth(phone, speaker, story)
        back_and_forth(speaker, phone, story)
    phone.is_linked(phone.status.link).has_places()
    assert abs(phone.position_s - (60 + 500)) < 0.5
    speaker.has_places()
