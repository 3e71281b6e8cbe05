"""The player's behaviour between two devices, without a window, a device or a wall clock."""

from __future__ import annotations

import shutil
from pathlib import Path

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
    stage.hears()
    assert (True, False) == (laptop.presenter.view.playing_here, phone.presenter.view.playing_here)
    assert ("Brio", 0.35, True) == (
        title(laptop),
        laptop.presenter.view.volume,
        laptop.presenter.view.shuffled,
    )
    assert 7_200 == pytest.approx(laptop.presenter.position_ms, abs=50)
    assert phone.titles == laptop.titles
    assert "Laptop" == phone.presenter.view.elsewhere


def test_the_one_that_lost_writes_nothing(stage: Stage, phone: Player, laptop: Player) -> None:
    """Pausing because another device took over is no write: it must not pause the other one."""
    phone.presenter.toggle()
    stage.hears()
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
    stage.hears()
    laptop.presenter.toggle()
    assert heard_ms == pytest.approx(laptop.engine.position_ms, abs=1)


def test_close_and_reopen_elsewhere_offline(stage: Stage, phone: Player, laptop: Player) -> None:
    """Closing while it plays leaves the place behind; reopened without a network it is still there."""
    phone.presenter.toggle()
    stage.let_pass(9)
    position_ms = phone.presenter.position_ms
    phone.presenter.close()
    stage.hears()
    stage.network.up = False
    stage.network.now_ms += 86_400_000
    assert position_ms == pytest.approx(stage.reopened(phone).presenter.position_ms, abs=50)
    assert position_ms == pytest.approx(stage.reopened(laptop).presenter.position_ms, abs=50)


def test_a_crashed_device_does_not_play_for_ever_on_the_others(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """The phone died: once its lease has ended, the laptop says that it is gone, and shows the place of its
    last sign of life; past the end of its track nobody is shown as playing at all. Pressing play goes on from
    there.
    """
    phone.presenter.toggle()
    phone.presenter.seek(11_000)
    stage.hears()
    phone.shared.dies()
    stage.players.remove(phone)
    stage.let_pass(5)
    assert "Pixel 8" == laptop.presenter.view.elsewhere
    stage.network.now_ms += 3_600_000
    view = laptop.presenter.view
    assert (None, "Pixel 8", False) == (view.elsewhere, view.gone, view.playing)
    assert 11_000 == pytest.approx(laptop.presenter.position_ms, abs=300)
    laptop.presenter.toggle()
    assert 11_000 == pytest.approx(laptop.engine.position_ms, abs=300)
    assert laptop.presenter.view.gone is None


def test_a_crashed_device_tells_the_truth_once_it_is_there(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """Reopened after a crash, the phone says where it was heard, and that it does not play."""
    phone.presenter.toggle()
    stage.let_pass(6)
    stage.reopened(phone)
    stage.hears()
    assert laptop.presenter.view.elsewhere is None
    assert 5_000 == pytest.approx(laptop.presenter.position_ms, abs=1_100)


def test_a_crashed_device_does_not_undo_a_take_over(stage: Stage, phone: Player, laptop: Player) -> None:
    """While the phone was dead the laptop took over; the phone's return does not stop it."""
    phone.presenter.toggle()
    stage.let_pass(6)
    phone.shared.cloud.reachable = False
    laptop.presenter.play_here()
    again = stage.reopened(phone)
    stage.let_pass(2)
    stage.network.deliver()
    stage.let_pass(1)
    assert laptop.presenter.view.playing_here
    assert "Laptop" == again.presenter.view.elsewhere


def test_remote_pause_seek_and_next(stage: Stage, phone: Player, laptop: Player) -> None:
    """While the phone plays the laptop's buttons drive the phone."""
    phone.presenter.toggle()
    stage.let_pass(2)
    laptop.presenter.seek(15_000)
    stage.hears()
    assert 15_200 == pytest.approx(phone.engine.position_ms, abs=150)
    laptop.presenter.next()
    stage.let_pass(2)
    assert ("Brio", True) == (title(phone), phone.engine.playing)
    assert phone.engine.track == track(phone, "Brio")
    laptop.presenter.set_volume(0.2)
    stage.let_pass(2)
    assert 0.2 == phone.presenter.view.volume
    laptop.presenter.toggle()
    stage.let_pass(2)
    assert (False, False) == (phone.engine.playing, laptop.engine.playing)
    assert phone.presenter.position_ms == pytest.approx(laptop.presenter.position_ms, abs=1)


def test_no_device_begins_to_sound_by_itself(stage: Stage, phone: Player, laptop: Player) -> None:
    """After a crash the phone is silent; another device's seek does not start it."""
    phone.presenter.toggle()
    stage.let_pass(2)
    again = stage.reopened(phone)
    stage.hears()
    laptop.presenter.seek(9_000)
    stage.hears()
    assert not again.engine.playing
    assert 9_000 == pytest.approx(again.presenter.position_ms, abs=1)


def test_both_press_play_offline(stage: Stage, phone: Player, laptop: Player) -> None:
    """Both played different tracks without a network: then the later press holds on both, whole, and one
    sounds; the other's place is a way back."""
    stage.network.up = False
    phone.presenter.choose(track(phone, "Alba"))
    stage.let_pass(8)
    laptop.presenter.choose(track(laptop, "Brio"))
    stage.let_pass(1)
    phone.presenter.seek(20_000)
    stage.network.deliver()
    stage.let_pass(1)
    assert (False, True) == (phone.engine.playing, laptop.engine.playing)
    assert ("Brio", "Brio") == (title(phone), title(laptop))
    assert phone.presenter.position_ms == pytest.approx(laptop.presenter.position_ms, abs=350)
    stage.let_pass(5)
    for player in (phone, laptop):
        back = player.presenter.view.back
        assert back is not None and "Alba" == back.title and 19_000 <= back.position_ms <= 22_500


def test_going_back_after_a_take_over(stage: Stage, phone: Player, laptop: Player) -> None:
    """The laptop has taken over with another track from a phone that is gone: the way back says what was
    heard where; taken, it goes on there, and leads back again."""
    phone.presenter.choose(track(phone, "Alba"))
    stage.let_pass(9)
    phone.presenter.pause()
    stage.hears()
    laptop.presenter.choose(track(laptop, "Brio"))
    stage.let_pass(8)
    back = laptop.presenter.view.back
    assert back is not None and ("Alba", "heard on Pixel 8") == (back.title, back.why)
    laptop.presenter.go_back()
    stage.hears()
    assert ("Alba", True) == (title(laptop), laptop.engine.playing)
    assert 9_200 == pytest.approx(laptop.engine.position_ms, abs=150)
    assert "Laptop" == phone.presenter.view.elsewhere
    back = laptop.presenter.view.back
    assert back is not None and ("Brio", "before going back") == (back.title, back.why)
    laptop.presenter.go_back()
    assert "Brio" == title(laptop)


def test_a_seek_while_nothing_plays_starts_nothing(stage: Stage, phone: Player, laptop: Player) -> None:
    """The place is another on both; a press plays from there."""
    phone.presenter.toggle()
    stage.let_pass(8)
    phone.presenter.pause()
    stage.hears()
    laptop.presenter.seek(2_000)
    stage.hears()
    assert (False, False) == (phone.engine.playing, laptop.engine.playing)
    assert 2_000 == pytest.approx(phone.presenter.position_ms, abs=1)
    phone.presenter.toggle()
    assert 2_000 == pytest.approx(phone.engine.position_ms, abs=1)


def test_a_track_that_the_holder_lacks_is_passed_over(stage: Stage, phone: Player, tmp_path: Path) -> None:
    """A remote control picks what the playing device has not: it goes on with the next that it has, says so,
    and so does the shared state."""
    own = tmp_path / "own"
    own.mkdir()
    for name in ("Alba.wav", "Coda.ogg"):
        shutil.copy(stage.folder / name, own / name)
    phone.presenter.toggle()
    phone.presenter.toggle()
    tablet = stage.player("tablet", "Tablet", own)
    stage.hears()
    tablet.presenter.choose(track(tablet, "Alba"))
    stage.let_pass(2)
    phone.presenter.choose(track(phone, "Brio"))
    stage.let_pass(3)
    assert "“Brio” is not on this device" in str(tablet.presenter.notice)
    assert ("Coda", True) == (title(tablet), tablet.engine.playing)
    assert ("Coda", "Tablet") == (title(phone), phone.presenter.view.elsewhere)


def test_a_device_that_takes_over_is_at_most_a_step_louder(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """The laptop was heard at 0.2 last, the phone is at 0.9: taken over it is at 0.3, and the shared volume
    stays; whoever moves the volume is obeyed."""
    laptop.presenter.set_volume(0.2)
    laptop.presenter.toggle()
    stage.let_pass(2)
    phone.presenter.play_here()
    phone.presenter.set_volume(0.9)
    stage.let_pass(2)
    laptop.presenter.play_here()
    stage.hears()
    assert 0.3 == pytest.approx(laptop.shared.state.loudness)
    assert (0.9, 0.9) == (laptop.presenter.view.volume, phone.presenter.view.volume)
    phone.presenter.set_volume(0.6)
    stage.let_pass(2)
    assert 0.6 == pytest.approx(laptop.shared.state.loudness)


def quieter_than_shared(stage: Stage, phone: Player, laptop: Player) -> None:
    """The laptop was heard at 0.2 last, and plays at 0.3; the shared volume is 0.9."""
    laptop.presenter.set_volume(0.2)
    laptop.presenter.toggle()
    stage.let_pass(2)
    phone.presenter.play_here()
    phone.presenter.set_volume(0.9)
    stage.let_pass(2)
    laptop.presenter.play_here()
    stage.hears()


@pytest.mark.parametrize("by", [0.05, -0.05])
def test_a_step_of_the_volume_is_one_from_what_is_heard(
    stage: Stage, phone: Player, laptop: Player, by: float
) -> None:
    """Down is quieter, and up is no leap, though the shared volume is far above."""
    quieter_than_shared(stage, phone, laptop)
    laptop.presenter.change_volume(by)
    stage.let_pass(2)
    assert 0.3 + by == pytest.approx(laptop.shared.state.loudness)
    assert 0.3 + by == pytest.approx(phone.presenter.view.volume)


def test_the_end_of_a_mute_is_as_loud_as_before(stage: Stage, phone: Player, laptop: Player) -> None:
    """As it was heard here, not as it was shared."""
    quieter_than_shared(stage, phone, laptop)
    laptop.presenter.toggle_mute()
    laptop.presenter.toggle_mute()
    assert 0.3 == pytest.approx(laptop.shared.state.loudness)


def test_shuffle_is_the_same_everywhere_and_begins_with_what_plays(
    stage: Stage, phone: Player, laptop: Player
) -> None:
    """Shuffled on the phone, the queue has one order on both, with the playing track first."""
    phone.presenter.choose(track(phone, "Brio"))
    phone.presenter.toggle_shuffle()
    stage.let_pass(2)
    assert phone.titles == laptop.titles
    assert "Brio" == laptop.titles[0]
    laptop.presenter.toggle_shuffle()
    stage.let_pass(2)
    assert ["Alba", "Brio", "Coda"] == phone.titles
