"""Whose music it is: what the simulation of households found, each told shortly."""

from __future__ import annotations

from dalsegno._core.orders import rank_of
from dalsegno._core.policies import HELD, Schema
from tests.support.scenario import Scenario, ScenarioDevice
from tests.support.scenario_lines import LISTENING, MUSIC

NEWER = Schema("listening", 2, {**LISTENING.policies, "chapter": HELD})
DAY_H = 24.0


def playing(story: Scenario) -> tuple[ScenarioDevice, ScenarioDevice]:
    """A phone that has played a track for a minute, and a speaker that knows of it."""
    phone, speaker = story.device("phone").listens(), story.device("speaker").listens()
    story.settles()
    phone.presses_play("t1")
    story.time_passes(minutes=1)
    return phone.sounds("t1", 60), speaker.is_silent().shows_playing_on(phone)


def tracks(device: ScenarioDevice) -> list[object]:
    """Of the places to go back to, newest first."""
    return [mark.values["track"] for mark in device.marks("music")]


def test_a_field_of_a_line_that_gave_way_does_not_stay_behind() -> None:
    """A newer app has another field in its line. An older one's line stands over it, as a whole: the field is
    not sent under a lease that is over, and nothing fails for want of it."""
    story = Scenario()
    phone, speaker = story.device("phone").listens(), story.device("speaker")
    speaker.open(MUSIC, NEWER)
    story.settles()
    speaker.link_drops()
    speaker.edit("music", {"chapter": 3})
    speaker.presses_play("t7")
    story.time_passes(seconds=20)
    speaker.pauses_music().closes("music")
    phone.presses_play("t1")
    story.time_passes(seconds=10)
    speaker.link_returns()
    story.time_passes(minutes=1)
    phone.sounds("t1", 70)
    document = story.document("music")
    assert document is not None and document.entries.keys() == {"track", "playhead"}


def test_an_older_app_writes_what_it_does_not_know_of_the_line() -> None:
    """A newer app has another field in its line. An older one takes over: all three fields are of its lease,
    and the one that it does not know is as it was; unsent, and by a wrong clock, too."""
    for ahead_h in (0.0, DAY_H):
        story = Scenario()
        phone, speaker = story.device("phone"), story.device("speaker", clock_ahead_h=ahead_h).listens()
        phone.open(MUSIC, NEWER)
        story.settles()
        phone.edit("music", {"chapter": 3})
        phone.presses_play("t1")
        story.settles()
        speaker.restarts(opens=None).listens()
        speaker.presses_play("t2")
        story.settles()
        document = story.document("music")
        assert document is not None
        ranks = {rank_of(entry) for entry in document.entries.values()}
        assert 1 == len(ranks) and 3 == document.entries["chapter"].value
        speaker.sounds("t2", 5)


def test_a_device_whose_clock_is_wrong_plays_on_until_it_knows_whose_music_it_is() -> None:
    """Its first press, before it has heard of anything: stamped by a clock that is a day behind, it looks
    older than it is. It holds, and where it was it is, too."""
    for ahead_h in (-DAY_H, DAY_H):
        story = Scenario()
        phone = story.device("phone").listens()
        story.settles()
        phone.presses_play("t1")
        story.time_passes(seconds=10)
        speaker = story.device("speaker", clock_ahead_h=ahead_h, starts=False)
        speaker.starts(network=False).listens().presses_play("t7")
        story.time_passes(seconds=20)
        speaker.attach()
        story.settles()
        speaker.sounds("t7", 25)
        phone.is_silent().shows_playing_on(speaker).shows_music("t7", 25)
        assert "t1" in tracks(speaker)


def test_a_wrong_clock_that_makes_a_press_look_newer_silences_nobody() -> None:
    """The speaker's press was earlier, and it has stopped: what it left is a mark."""
    for ahead_h in (-DAY_H, DAY_H):
        story = Scenario()
        phone = story.device("phone").listens()
        speaker = story.device("speaker", clock_ahead_h=ahead_h, starts=False)
        speaker.starts(network=False).listens().presses_play("t7")
        story.time_passes(seconds=20)
        speaker.pauses_music()
        phone.presses_play("t1")
        story.time_passes(seconds=10)
        speaker.attach()
        story.settles()
        phone.sounds("t1", 15)
        speaker.is_silent().has_places(("t7", 20)).shows_playing_on(phone)


def test_a_full_disk_makes_nobody_sound_again_after_a_death() -> None:
    """The disk did not take that the line rests; the device is silent all the same, and writes it later."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.disk_fills().crashes()
    phone.starts().listens().is_silent()
    story.settles()
    phone.is_silent()
    phone.disk_frees()
    story.time_passes(seconds=20)
    phone.is_silent()
    speaker.shows_nobody_playing()
    assert abs(speaker.position_s - 60) <= 1.1, speaker.position_s


def test_a_full_disk_and_a_wrong_clock_make_nobody_sound_again() -> None:
    """The line was never sent: when its stamps become true, it still is the one that ended with the death."""
    story = Scenario()
    phone = story.device("phone", clock_ahead_h=DAY_H, starts=False)
    phone.starts(network=False).listens().presses_play("t1")
    story.time_passes(seconds=30)
    phone.disk_fills().crashes()
    phone.starts().listens()
    story.settles()
    phone.is_silent().disk_frees()
    story.time_passes(seconds=20)
    phone.is_silent()
    assert 28 <= phone.position_s <= 30.1, phone.position_s


def test_a_full_disk_at_a_wake_up_makes_nobody_sound_again() -> None:
    """Whoever slept is silent, whether the disk takes it or not."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.disk_fills()
    story.all_sleep(hours=1, clocks_stand=False)
    story.time_passes(seconds=5)
    phone.is_silent().disk_frees()
    story.time_passes(seconds=20)
    phone.is_silent()
    speaker.shows_nobody_playing().shows_music("t1", phone.position_s)


def test_a_session_that_is_closed_on_a_full_disk_is_silent() -> None:
    """Nothing beats for it any more."""
    story = Scenario()
    phone, _ = playing(story)
    phone.disk_fills()
    phone.closes("music")
    story.time_passes(seconds=30)
    phone.disk_frees()
    phone.listens().is_silent()


def test_a_server_that_went_back_starts_no_sound() -> None:
    """The document says again that the phone plays; the speaker has taken over since. What the phone gives
    back of the speaker's is no command of its own that came too late."""
    story = Scenario()
    phone, speaker = playing(story)
    before = story.server.get(("sessions", "music"))
    assert before is not None and before.fields is not None
    speaker.presses_play("t9")
    story.time_passes(seconds=30)
    speaker.link_drops()
    story.server.put((("sessions", "music"), dict(before.fields)))
    story.settles()
    assert phone.is_silent().view("music")["track"] == "t9"
    speaker.link_returns()
    story.settles()
    phone.is_silent().shows_playing_on(speaker)
    speaker.sounds("t9", 40)


def test_a_line_that_somebody_wrote_anew_without_its_holder_starts_no_sound() -> None:
    """The server lost the document, and a remote control wrote it whole, while the holder was away."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.crashes()
    story.server_deletes("music")
    story.settles()
    speaker.skips_to("t2")
    story.time_passes(minutes=1)
    phone.starts().listens()
    story.settles()
    phone.is_silent().shows_music("t2", 0)
    speaker.shows_nobody_playing()


def test_what_a_frozen_device_hears_first_does_not_make_it_awake() -> None:
    """Another one's take-over comes before its own heart has beaten: the mark is where it was heard, and not
    where it would be."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.sleep.frozen = True
    speaker.presses_play("t3")
    story.time_passes(minutes=5)
    phone.sleep.wake()
    story.settles()
    phone.is_silent().shows_playing_on(speaker).has_places(("t1", 60))


def test_a_remote_control_starts_no_sound_in_an_app_that_has_closed_the_session() -> None:
    """It is in memory only because it owes something: the command rests, and says so."""
    story = Scenario()
    phone, speaker = playing(story)
    phone.pauses_music()
    story.settles()
    phone.link_drops()
    phone.edit("music", {"volume": 0.3})
    phone.closes("music")
    speaker.resumes_there()
    story.time_passes(seconds=1)
    phone.link_returns()
    story.time_passes(minutes=1)
    speaker.shows_nobody_playing().shows_music("t1", 60)


def test_who_is_controlled_from_elsewhere_is_not_shown_as_gone() -> None:
    """A remote control writes the line, and does not renew the lease: its holder does, before that ends."""
    story = Scenario()
    phone, speaker = playing(story)
    story.time_passes(seconds=40)
    speaker.skips_to("t2")
    for _ in range(60):
        story.time_passes(seconds=5)
        speaker.shows_playing_on(phone)
    assert len(phone.session_commits()) <= 4


def test_a_wrong_clock_after_a_death_moves_no_place() -> None:
    """The clock of a device that starts without a connection is six hours behind: what it then plays, until
    it dies again, is where it was heard."""
    story = Scenario()
    phone, _ = playing(story)
    phone.crashes()
    phone.clock_jumps(hours=-6).link_drops()
    phone.starts().listens().presses_play("t2", at_s=20)
    story.time_passes(seconds=30)
    phone.crashes()
    phone.starts().listens().is_silent()
    assert 48 <= phone.position_s <= 50.1, phone.position_s


def test_a_press_before_a_death_and_a_wrong_clock_still_goes_over_what_it_had_seen() -> None:
    """The clock of the next start is ahead: by its correction the press looks older than the line that it
    went over. Nothing sounds by that line."""
    story = Scenario()
    phone, _ = playing(story)
    phone.crashes().link_drops()
    phone.starts().listens().presses_play("t2", at_s=20)
    story.time_passes(seconds=30)
    phone.crashes()
    phone.clock_jumps(hours=1)
    phone.starts().listens().is_silent()
    phone.link_returns()
    story.time_passes(minutes=1)
    phone.is_silent()
    assert phone.view("music")["track"] == "t2"
