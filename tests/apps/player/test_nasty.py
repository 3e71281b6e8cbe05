"""Nasty sound files: each is a track that plays as long as it says, or a problem in one sentence."""

from __future__ import annotations

import os
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from apps.player.audio.backend import SAMPLE_RATE
from apps.player.audio.source import FileSource
from apps.player.library import Problem, Track, examine
from tests.apps.player.scanning import scanned
from tests.apps.player.sounds import noise, write_sound


def _plain(path: Path, rate: int, channels: int, subtype: str, seconds: float = 2.0) -> None:
    frames = np.tile(noise(seconds, rate=rate)[:, None], (1, channels))
    soundfile.write(path, frames, rate, subtype=subtype)


def _vbr_without_header(path: Path) -> None:
    """Quiet first, loud later; the frame that tells how long it is has been cut off."""
    sound = np.concatenate([np.zeros(8 * SAMPLE_RATE, np.float32), noise(12)])
    frames = np.stack([sound, sound], axis=1)
    with soundfile.SoundFile(
        path, "w", SAMPLE_RATE, 2, "MPEG_LAYER_III", format="MP3", bitrate_mode="VARIABLE"
    ) as file:
        file.write(frames)
    raw = path.read_bytes()
    start = raw.index(b"\xff\xfb")
    second = raw.index(b"\xff\xfb", start + 4)
    assert b"Xing" in raw[start:second] or b"Info" in raw[start:second]
    path.write_bytes(raw[second:])


def _silence(path: Path, seconds: int, rate: int) -> None:
    """A wav of nothing that takes no room on the disk."""
    size = seconds * rate
    head = (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate, 1, 8)
    )
    with path.open("wb") as file:
        file.write(head + b"data" + struct.pack("<I", size))
        file.truncate(44 + size)


def _tagged(**tags: str) -> Callable[[Path], object]:
    return lambda path: write_sound(path, noise(2.0), SAMPLE_RATE, **tags)


SOUND: dict[str, tuple[str, Callable[[Path], object], float]] = {
    "8 kHz mono": ("a.wav", lambda path: _plain(path, 8_000, 1, "PCM_U8"), 2_000),
    "96 kHz stereo of 24 bits": ("a.flac", lambda path: _plain(path, 96_000, 2, "PCM_24"), 2_000),
    "24 bits": ("a.wav", lambda path: _plain(path, 44_100, 2, "PCM_24"), 2_000),
    "floats": ("a.wav", lambda path: _plain(path, 48_000, 2, "FLOAT"), 2_000),
    "six channels": ("a.flac", lambda path: _plain(path, 44_100, 6, "PCM_16"), 2_000),
    "mp3 of speech": ("a.mp3", lambda path: _plain(path, 16_000, 1, "MPEG_LAYER_III"), 2_000),
    "vbr mp3 without its header": ("a.mp3", _vbr_without_header, 20_000),
    "three hours": ("a.wav", lambda path: _silence(path, 3 * 3600, 8_000), 3 * 3_600_000),
    "wrong name": (
        "a.mp3",
        lambda path: shutil.copy(write_sound(path.with_suffix(".ogg"), noise(2.0)), path),
        2_000,
    ),
    "tags of control characters": (
        "a.flac",
        _tagged(title="A\x07\x1b[31m\nB\t\r\u202eC", artist="\x01\x02"),
        2_000,
    ),
    "tags without end": ("a.ogg", _tagged(title="long " * 40_000, artist="x" * 100_000), 2_000),
    "tags of blanks": ("a.ogg", _tagged(title="   ", artist="\u200b", album="\t"), 2_000),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_nasty_file_plays_as_long_as_it_says(name: str, tmp_path: Path) -> None:
    """It is a track with a name of one line, its length is true, and one can go to its end."""
    file_name, make, duration_ms = SOUND[name]
    path = tmp_path / file_name
    make(path)
    track = examine(path)
    assert isinstance(track, Track)
    assert duration_ms == pytest.approx(track.duration_ms, abs=150)
    for words in (track.title, track.artist, track.album):
        assert len(words) <= 300 and words == words.strip() and (not words or words.isprintable())
    assert track.title
    source = FileSource(path, track.duration_ms - 400, SAMPLE_RATE)
    left = len(source.read(2 * SAMPLE_RATE)) / 2 * 1000 / SAMPLE_RATE
    source.close()
    assert 400 == pytest.approx(left, abs=200)


def test_a_name_that_is_no_text_is_a_problem_that_can_be_shown(tmp_path: Path) -> None:
    """Names from old disks that are no UTF-8 are named as well as they can be, with what to do."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Caf\xe9.ogg"))
    shutil.copy(write_sound(tmp_path / "b.ogg", noise(1.0)), path)
    (tmp_path / "b.ogg").unlink()
    track = examine(path)
    assert isinstance(track, Problem) and "“Caf?.ogg” has a name that is no text" in track.message
    (tmp_path / "bad.flac").write_bytes(b"")
    problem = examine(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.m4a")))
    assert isinstance(problem, Problem) and problem.message.encode()


def test_no_damage_ends_the_scan(tmp_path: Path) -> None:
    """However a file is damaged, it costs at most one message: the scan goes on to its end."""
    chance = random.Random(7)
    for kind in ("wav", "flac", "mp3", "ogg"):
        sound = write_sound(tmp_path / f"a.{kind}", noise(0.5), title="Title", artist="Trio").read_bytes()
        for number in range(40):
            raw = bytearray(sound)
            for _ in range(chance.randrange(1, 12)):
                raw[chance.randrange(min(len(raw), chance.choice((64, 400, 10**6))))] = chance.randrange(256)
            (tmp_path / f"{number}.{kind}").write_bytes(raw[: chance.choice((len(raw), len(raw) // 2, 60))])
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere.mp3").symlink_to(tmp_path / "gone.mp3")
    (tmp_path / "folder.mp3").mkdir()
    library = scanned(tmp_path, tmp_path / "home")
    assert 165 == library.progress.total
    assert all("\n" not in problem.message for problem in library.problems)
