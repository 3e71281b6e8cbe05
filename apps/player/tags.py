"""What a file says about itself: title, artist, album, duration, cover.

Any thread. Invariant: tags are never a reason to refuse a file; what they lack, the file's name gives.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import miniaudio
from tinytag import TinyTag

from apps.player.audio.formats import name_of, sniff

_SIDECARS = ("cover", "folder", "front")
_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_LONGEST = 200  # characters of a title
_LONGEST_S = 1_000_000.0  # a longer tag is nonsense
_INFO = {
    "wav": miniaudio.wav_get_file_info,
    "flac": miniaudio.flac_get_file_info,
    "mp3": miniaudio.mp3_get_file_info,
    "ogg": miniaudio.vorbis_get_file_info,
}
_LARGEST_COVER = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tags:
    title: str
    artist: str
    album: str
    number: int
    duration_ms: float


def _whatever_the_parser_says() -> contextlib.suppress:
    """Parsers raise what they like at damaged files; one divides by a sample rate that is given as 0."""
    return contextlib.suppress(Exception)


class CoverError(Exception):
    """What should be a cover is none; the text is for the screen."""


def read_tags(path: Path) -> Tags:
    """The tags of `path`; its name as title if there are none."""
    tag: TinyTag | None = None
    with _whatever_the_parser_says():
        tag = TinyTag.get(path)
    return Tags(
        title=_text(tag.title if tag else None)
        or _text(name_of(path).rpartition(".")[0].replace("_", " "))
        or "Untitled",
        artist=_text((tag.artist or tag.albumartist) if tag else None),
        album=_text(tag.album if tag else None),
        number=(tag and tag.track) or 0,
        duration_ms=_duration_ms(path, (tag and tag.duration) or 0.0),
    )


def _text(value: str | None) -> str:
    """One line that can be shown and sent, whatever a tagger has put there."""
    printable = "".join(character if character.isprintable() else " " for character in (value or "")[:2000])
    return " ".join(printable.split())[:_LONGEST].strip()


def _duration_ms(path: Path, tagged_s: float) -> float:
    with _whatever_the_parser_says():
        kind = sniff(path)
        # An mp3 without a header that tells must be decoded to its end; the others tell exactly.
        if kind != "mp3" or not _tells(path):
            info = _INFO[kind](str(path))
            return float(info.num_frames * 1000 / info.sample_rate)
    return max(0.0, tagged_s * 1000) if tagged_s < _LONGEST_S else 0.0


def _tells(path: Path) -> bool:
    """Does the mp3's first frame say how many there are?"""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            file.seek(
                10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            )
        else:
            file.seek(0)
        first = file.read(4096)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def read_cover(path: Path) -> bytes | None:
    """The cover inside the file, else an image beside it (same name, or cover/folder/front), else None.

    Raises CoverError for bytes that are no image.
    """
    image = None
    with _whatever_the_parser_says():
        images = TinyTag.get(path, tags=True, duration=False, image=True).images
        image = images.front_cover or images.any
    if image is not None:
        return _checked(image.data, f"The cover in “{name_of(path)}”")
    for candidate in _beside(path):
        with contextlib.suppress(OSError):
            return _checked(candidate.read_bytes(), f"“{name_of(candidate)}”")
    return None


def _beside(path: Path) -> list[Path]:
    names = [path.stem, *_SIDECARS]
    return [
        found
        for name in names
        for suffix in _IMAGE_SUFFIXES
        if (found := path.with_name(name + suffix)).is_file()
    ]


def _checked(data: bytes, what: str) -> bytes:
    if image_suffix(data) is None:
        raise CoverError(f"{what} is no image, so a drawn cover is shown. Replace it by a PNG or JPEG.")
    if len(data) > _LARGEST_COVER:
        raise CoverError(f"{what} is larger than {_LARGEST_COVER >> 20} MB, so a drawn cover is shown.")
    return data


def image_suffix(data: bytes) -> str | None:
    """`"png"`, `"jpg"`, `"webp"` by the first bytes; None for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[:3] == b"\xff\xd8\xff":
        return "jpg"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None
