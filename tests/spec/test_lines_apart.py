"""Whose music it is after tunnels, blind starts, deaths and sleep. A queue of music on several devices."""

from __future__ import annotations

from tests.support.scenario import Scenario
from tests.support.stories import playing

# --- tunnels ------------------------------------------------------------------------------------------


def test_in_a_tunnel_it_plays_on_and_gives_way_to_who_plays_when_it_is_back() -> None:
    """What was heard in the tunnel becomes a mark, never the other's place."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.link_drops()
    story.time_passes(seconds=10)
    speaker.presses_play("t9")
    story.time_passes(minutes=5)
    phone.sounds("t1", 60 + 310).link_returns()
    story.time_passes(minutes=1)
    phone.is_silent().shows_playing_on(speaker)
    speaker.shows_marks("music")
    story.settles()
    for device in (phone, speaker):
        [(track, heard_s)] = device.places()
        assert track == "t1" and 370 <= heard_s <= 430, heard_s  # until the phone had heard of the other


def test_what_was_taken_and_given_up_meanwhile_is_reclaimed() -> None:
    """The phone plays on, under a lease just after the speaker's; the speaker's place is a mark."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.link_drops()
    story.time_passes(seconds=10)
    speaker.presses_play("t9")
    story.time_passes(seconds=30)
    speaker.pauses_music()
    story.time_passes(minutes=5)
    phone.link_returns()
    story.time_passes(minutes=1)
    phone.sounds("t1", 60 + 340 + 60).has_places(("t9", 30))
    speaker.is_silent().shows_playing_on(phone).shows_music("t1", 460)


def test_what_is_reclaimed_does_not_silence_a_press_that_is_not_sent_yet() -> None:
    """Trace 7: the kitchen presses, the phone loses its line, the kitchen pauses; the speaker presses,
    unsent; the phone is back, and the speaker's press holds."""
    story = Scenario()
    phone, speaker = playing(story)
    kitchen = story.device("kitchen").listens()
    story.settles()
    kitchen.presses_play()
    phone.link_drops()
    story.settles()
    kitchen.pauses_music()
    story.settles()
    speaker.link_drops().presses_play("t5")
    story.settles()
    phone.link_returns()
    story.time_passes(minutes=1)
    speaker.link_returns()
    story.time_passes(minutes=1)
    speaker.sounds("t5", 125)
    phone.is_silent().shows_playing_on(speaker)


def test_what_was_pressed_and_paused_offline_does_not_stop_who_plays() -> None:
    """Trace 4: the phone plays on; the speaker's place is a mark, and the phone's is offered."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.link_drops()
    story.time_passes(seconds=1)
    speaker.presses_play("t7")
    story.time_passes(seconds=20)
    speaker.pauses_music()
    speaker.takes_told()
    speaker.link_returns()
    story.time_passes(minutes=1)
    phone.sounds("t1", 60 + 81)
    speaker.is_silent().has_places(("t7", 20)).was_offered(track="t1").shows_playing_on(phone)


def test_who_still_plays_when_it_is_back_holds_against_an_earlier_press() -> None:
    """The phone's place becomes a mark."""
    story = Scenario()
    phone, speaker = playing(story)
    speaker.link_drops()
    story.time_passes(seconds=1)
    speaker.presses_play("t7")
    story.time_passes(seconds=20)
    speaker.link_returns()
    story.time_passes(minutes=1)
    speaker.sounds("t7", 80)
    phone.is_silent().shows_playing_on(speaker)
    assert ["t1"] == [track for track, _ in phone.places()]


def test_who_still_plays_when_it_is_back_holds_against_a_later_press_that_is_over() -> None:
    """Trace 5: the speaker presses offline; the phone presses later, and stops."""
    story = Scenario()
    phone, speaker = story.device("phone").listens(), story.device("speaker").listens()
    story.settles()
    speaker.link_drops()
    story.time_passes(seconds=1)
    speaker.presses_play("t7")
    story.time_passes(seconds=5)
    phone.presses_play("t1")
    story.time_passes(seconds=20)
    phone.pauses_music()
    story.settles()
    speaker.link_returns()
    story.time_passes(minutes=1)
    speaker.sounds("t7", 90).has_places(("t1", 20))
    phone.is_silent().shows_playing_on(speaker)


def test_who_hears_late_of_a_take_over_keeps_what_was_heard_meanwhile() -> None:
    """Trace 9: twenty seconds on the phone beyond where the speaker took over are a mark."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.link_drops()
    speaker.presses_play()
    story.time_passes(seconds=20)
    phone.link_returns()
    story.settles()
    phone.is_silent().shows_playing_on(speaker)
    assert ["t1"] == [track for track, _ in phone.places()]


# --- blind --------------------------------------------------------------------------------------------


def test_a_blind_press_means_play_on() -> None:
    """Less than five seconds have been heard: the sound jumps to the document's place."""
    story = Scenario()
    laptop = story.device("laptop").listens()
    story.settles()
    laptop.presses_play("book", at_s=5000)
    story.time_passes(seconds=10)
    laptop.pauses_music()
    story.settles()
    phone = story.device("phone", starts=False).starts(network=False).listens().presses_play("intro")
    story.time_passes(seconds=2)
    phone.attach()
    story.settles()
    phone.sounds("book", 5010 + 5)
    laptop.is_silent().shows_playing_on(phone)


def test_a_blind_press_that_was_listened_to_holds() -> None:
    """The document's place becomes a mark, and is offered."""
    story = Scenario()
    laptop = story.device("laptop").listens()
    story.settles()
    laptop.presses_play("book", at_s=5000)
    story.time_passes(seconds=10)
    laptop.pauses_music()
    story.settles()
    phone = story.device("phone", starts=False).starts(network=False).listens().presses_play("intro")
    story.time_passes(seconds=60)
    phone.takes_told()
    phone.attach()
    story.settles()
    phone.sounds("intro", 65).has_places(("book", 5010)).was_offered(track="book")


def test_of_a_blind_press_and_a_later_one_one_sounds() -> None:
    """Trace 6: the speaker plays blindly for 20 s, the phone presses later, the speaker hears."""
    story = Scenario()
    phone = story.device("phone").listens()
    speaker = story.device("speaker", starts=False).starts(network=False).listens()
    story.settles()
    speaker.presses_play("t7")
    story.time_passes(seconds=20)
    phone.presses_play("t1")
    speaker.attach()
    story.settles()
    phone.sounds("t1", 5)
    speaker.is_silent().has_places(("t7", 20))


# --- deaths and sleep ---------------------------------------------------------------------------------


def test_after_a_crash_nothing_moves_over_silence() -> None:
    """Trace 10: paused where it was last heard, at most a second before the end."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.crashes()
    story.time_passes(minutes=10)
    speaker.shows_nobody_playing()
    phone.starts().listens().is_silent()
    story.settles()
    assert 59 <= phone.position_s <= 60.1, phone.position_s
    speaker.shows_nobody_playing().shows_music("t1", phone.position_s)


def test_a_holder_that_vanished_is_gone_when_its_lease_ends() -> None:
    """Its place is that of its last sign of life, never beyond; pressing play begins there. Back again, its
    own place gives way, and is a mark."""
    story = Scenario()
    phone, speaker = playing(story)
    story.time_passes(minutes=2)
    phone.crashes()
    story.time_passes(minutes=3)
    speaker.shows_nobody_playing()
    alive_s = speaker.position_s
    assert 149 <= alive_s <= 160, alive_s  # its line was renewed, and then its presence
    speaker.presses_play().sounds("t1", alive_s)
    story.settles()
    phone.starts().listens()
    story.settles()
    phone.is_silent().shows_playing_on(speaker).has_places(("t1", 180))


def test_who_sleeps_in_the_middle_of_its_sound_wakes_silent() -> None:
    """Nobody took over: the line stands paused where it was last heard."""
    story = Scenario()
    phone, speaker = playing(story)
    story.all_sleep(hours=1, clocks_stand=False)
    story.time_passes(minutes=1)
    phone.is_silent()
    assert 59 <= phone.position_s <= 60.1, phone.position_s
    speaker.shows_nobody_playing().shows_music("t1", phone.position_s)


def test_who_was_asleep_while_another_took_over_stays_silent() -> None:
    """What it had heard before is a mark, if it is beyond where the other began."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.crashes()
    speaker.presses_play("t3")
    story.time_passes(minutes=10)
    phone.starts().listens()
    story.settles()
    phone.is_silent().shows_playing_on(speaker)
    speaker.sounds("t3", 605)


def test_who_died_where_another_went_on_left_nothing_behind() -> None:
    """The speaker takes over at the very place where the phone had died, and is far on when the phone is
    there again: no mark, and nothing is offered."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.crashes()
    speaker.presses_play()
    story.time_passes(minutes=10)
    phone.starts().listens()
    story.settles()
    phone.is_silent().shows_playing_on(speaker).has_places()


def test_a_lease_is_renewed_while_it_sounds_and_not_while_it_rests() -> None:
    """Every 150 s, alone too; a pause ends that."""
    story = Scenario()
    phone, speaker = playing(story)
    story.time_passes(minutes=60)
    speaker.shows_playing_on(phone)
    assert abs(speaker.position_s - 3660) < 0.5  # clocks drift a little
    assert 24 <= len(phone.session_commits()) <= 26
    phone.pauses_music()
    story.settles()
    sent = len(phone.session_commits())
    story.time_passes(minutes=60)
    assert sent == len(phone.session_commits())


def test_whoever_closes_the_session_leaves_it_paused() -> None:
    """Under its own lease, where it was."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.closes("music")
    story.settles()
    speaker.shows_nobody_playing().shows_music("t1", 60)
