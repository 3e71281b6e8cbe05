"""The demo's music: there, whole, described, and the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from apps.content.build_music import PIECES, build_music
from apps.player.audio.source import FileSource
from apps.player.library import Track, examine
from apps.player.tags import image_suffix, read_cover

BUILT = Path(__file__).parents[3] / "build" / "content" / "music"


@pytest.fixture(scope="module")
def tracks() -> list[Path]:
    return build_music(BUILT)


def test_four_pieces_in_four_formats_with_tags_and_covers(tracks: list[Path]) -> None:
    """Every piece is 20 to 40 s long and has title, artist, album, number and a cover, in each format."""
    found = [examine(path) for path in tracks]
    assert {".wav", ".flac", ".mp3", ".ogg"} == {path.suffix for path in tracks}
    for track, piece in zip(found, PIECES, strict=True):
        assert isinstance(track, Track)
        assert (piece.title, "Dal Segno", "Four Signs", piece.number) == (
            track.title,
            track.artist,
            track.album,
            track.number,
        )
        assert 20_000 <= track.duration_ms <= 40_000
        assert "png" == image_suffix(read_cover(track.path) or b"")


def test_the_pieces_are_music_and_not_noise(tracks: list[Path]) -> None:
    """No piece is silent, clipped or off centre, and none begins or ends with a click."""
    for path in tracks:
        sound, _ = soundfile.read(path)
        assert 0.05 < float(np.sqrt((sound**2).mean())) < 0.35
        assert float(np.abs(sound).max()) < 0.95
        assert abs(float(sound.mean())) < 0.005
        assert float(np.abs(sound[[0, -1]]).max()) < 0.02


def test_what_is_built_is_left_alone(tracks: list[Path]) -> None:
    """A second build writes nothing."""
    before = [path.stat().st_mtime_ns for path in tracks]
    assert before == [path.stat().st_mtime_ns for path in build_music(BUILT)]


def test_the_player_decodes_each_piece_to_its_end(tracks: list[Path]) -> None:
    """Opened half a second before its end, each piece gives that half second and then nothing."""
    for path in tracks:
        track = examine(path)
        assert isinstance(track, Track)
        source = FileSource(path, track.duration_ms - 500, 44_100)
        assert 22_050 == pytest.approx(
            len(source.read(44_100)) // 2, abs=2_000
        )  # what an mp3 says of itself is a frame or two long
        assert 0 == len(source.read(1))
        source.close()
