"""The player's behaviour when a file is gone, is broken, or is only on another device."""

from __future__ import annotations

from pathlib import Path

from tests.apps.player.conftest import Player, Stage
from tests.apps.player.shown import title
from tests.apps.player.sounds import noise, write_sound


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
