"""Whose music it is: take-overs and remote control, with everybody online. A queue of music."""

from __future__ import annotations

from tests.support.scenario import Scenario
from tests.support.stories import playing

# --- both online --------------------------------------------------------------------------------------


def test_whoever_presses_play_has_the_music_and_the_other_falls_silent() -> None:
    """It goes on within 50 ms of where it was, and leaves no place worth going back to."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.presses_play().sounds("t1", 60)
    story.settles()
    phone.is_silent().shows_playing_on(speaker).shows_music("t1", 65).has_places()
    speaker.sounds("t1", 65).has_places()


def test_of_two_presses_at_once_the_later_one_holds() -> None:
    """By stamp, whichever arrives first; the other falls silent and says who plays."""
    for phone_first in (True, False):
        story = Scenario()
        phone, speaker = story.device("phone").listens(), story.device("speaker").listens()
        story.settles()
        first, last = (phone, speaker) if phone_first else (speaker, phone)
        first.presses_play("t1")
        story.time_passes(ms=1)
        last.presses_play("t2")
        story.settles()
        last.sounds("t2", 5)
        first.is_silent().shows_playing_on(last).shows_music("t2", 5)


def test_a_press_and_a_pause_at_once_silence_the_other_device() -> None:
    """Trace 8: the phone hears only the end of it."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.presses_play().pauses_music()
    story.settles()
    for device in (phone, speaker):
        device.is_silent().shows_nobody_playing().shows_music("t1", 60)


def test_an_older_lease_never_sets_the_track_of_a_newer_one() -> None:
    """Trace 1: a blind press of track and playhead, a later one of the playhead alone."""
    story = Scenario()
    phone = story.device("phone").link_drops().listens()
    speaker = story.device("speaker").listens()
    story.settles()
    phone.presses_play("t1", at_s=100)
    story.time_passes(seconds=1)
    speaker.presses_play(at_s=7)
    story.settles()
    phone.link_returns()
    story.time_passes(minutes=1)
    for device in (phone, speaker):
        assert device.view("music")["track"] == ""
    assert speaker.makes_sound and not phone.makes_sound


# --- remote control -----------------------------------------------------------------------------------


def test_no_track_goes_on_at_the_playhead_of_another() -> None:
    """Trace 2: the phone skips, and the speaker pauses it before it has heard of that."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.skips_to("t2")
    speaker.pauses_music()
    story.settles()
    found = (speaker.view("music"), speaker.position_s)
    assert found == (phone.view("music"), phone.position_s)
    assert found[0]["track"] == "t1" and abs(found[1] - 60) < 1, found


def test_the_next_track_does_not_undo_a_pause() -> None:
    """Trace 3: what begins by itself has a later stamp than the pause, and gives way to it."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.link_drops()
    speaker.pauses_music()
    story.time_passes(ms=100)
    phone.goes_on_with("t2").sounds("t2", 0).link_returns()
    story.time_passes(minutes=1)
    phone.is_silent().shows_music("t1", 60)
    speaker.shows_nobody_playing().shows_music("t1", 60)


def test_a_remote_control_that_had_not_seen_the_pause_starts_no_sound() -> None:
    """Trace 12: the phone pauses, and the speaker, not knowing, skips."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.pauses_music()
    story.time_passes(ms=1)
    speaker.skips_to("t2")
    story.settles()
    for device in (phone, speaker):
        device.is_silent().shows_nobody_playing().shows_music("t2", 0)


def test_a_paused_device_can_be_started_from_another() -> None:
    """Remote control within five seconds: the phone sounds, and says so."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.pauses_music()
    story.time_passes(minutes=10)
    speaker.is_silent().resumes_there()
    story.settles()
    phone.sounds("t1", 65)
    speaker.shows_playing_on(phone).shows_music("t1", 65)


def test_a_command_that_comes_at_a_wake_up_starts_no_sound() -> None:
    """Trace 11: the phone is paused and out of reach; the speaker says play; 200 s later the phone hears."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.pauses_music()
    story.settles()
    phone.link_drops()
    speaker.resumes_there()
    story.time_passes(seconds=200)
    phone.link_returns()
    story.time_passes(minutes=1)
    phone.is_silent().shows_music("t1", 60)
    speaker.shows_nobody_playing().shows_music("t1", 60)


def test_a_command_that_could_not_be_sent_lapses() -> None:
    """Trace 13: paused by remote control from a tunnel; 200 s later the phone plays on where it is, and the
    speaker is told."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.link_drops()
    story.time_passes(seconds=1)
    speaker.pauses_music()
    story.time_passes(seconds=200)
    speaker.link_returns()
    story.time_passes(minutes=1)
    phone.sounds("t1", 60 + 261)
    speaker.shows_playing_on(phone).shows_music("t1", 60 + 261)


# --- the way back -------------------------------------------------------------------------------------

LINE = ("track", "playhead")


def test_going_back_while_it_sounds_goes_on_from_there() -> None:
    """And back again: what was left goes on where it had been left."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.pauses_music()
    story.time_passes(minutes=5)
    speaker.presses_play("t2")
    story.time_passes(seconds=30)
    speaker.sounds("t2", 30).has_places(("t1", 60)).goes_back("music", LINE).sounds("t1", 60)
    story.time_passes(seconds=10)
    speaker.sounds("t1", 70).has_places(("t2", 30)).goes_back("music", LINE).sounds("t2", 30)
    story.settles()
    phone.is_silent().shows_playing_on(speaker).shows_music("t2", 35)


def test_going_back_from_another_device_is_remote_control() -> None:
    """The holder goes on from there, and no device begins to sound."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.pauses_music()
    story.settles()
    speaker.presses_play("t2")
    phone.shows_marks("music")
    story.time_passes(seconds=30)
    phone.goes_back("music", LINE)
    story.settles()
    phone.is_silent()
    speaker.sounds("t1", 65)


def test_going_back_while_nothing_sounds_starts_nothing() -> None:
    """The place stands there, for whoever presses play."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.pauses_music()
    story.settles()
    speaker.presses_play("t2")
    story.time_passes(seconds=30)
    speaker.pauses_music().goes_back("music", LINE)
    story.settles()
    for device in (phone, speaker):
        device.is_silent().shows_nobody_playing().shows_music("t1", 60)


def test_a_press_waits_for_nobody() -> None:
    """Other edits are collected for a second; whoever presses play, pauses, and presses again is heard at
    once each time."""
    story = Scenario()
    phone, speaker = playing(story)
    for number in range(5):
        speaker.presses_play()
        story.time_passes(ms=100)
        phone.is_silent()
        speaker.pauses_music()
        story.time_passes(ms=100)
        phone.shows_nobody_playing()
        assert 2 * number + 2 == len(speaker.session_commits())
