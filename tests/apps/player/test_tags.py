"""Tags of files that end too early, or describe themselves as nobody else does."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from apps.player import library
from apps.player.library import Problem, Track, examine
from apps.player.tags import read_tags


@pytest.mark.parametrize("size", range(3, 10))
def test_a_file_that_ends_in_its_id3_header_has_a_name_and_no_length(tmp_path: Path, size: int) -> None:
    """A download that stopped after a few bytes is listed like any other damaged file."""
    path = tmp_path / "stopped.mp3"
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x0f"[:size])
    tags = read_tags(path)
    assert ("stopped", 0) == (tags.title, tags.duration_ms)


@pytest.mark.parametrize("width", [5, 8])
def test_samples_of_an_odd_width_do_not_stop_the_scan(tmp_path: Path, width: int) -> None:
    """A wav file of 40 or 64 bits a sample is a track, or is named as damaged."""
    data = bytes(width * 4410)
    path = tmp_path / "odd.wav"
    form = struct.pack("<HHIIHH", 1, 1, 44100, 44100 * width, width, 8 * width)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    assert isinstance(examine(path), Track | Problem)
    assert "odd" == read_tags(path).title


def test_an_error_that_nobody_foresaw_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a decoder raises, the file is named with what to do."""
    path = tmp_path / "strange.wav"
    path.write_bytes(b"RIFF")

    def raises(path: Path) -> None:
        raise RecursionError

    monkeypatch.setattr(library, "track_id", raises)
    problem = examine(path)
    assert isinstance(problem, Problem)
    assert "“strange.wav” cannot be read (RecursionError)" in problem.message
    assert "copy it again" in problem.message
