"""The player's behaviour on one device and between two, without a window, a device or a wall clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.player.conftest import Player, Stage
from tests.apps.player.sounds import noise, write_sound


@pytest.fixture
def phone(stage: Stage) -> Player:
    return stage.player("phone", "Pixel 8")


@pytest.fixture
def laptop(stage: Stage) -> Player:
    return stage.player("laptop", "Laptop")


def track(player: Player, title: str) -> str:
    return next(row.track for row in player.presenter.view.rows if row.title == title)


def title(player: Player) -> str:
    current = player.presenter.view.current
    return current.title if current else ""


def test_opening_writes_nothing(stage: Stage, phone: Player, laptop: Player) -> None:
    """Two players that are only opened are quiet, and make no sound."""
    stage.let_pass(60)
    assert ([], []) == (phone.shared.writes, laptop.shared.writes)
    assert not phone.backend.running


def test_playing_writes_no_ticks(stage: Stage, phone: Player) -> None:
    """Twenty-five seconds of music are one write: play."""
    phone.presenter.toggle()
    stage.let_pass(25)
    assert 1 == len(phone.shared.writes)
    assert 25_000 == pytest.approx(phone.presenter.position_ms, abs=50)


def test_a_change_of_track_is_one_write(stage: Stage, phone: Player) -> None:
    """Going on to the next track without a gap is one write, by the device that plays."""
    phone.presenter.toggle()
    stage.let_pass(31)
    assert 2 == len(phone.shared.writes)
    assert "Brio" == title(phone)
    assert 1_000 == pytest.approx(phone.presenter.position_ms, abs=50)


def test_the_other_device_shows_where_the_music_is(stage: Stage, phone: Player, laptop: Player) -> None:
    """While the phone plays, the laptop's seek bar moves by itself and names the phone."""
    phone.presenter.toggle()
    stage.let_pass(12)
    assert "Pixel 8" == laptop.presenter.view.elsewhere
    assert phone.presenter.position_ms == pytest.approx(laptop.presenter.position_ms, abs=50)


def test_take_over_carries_everything(stage: Stage, phone: Player, laptop: Player) -> None:
    """Play here: same track, same moment, same volume, same shuffle; the phone falls silent by itself."""
    phone.presenter.choose(track(phone, "Brio"))
    phone.presenter.set_volume(0.35)
    phone.presenter.toggle_shuffle()
    phone.presenter.seek(4_000)
    stage.let_pass(3)
    laptop.presenter.play_here()
    assert (True, False) == (laptop.presenter.view.playing_here, phone.presenter.view.playing_here)
    assert ("Brio", 0.35, True) == (
        title(laptop),
        laptop.presenter.view.volume,
        laptop.presenter.view.shuffled,
    )
    assert 7_000 == pytest.approx(laptop.presenter.position_ms, abs=50)
    assert phone.titles == laptop.titles
    assert "Laptop" == phone.presenter.view.elsewhere


def test_the_one_that_lost_writes_nothing(stage: Stage, phone: Player, laptop: Player) -> None:
    """Pausing because another device took over is no write: it must not pause the other one."""
    phone.presenter.toggle()
    before = len(phone.shared.writes)
    laptop.presenter.play_here()
    stage.let_pass(10)
    assert before == len(phone.shared.writes)
    assert laptop.presenter.view.playing_here


def test_the_paused_place_is_exact_on_the_other_device(stage: Stage, phone: Player, laptop: Player) -> None:
    """Pause on the phone, press play on the laptop: it goes on within 50 ms of the same sample."""
    phone.presenter.toggle()
    stage.let_pass(7.3)
    phone.presenter.toggle()
    heard_ms = phone.engine.position_ms
    laptop.presenter.toggle()
    assert heard_ms == pytest.approx(laptop.engine.position_ms, abs=1)


def test_close_and_reopen_elsewhere_offline(stage: Stage, phone: Player, laptop: Player) -> None:
    """Closing while it plays leaves the place behind; reopened without a network it is still there."""
    phone.presenter.toggle()
    stage.let_pass(9)
    position_ms = phone.presenter.position_ms
    phone.presenter.close()
    stage.network.up = False
    stage.network.now_ms += 86_400_000
    assert position_ms == pytest.approx(stage.reopened(phone).presenter.position_ms, abs=50)
    assert position_ms == pytest.approx(stage.reopened(laptop).presenter.position_ms, abs=50)


def test_after_a_crash_the_playhead_does_not_run_on(stage: Stage, phone: Player) -> None:
    """Killed while playing, opened three hours later: the place is at most five seconds of music back."""
    phone.presenter.toggle()
    stage.let_pass(13)
    stage.network.now_ms += 3 * 3_600_000
    again = stage.reopened(phone)
    assert 8_000 <= again.presenter.position_ms <= 13_000
    assert "Alba" == title(again)
    assert not again.presenter.view.playing


def test_a_crashed_device_does_not_play_for_ever_on_the_others(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """The phone died: past the end of its track the laptop no longer shows it as playing, nor the end as
    place.
    """
    phone.presenter.toggle()
    phone.presenter.seek(11_000)
    stage.players.remove(phone)
    stage.network.now_ms += 3_600_000
    assert laptop.presenter.view.elsewhere is None
    assert 11_000 == laptop.presenter.position_ms


def test_a_crashed_device_tells_the_truth_once_it_is_live(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """Reopened after a crash, the phone says that it does not play, but only when it knows the server's
    word.
    """
    phone.presenter.toggle()
    stage.let_pass(6)
    again = stage.reopened(phone)
    assert "Pixel 8" == laptop.presenter.view.elsewhere
    again.presenter.is_live()
    assert laptop.presenter.view.elsewhere is None
    assert 5_000 == pytest.approx(laptop.presenter.position_ms, abs=200)


def test_a_crashed_device_does_not_undo_a_take_over(stage: Stage, phone: Player, laptop: Player) -> None:
    """While the phone was dead the laptop took over; the phone's return does not stop it."""
    phone.presenter.toggle()
    stage.let_pass(6)
    stage.network.up = False
    laptop.presenter.play_here()
    again = stage.reopened(phone)
    stage.let_pass(2)
    stage.network.deliver()
    again.presenter.is_live()
    stage.let_pass(1)
    assert laptop.presenter.view.playing_here
    assert "Laptop" == again.presenter.view.elsewhere


def test_remote_pause_seek_and_next(stage: Stage, phone: Player, laptop: Player) -> None:
    """While the phone plays the laptop's buttons drive the phone."""
    phone.presenter.toggle()
    stage.let_pass(2)
    laptop.presenter.seek(15_000)
    assert 15_000 == pytest.approx(phone.engine.position_ms, abs=50)
    laptop.presenter.next()
    assert ("Brio", True) == (title(phone), phone.engine.playing)
    assert phone.engine.track == track(phone, "Brio")
    laptop.presenter.set_volume(0.2)
    assert 0.2 == phone.presenter.view.volume
    laptop.presenter.toggle()
    assert (False, False) == (phone.engine.playing, laptop.engine.playing)
    assert phone.engine.position_ms == pytest.approx(laptop.presenter.position_ms, abs=1)


def test_no_device_begins_to_sound_by_itself(stage: Stage, phone: Player, laptop: Player) -> None:
    """After a crash the state still says that the phone plays; another device's seek does not start it."""
    phone.presenter.toggle()
    stage.let_pass(2)
    again = stage.reopened(phone)
    laptop.presenter.seek(9_000)
    assert not again.engine.playing


def test_both_press_play_offline(stage: Stage, phone: Player, laptop: Player) -> None:
    """Both played different tracks without a network: then one line wins on both, whole, and one sounds."""
    stage.network.up = False
    phone.presenter.choose(track(phone, "Alba"))
    stage.let_pass(2)
    laptop.presenter.choose(track(laptop, "Brio"))
    stage.let_pass(1)
    phone.presenter.seek(20_000)
    stage.network.deliver()
    assert (True, False) == (phone.engine.playing, laptop.engine.playing)
    assert ("Alba", "Alba") == (title(phone), title(laptop))
    assert phone.presenter.position_ms == pytest.approx(laptop.presenter.position_ms, abs=1)


def test_a_drifting_device_is_anchored_anew(stage: Stage, phone: Player) -> None:
    """When the sound falls behind the playhead by more than 150 ms the line is written anew, once."""
    phone.presenter.toggle()
    stage.let_pass(11)
    stage.network.now_ms += 400  # the device was busy: no blocks were pulled
    stage.let_pass(8)
    assert 2 == len(phone.shared.writes)
    assert phone.engine.position_ms == pytest.approx(
        phone.shared.state.playhead.position_at(stage.network.now_ms), abs=60
    )


def test_shuffle_is_the_same_everywhere_and_begins_with_what_plays(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """Shuffled on the phone, the queue has one order on both, with the playing track first."""
    phone.presenter.choose(track(phone, "Brio"))
    phone.presenter.toggle_shuffle()
    assert phone.titles == laptop.titles
    assert "Brio" == laptop.titles[0]
    laptop.presenter.toggle_shuffle()
    assert ["Alba", "Brio", "Coda"] == phone.titles


def test_the_end_of_the_queue(stage: Stage, phone: Player) -> None:
    """After the last track it stops, at the beginning of the first."""
    phone.presenter.choose(track(phone, "Coda"))
    stage.let_pass(12)
    assert ("Alba", 0.0, False) == (title(phone), phone.presenter.position_ms, phone.presenter.view.playing)


def test_repeat_all_and_one(stage: Stage, phone: Player) -> None:
    """Repeat all goes on with the first; repeat one plays the same again."""
    phone.presenter.cycle_repeat()
    phone.presenter.choose(track(phone, "Coda"))
    stage.let_pass(11)
    assert ("all", "Alba") == (phone.presenter.view.repeat, title(phone))
    phone.presenter.cycle_repeat()
    phone.presenter.choose(track(phone, "Coda"))
    stage.let_pass(11)
    assert ("one", "Coda") == (phone.presenter.view.repeat, title(phone))
    assert 1_000 == pytest.approx(phone.presenter.position_ms, abs=50)


def test_previous(stage: Stage, phone: Player) -> None:
    """Early in a track it goes to the one before, later to the beginning of this one."""
    phone.presenter.choose(track(phone, "Brio"))
    stage.let_pass(5)
    phone.presenter.previous()
    assert ("Brio", 0.0) == (title(phone), phone.presenter.position_ms)
    phone.presenter.previous()
    assert "Alba" == title(phone)


def test_mute_and_back(phone: Player) -> None:
    """M silences, M again brings the volume back."""
    phone.presenter.set_volume(0.6)
    phone.presenter.toggle_mute()
    assert 0.0 == phone.presenter.view.volume
    phone.presenter.toggle_mute()
    assert 0.6 == phone.presenter.view.volume


def test_next_while_paused_stays_paused(stage: Stage, phone: Player) -> None:
    """Leafing through the queue in silence makes no sound."""
    phone.presenter.toggle()
    phone.presenter.toggle()
    phone.presenter.next()
    assert ("Brio", False, 0.0) == (title(phone), phone.engine.playing, phone.presenter.position_ms)


def test_a_file_that_vanished_is_named_and_passed_over(stage: Stage, folder: Path, tmp_path: Path) -> None:
    """The file of the chosen track is gone: the message names it, the next one plays, the place is not
    lost.
    """
    own = tmp_path / "own"
    own.mkdir()
    write_sound(own / "a.wav", noise(2), title="Gone")
    write_sound(own / "b.wav", noise(3, seed=5), title="Still here")
    phone = stage.player("phone", "Pixel 8", own)
    (own / "a.wav").unlink()
    phone.presenter.toggle()
    stage.let_pass(0.1)
    assert "“a.wav” is no longer in" in str(phone.presenter.view.notice)
    assert ("Still here", True) == (title(phone), phone.engine.playing)


def test_when_no_file_can_be_played_it_stops(stage: Stage, tmp_path: Path) -> None:
    """All files vanished: one round of messages, then silence; no endless skipping."""
    own = tmp_path / "own"
    own.mkdir()
    for name in "abc":
        write_sound(own / f"{name}.wav", noise(1, seed=ord(name)))
    phone = stage.player("phone", "Pixel 8", own)
    phone.presenter.cycle_repeat()
    for path in own.iterdir():
        path.unlink()
    phone.presenter.toggle()
    stage.let_pass(1)
    assert not phone.presenter.view.playing
    assert len(phone.shared.writes) < 8


def test_a_truncated_file_is_named_and_playing_goes_on(stage: Stage, tmp_path: Path) -> None:
    """An mp3 that breaks off plays as far as it goes, then the next one; the message says where it broke
    off.
    """
    own = tmp_path / "own"
    own.mkdir()
    cut = write_sound(own / "a.mp3", noise(12), title="Cut")
    write_sound(own / "b.wav", noise(9, seed=5), title="Whole")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 3])
    phone = stage.player("phone", "Pixel 8", own)
    phone.presenter.toggle()
    stage.let_pass(6)
    assert ("Whole", True) == (title(phone), phone.engine.playing)
    assert "“a.mp3” breaks off after 0:0" in str(phone.presenter.view.notice)


def test_a_track_of_another_device_is_named(stage: Stage, phone: Player, tmp_path: Path) -> None:
    """The laptop does not have the file: it shows the title, drives the phone, and says why it cannot play
    here.
    """
    own = tmp_path / "own"
    own.mkdir()
    laptop = stage.player("laptop", "Laptop", own)
    phone.presenter.toggle()
    stage.let_pass(1)
    assert ("Alba", False) == (title(laptop), laptop.presenter.view.current.here)  # type: ignore[union-attr]
    laptop.presenter.play_here()
    assert "“Alba” is not on this device" in str(laptop.presenter.view.notice)
    assert phone.engine.playing


def test_a_silent_device_is_said(phone: Player) -> None:
    """With no sound device the view says so."""
    phone.backend.silent_because = "No sound device found: playing silently"
    assert "No sound device found: playing silently" == phone.presenter.view.silent_because


def test_closing_twice_is_harmless(phone: Player) -> None:
    """An app may be closed by the window and by the system."""
    phone.presenter.toggle()
    phone.presenter.close()
    phone.presenter.close()
    assert not phone.engine.playing


def test_a_crash_costs_a_second_at_most(stage: Stage, phone: Player) -> None:
    """Killed in the middle of a track, it goes on no more than a second before the place where it was."""
    phone.presenter.toggle()
    stage.let_pass(4.6)
    heard_ms = phone.engine.position_ms
    again = stage.reopened(phone)
    assert heard_ms - 1_040 <= again.presenter.position_ms <= heard_ms
