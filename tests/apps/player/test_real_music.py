"""A real recording: three minutes of tagged Ogg Vorbis, from Debian's package zaz-data."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import miniaudio
import numpy as np
import pytest

from apps.player.audio.engine import Engine
from apps.player.library import Track, examine
from tests.apps.books import real_file
from tests.apps.player.sounds import HandPulledBackend, at_once

BLOCK = 1_764  # 40 ms


@pytest.fixture(scope="module")
def recording() -> Path:
    return real_file("zaz-data", "usr/share/games/zaz/mus2.ogg")


def test_its_tags_are_read(recording: Path) -> None:
    """Title, artist, album, number and duration are those of the recording."""
    track = examine(recording)
    assert isinstance(track, Track)
    assert ("Contemplation", "paniq", "Neurons: Fire At Will", 16) == (
        track.title,
        track.artist,
        track.album,
        track.number,
    )
    assert 191_739 == round(track.duration_ms)


def test_a_copy_under_another_name_is_the_same_track(recording: Path, tmp_path: Path) -> None:
    """The same recording on two devices is one track."""
    copy = shutil.copy(recording, tmp_path / "other.ogg")
    first, second = examine(recording), examine(Path(copy))
    assert isinstance(first, Track)
    assert isinstance(second, Track)
    assert first.id == second.id


def test_ten_random_seeks_land_on_the_sample(recording: Path) -> None:
    """The frames delivered are, sample for sample, those that stand at the reported position in the file."""
    whole = np.frombuffer(
        miniaudio.decode_file(str(recording), miniaudio.SampleFormat.FLOAT32).samples, dtype=np.float32
    )[::2]
    device = HandPulledBackend()
    engine = Engine(device, clock=device.clock, run=at_once)
    engine.load("a", recording, 0, playing=True)
    chance = random.Random(11)
    for _ in range(10):
        engine.seek(chance.uniform(0, 190_000))
        device.pull(BLOCK)  # fades in
        device.let_pass(BLOCK)
        heard = device.pull(BLOCK)
        at = round(engine.position_ms * 44.1)
        assert np.allclose(whole[at : at + BLOCK], heard, atol=1e-4)
        assert float(np.abs(heard).max()) > 0.001, "silence proves nothing"
