"""The player's behaviour on one device, without a window, a device or a wall clock."""

from __future__ import annotations

import pytest

from tests.apps.player.conftest import Player, Stage
from tests.apps.player.shown import title, track


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


def test_after_a_crash_the_playhead_does_not_run_on(stage: Stage, phone: Player) -> None:
    """Killed while playing, opened three hours later: the place is at most five seconds of music back."""
    phone.presenter.toggle()
    stage.let_pass(13)
    again = stage.reopened(phone, later_ms=3 * 3_600_000)
    assert 8_000 <= again.presenter.position_ms <= 13_000
    assert "Alba" == title(again)
    assert not again.presenter.view.playing


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
