"""The library: what is a track, what is not and why, and which is the same as which."""

from __future__ import annotations

import base64
import json
import shutil
import struct
from pathlib import Path

import pytest

from apps.player.identity import track_id
from apps.player.library import Library, Track, examine
from apps.player.tags import CoverError, read_cover
from tests.apps.player.scanning import scanned
from tests.apps.player.sounds import noise, write_sound

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def id3(image: bytes = b"", title: str = "") -> bytes:
    """An ID3v2.3 tag with a title and a front cover."""
    frames = b""
    if title:
        text = b"\x03" + title.encode()
        frames += b"TIT2" + struct.pack(">IH", len(text), 0) + text
    if image:
        picture = b"\x00image/png\x00\x03\x00" + image
        frames += b"APIC" + struct.pack(">IH", len(picture), 0) + picture
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frames


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg"])
def test_retagged_and_renamed_is_the_same_track(kind: str, tmp_path: Path) -> None:
    """The id comes from the sound: other tags and another name change nothing, another sound does."""
    sound = noise(2)
    plain = write_sound(tmp_path / f"a.{kind}", sound)
    tagged = write_sound(
        tmp_path / f"b.{kind}", sound, title="A much longer title than before" * 9, artist="Trio"
    )
    other = write_sound(tmp_path / f"c.{kind}", noise(2, seed=2))
    assert track_id(plain) == track_id(tagged)
    assert track_id(plain) != track_id(other)


def test_an_mp3_with_both_kinds_of_id3_is_the_same_track(tmp_path: Path) -> None:
    """Tags at the front and at the end of an mp3 are no part of its sound."""
    plain = write_sound(tmp_path / "a.mp3", noise(2))
    sound = plain.read_bytes()
    tagged = tmp_path / "b.mp3"
    tagged.write_bytes(id3(title="one") + id3(PNG) + sound + b"TAG".ljust(128, b"x"))
    assert track_id(plain) == track_id(tagged)


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg"])
def test_a_track_is_described_by_its_tags(kind: str, tmp_path: Path) -> None:
    """Title, artist, album and duration are read in every format."""
    path = write_sound(tmp_path / f"a.{kind}", noise(2), title="Nocturne", artist="Trio", album="Night")
    track = examine(path)
    assert isinstance(track, Track)
    assert ("Nocturne", "Trio", "Night") == (track.title, track.artist, track.album)
    assert 2_000 == pytest.approx(track.duration_ms, abs=80)


def test_without_tags_the_file_name_is_the_title(tmp_path: Path) -> None:
    """A track always has a title."""
    track = examine(write_sound(tmp_path / "My_song.wav", noise(1)))
    assert isinstance(track, Track)
    assert "My song" == track.title


def test_an_empty_folder_says_what_to_put_there(tmp_path: Path) -> None:
    """No audio files: the message names the folder and the formats."""
    library = scanned(tmp_path, tmp_path / "home")
    assert library.message is not None
    assert str(tmp_path) in library.message
    assert "wav, flac, mp3 or ogg" in library.message


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A folder that is not there is a message, not a crash."""
    assert "There is no folder" in str(scanned(tmp_path / "nowhere", tmp_path / "home").message)


def test_bad_files_cost_one_message_each(tmp_path: Path) -> None:
    """Unknown codecs and damaged files are named with what to do; the good file is in the library."""
    write_sound(tmp_path / "good.wav", noise(1))
    (tmp_path / "song.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + b"\0" * 200)
    (tmp_path / "song.opus").write_bytes(b"OggS" + b"\0" * 24 + b"OpusHead" + b"\0" * 200)
    (tmp_path / "broken.flac").write_bytes(b"fLaC" + b"\0" * 500)
    (tmp_path / "empty.mp3").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not even audio by name")
    library = scanned(tmp_path, tmp_path / "home")
    assert ["good"] == [track.title for track in library.tracks.values()]
    messages = {problem.path.name: problem.message for problem in library.problems}
    assert {"song.m4a", "song.opus", "broken.flac", "empty.mp3"} == messages.keys()
    assert "AAC or ALAC" in messages["song.m4a"]
    assert "ffmpeg -i “song.m4a”" in messages["song.m4a"]
    assert "is Opus" in messages["song.opus"]
    assert "copy it again" in messages["broken.flac"]


def test_a_truncated_mp3_is_still_a_track(tmp_path: Path) -> None:
    """Half an mp3 is half a song, not an error."""
    path = write_sound(tmp_path / "a.mp3", noise(4))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert isinstance(examine(path), Track)


def test_a_copy_in_another_folder_is_one_track(tmp_path: Path) -> None:
    """The same recording twice is one line in the queue."""
    (tmp_path / "other").mkdir()
    shutil.copy(write_sound(tmp_path / "a.ogg", noise(1)), tmp_path / "other" / "b.ogg")
    assert 1 == len(scanned(tmp_path, tmp_path / "home").tracks)


def test_a_second_start_knows_the_tracks_before_the_scan(tmp_path: Path) -> None:
    """The library is remembered: the first frame of the next start shows titles without reading a file."""
    write_sound(tmp_path / "a.wav", noise(1), title="Alba")
    scanned(tmp_path, tmp_path / "home")
    again = Library(tmp_path, tmp_path / "home" / "index.json")
    assert ["Alba"] == [track.title for track in again.tracks.values()]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 1, "files": [{}]}', '{"version": 9, "files": []}']
)
def test_a_damaged_index_is_built_anew(content: str, tmp_path: Path) -> None:
    """The index only saves time; nonsense in it loses nothing."""
    write_sound(tmp_path / "a.wav", noise(1))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "index.json").write_text(content)
    assert 1 == len(scanned(tmp_path, tmp_path / "home").tracks)


def test_a_file_that_vanished_leaves_the_library_at_the_next_scan(tmp_path: Path) -> None:
    """What is gone is gone after a scan, without a message."""
    path = write_sound(tmp_path / "a.wav", noise(1))
    scanned(tmp_path, tmp_path / "home")
    path.unlink()
    library = scanned(tmp_path, tmp_path / "home")
    assert ({}, ()) == (dict(library.tracks), library.problems)


def test_covers_come_from_the_file_or_from_beside_it(tmp_path: Path) -> None:
    """An embedded cover wins, then an image of the same name, then cover.png, else none."""
    path = tmp_path / "a.mp3"
    sound = write_sound(path, noise(1)).read_bytes()
    assert read_cover(path) is None
    (tmp_path / "cover.png").write_bytes(PNG + b"folder")
    assert PNG + b"folder" == read_cover(path)
    (tmp_path / "a.png").write_bytes(PNG + b"beside")
    assert PNG + b"beside" == read_cover(path)
    path.write_bytes(id3(PNG) + sound)
    assert PNG == read_cover(path)


def test_a_cover_that_is_no_image_is_named(tmp_path: Path) -> None:
    """An image that is none is a message; the track plays all the same."""
    path = tmp_path / "a.mp3"
    path.write_bytes(id3(b"<html>not found</html>") + write_sound(tmp_path / "b.mp3", noise(1)).read_bytes())
    with pytest.raises(CoverError, match="is no image"):
        read_cover(path)
    assert isinstance(examine(path), Track)


HOSTILE = {"duration_ms": "1e999", "title": "5", "album": "null", "number": '"x"', "path": "7", "id": "[]"}


@pytest.mark.parametrize("field", HOSTILE)
def test_no_index_ends_the_player(field: str, tmp_path: Path) -> None:
    """Whatever stands in the index of the last start, the library opens, and the scan puts it right."""
    write_sound(tmp_path / "a.wav", noise(1), title="Alba")
    scanned(tmp_path, tmp_path / "home")
    index = tmp_path / "home" / "index.json"
    kept = json.loads(index.read_text())
    kept["files"][0]["track"][field] = "HERE"
    index.write_text(json.dumps(kept).replace('"HERE"', HOSTILE[field]))
    assert {} == dict(Library(tmp_path, index).tracks)
    assert ["Alba"] == [track.title for track in scanned(tmp_path, tmp_path / "home").tracks.values()]


def test_an_index_without_bottom_is_built_anew(tmp_path: Path) -> None:
    """Brackets in brackets, deeper than any parser goes."""
    (tmp_path / "index.json").write_text("[" * 200_000)
    assert {} == dict(Library(tmp_path, tmp_path / "index.json").tracks)
