"""What a file says about itself: title, artist, album, duration, cover.

Any thread. Invariant: tags are never a reason to refuse a file; what they lack, the file's name gives.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import miniaudio
from tinytag import TinyTag, TinyTagException

_SIDECARS = ("cover", "folder", "front")
_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_LARGEST_COVER = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tags:
    title: str
    artist: str
    album: str
    number: int
    duration_ms: float


class CoverError(Exception):
    """What should be a cover is none; the text is for the screen."""


def read_tags(path: Path) -> Tags:
    """The tags of `path`; its name as title if there are none."""
    tag = None
    with contextlib.suppress(TinyTagException, OSError, ValueError):
        tag = TinyTag.get(path)
    return Tags(
        title=_text(tag and tag.title) or path.stem.replace("_", " ").strip(),
        artist=_text(tag and (tag.artist or tag.albumartist)),
        album=_text(tag and tag.album),
        number=(tag and tag.track) or 0,
        duration_ms=_duration_ms(path, (tag and tag.duration) or 0.0),
    )


def _text(value: str | None) -> str:
    return (value or "").replace("\0", " ").strip()


def _duration_ms(path: Path, tagged_s: float) -> float:
    # miniaudio would decode a whole mp3 to count its frames; the others tell exactly in their headers.
    if path.suffix.lower() != ".mp3":
        with contextlib.suppress(miniaudio.DecodeError, ArithmeticError):  # it divides by a rate of 0
            info = miniaudio.get_file_info(str(path))
            return info.num_frames * 1000 / info.sample_rate
    return max(0.0, tagged_s * 1000)


def read_cover(path: Path) -> bytes | None:
    """The cover inside the file, else an image beside it (same name, or cover/folder/front), else None.

    Raises CoverError for bytes that are no image.
    """
    image = None
    with contextlib.suppress(TinyTagException, OSError, ValueError):
        images = TinyTag.get(path, tags=True, duration=False, image=True).images
        image = images.front_cover or images.any
    if image is not None:
        return _checked(image.data, f"The cover in “{path.name}”")
    for candidate in _beside(path):
        with contextlib.suppress(OSError):
            return _checked(candidate.read_bytes(), f"“{candidate.name}”")
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
