"""The engine, without a device and without a wall clock: blocks are pulled by hand."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from apps.player.audio.engine import Advanced, Ended, Engine, Failed
from apps.player.audio.source import Source, open_file
from tests.apps.player.sounds import HandPulledBackend, at_once, located, noise, write_sound

pytestmark = pytest.mark.no_cover  # nearly all its lines are those of tests that are counted

BLOCK = 1_764  # 40 ms


@pytest.fixture
def device() -> HandPulledBackend:
    return HandPulledBackend()


@pytest.fixture
def engine(device: HandPulledBackend) -> Engine:
    return Engine(device, clock=device.clock, run=at_once)


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg"])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_position_is_where_the_sound_is(
    kind: str, rate: int, tmp_path: Path, engine: Engine, device: HandPulledBackend
) -> None:
    """After ten random seeks the reported position is within 15 ms of the frames delivered, in every
    format.
    """
    sound = noise(8, rate=rate)
    path = write_sound(tmp_path / f"noise.{kind}", sound, rate)
    reference = np.interp(np.arange(8 * 44_100) * rate / 44_100, np.arange(len(sound)), sound)
    engine.load("a", path, 0, playing=True)
    chance = random.Random(7)
    worst_ms = 0.0
    for _ in range(10):
        target_ms = chance.uniform(0, 6_500)
        engine.seek(target_ms)
        frames = chance.choice([441, 1_024, BLOCK])
        for _ in range(chance.randint(1, 6)):
            device.pull(frames)
            device.let_pass(frames)
        heard = np.concatenate([device.pull(frames), *_rest(device, frames)])
        began_ms = located(heard, reference) * 1000 / 44_100
        reported_ms = engine.position_ms - (len(heard) - frames) * 1000 / 44_100
        worst_ms = max(worst_ms, abs(began_ms - reported_ms))
    assert worst_ms < 15.0
    assert worst_ms < 1.0, "measured: to the sample, but for the resampler"


def _rest(device: HandPulledBackend, frames: int) -> list[np.ndarray]:
    """Seven more blocks: enough sound to be found again without doubt."""
    blocks = []
    for _ in range(7):
        device.let_pass(frames)
        blocks.append(device.pull(frames))
    return blocks


def test_position_moves_within_a_block(tmp_path: Path, engine: Engine, device: HandPulledBackend) -> None:
    """Between two pulls the position moves with the clock, and waits at the end of the block."""
    engine.load("a", write_sound(tmp_path / "a.wav", noise(5)), 1_000, playing=True)
    device.pull(BLOCK)
    device.let_pass(441)
    assert 1_010.0 == pytest.approx(engine.position_ms)
    device.let_pass(44_100)
    assert 1_040.0 == pytest.approx(engine.position_ms)


def test_pause_and_play_lose_nothing(tmp_path: Path, engine: Engine, device: HandPulledBackend) -> None:
    """Play goes on at exactly the position that pause reported."""
    sound = noise(5)
    engine.load("a", write_sound(tmp_path / "a.flac", sound), 0, playing=True)
    device.pull(BLOCK)
    device.let_pass(600)
    engine.pause()
    rested_ms = engine.position_ms
    device.let_pass(44_100)
    assert rested_ms == engine.position_ms
    device.pull(BLOCK)
    engine.play()
    heard = np.concatenate([device.pull(BLOCK), *_rest(device, BLOCK)])
    assert rested_ms == pytest.approx(located(heard, sound) * 1000 / 44_100, abs=0.05)


def test_no_jump_in_the_sound(tmp_path: Path, engine: Engine, device: HandPulledBackend) -> None:
    """Start, volume, seek, pause and going on never step the waveform: no click, no blast."""
    tone = (0.5 * np.sin(2 * np.pi * 100 * np.arange(44_100 * 5) / 44_100)).astype(np.float32)
    engine.load("a", write_sound(tmp_path / "a.wav", tone), 2.5, playing=True)
    heard = [device.pull(BLOCK)]
    engine.set_volume(0.1)
    heard.append(device.pull(BLOCK))
    engine.set_volume(1.0)
    heard.append(device.pull(BLOCK))
    engine.seek(1_007.3)
    heard.append(device.pull(BLOCK))
    engine.pause()
    heard.append(device.pull(BLOCK))
    engine.play()
    heard.append(device.pull(BLOCK))
    steepest = 0.5 * 2 * np.pi * 100 / 44_100
    assert float(np.abs(np.diff(np.concatenate([[0.0], *heard]))).max()) < 2.5 * steepest


def test_volume_is_a_gain(tmp_path: Path, engine: Engine, device: HandPulledBackend) -> None:
    """Half volume is a quarter of the amplitude; zero is silence."""
    sound = noise(5)
    engine.set_volume(0.5)
    engine.load("a", write_sound(tmp_path / "a.wav", sound), 0, playing=True)
    device.pull(BLOCK)
    assert np.allclose(0.25 * sound[BLOCK : 2 * BLOCK], device.pull(BLOCK), atol=1e-4)
    engine.set_volume(0.0)
    device.pull(BLOCK)
    assert 0.0 == float(np.abs(device.pull(BLOCK)).max())


def test_the_next_track_follows_without_a_gap(
    tmp_path: Path, engine: Engine, device: HandPulledBackend
) -> None:
    """The first sample of the next track comes right after the last one of this, and the position is the
    new one's.
    """
    first, second = noise(1, seed=1), noise(1, seed=2)
    engine.load("a", write_sound(tmp_path / "a.wav", first), 900, playing=True)
    engine.prepare_next("b", write_sound(tmp_path / "b.flac", second))
    heard = np.concatenate([device.pull(BLOCK) for _ in range(5)])
    expected = np.concatenate([first[39_690:], second])[: len(heard)]
    assert np.allclose(expected[500:], heard[500:], atol=1e-4)
    assert [Advanced("b", "a", 1_000.0)] == engine.poll()
    assert "b" == engine.track


def test_position_across_the_seam(tmp_path: Path, engine: Engine, device: HandPulledBackend) -> None:
    """In the block of the seam the new track's position starts to count when its first frame sounds."""
    engine.load("a", write_sound(tmp_path / "a.wav", noise(1)), 990, playing=True)
    engine.prepare_next("b", write_sound(tmp_path / "b.wav", noise(1)))
    device.pull(BLOCK)
    device.let_pass(441)
    assert 0.0 == pytest.approx(engine.position_ms, abs=0.01)
    device.let_pass(882)
    assert 20.0 == pytest.approx(engine.position_ms)


def test_the_end_is_told(tmp_path: Path, engine: Engine, device: HandPulledBackend) -> None:
    """A track with none after it ends with its length as position, and silence follows."""
    engine.load("a", write_sound(tmp_path / "a.wav", noise(1)), 990, playing=True)
    device.pull(BLOCK)
    assert [Ended("a", 1_000.0)] == engine.poll()
    assert 1_000.0 == engine.position_ms
    assert not engine.playing
    assert 0.0 == float(np.abs(device.pull(BLOCK)).max())


def test_a_load_that_was_overtaken_is_dropped(tmp_path: Path, device: HandPulledBackend) -> None:
    """Two seeks in a row while the loader is busy end at the second one."""
    jobs: list[object] = []
    engine = Engine(device, clock=device.clock, run=jobs.append)
    sound = noise(5)
    engine.load("a", write_sound(tmp_path / "a.wav", sound), 0, playing=True)
    engine.seek(3_000)
    for job in reversed(jobs):
        at_once(job)
    heard = np.concatenate([device.pull(BLOCK), *_rest(device, BLOCK)])
    assert 132_300 == located(heard, sound)


def test_a_seek_while_the_file_is_being_opened_wins(tmp_path: Path, device: HandPulledBackend) -> None:
    """What was asked last counts, also when the file for what was asked first is ready only then."""
    sought: list[float] = []

    def slow_disk(path: Path, position_ms: float, sample_rate: int) -> Source:
        source = open_file(path, position_ms, sample_rate)
        if not sought:
            sought.append(3_000)
            player.seek(3_000)
        return source

    player = Engine(device, opener=slow_disk, clock=device.clock, run=at_once)
    sound = noise(5)
    player.load("a", write_sound(tmp_path / "a.wav", sound), 0, playing=True)
    heard = np.concatenate([device.pull(BLOCK), *_rest(device, BLOCK)])
    assert 132_300 == located(heard, sound)


def test_a_paused_track_opens_no_file(tmp_path: Path, engine: Engine, device: HandPulledBackend) -> None:
    """Standing at a place costs no device and no file: an app that was only opened is quiet."""
    engine.load("a", tmp_path / "not-there.wav", 1_234.5, playing=False)
    assert (1_234.5, False, []) == (engine.position_ms, device.running, engine.poll())


def test_the_device_is_given_back_while_nothing_plays(
    tmp_path: Path, engine: Engine, device: HandPulledBackend
) -> None:
    """A paused player releases the device, and takes it again to play."""
    engine.load("a", write_sound(tmp_path / "a.wav", noise(1)), 0, playing=True)
    engine.rest_device()
    assert device.running
    engine.pause()
    engine.rest_device()
    assert not device.running
    engine.play()
    assert device.running


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.mp3", None, "“gone.mp3” is no longer in"),
        ("nothing.mp3", b"", "“nothing.mp3” is empty"),
        ("song.m4a", b"\0\0\0\x20ftypM4A \0\0\0\0", "AAC or ALAC in an MP4 file"),
        (
            "song.opus",
            b"OggS" + b"\0" * 24 + b"OpusHead",
            "“song.opus” is Opus, which this player does not play",
        ),
        ("renamed.mp3", b"\0\0\0\x20ftypM4A \0\0\0\0", "Convert it to flac"),
        ("text.mp3", b"this is no music", "no audio file that this player knows"),
        ("hollow.flac", b"fLaC" + b"\0" * 100, "“hollow.flac” cannot be decoded"),
    ],
)
def test_what_cannot_be_played_says_why(
    name: str, content: bytes | None, says: str, tmp_path: Path, engine: Engine
) -> None:
    """A file that is no sound is a message which names it; the place is kept."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    engine.load("x", tmp_path / name, 5_000, playing=True)
    (event,) = engine.poll()
    assert isinstance(event, Failed)
    assert says in event.message
    assert (5_000, False) == (engine.position_ms, engine.playing)
