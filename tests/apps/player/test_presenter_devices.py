"""The player's behaviour between two devices, without a window, a device or a wall clock."""

from __future__ import annotations

import pytest

from tests.apps.player.conftest import Player, Stage
from tests.apps.player.shown import title, track


def test_opening_writes_nothing(stage: Stage, phone: Player, laptop: Player) -> None:
    """Two players that are only opened are quiet, and make no sound."""
    stage.let_pass(60)
    assert ([], []) == (phone.shared.writes, laptop.shared.writes)
    assert not phone.backend.running


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
