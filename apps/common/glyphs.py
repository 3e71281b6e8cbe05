"""Which typeface has which letters: ours for Latin, Greek and Cyrillic, the system's for all others.

Any thread, without a window. Kivy draws a box for a letter that a typeface does not have, and looks no
further; so words are split into runs, each with a typeface that has its letters. Invariant: the same text is
always split in the same way, on one device.
"""

from __future__ import annotations

import os
import struct
import sys
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

Ranges = tuple[tuple[int, int], ...]

_FOLDERS = {
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("C:/Windows/Fonts",),
}
# Best first: for reading, with many letters, upright; a part of the file's name.
_WISHED = (
    "notoserifcjk", "notosanscjk", "sourcehanserif", "sourcehansans", "hiragino", "pingfang", "msyh",
    "yugoth", "msgothic", "malgun", "wqy", "droidsansfallback", "notoserifhebrew", "notonaskharabic",
    "notoserifdevanagari", "notoserifthai", "noto", "arialuni", "dejavuserif.", "dejavusans.", "seguisym",
    "segoeui", "symbola", "",
)  # fmt: skip
_UNFIT = ("bold", "italic", "oblique", "light", "thin", "black", "mono", "condensed", "emoji", "math")


def coverage(path: Path) -> Ranges:
    """The letters that a TrueType or OpenType file has, as inclusive ranges; none if it is no such file."""
    try:
        data = path.read_bytes()
        start = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
        count = struct.unpack_from(">H", data, start + 4)[0]
        for index in range(count):
            tag, _, offset, _ = struct.unpack_from(">4sIII", data, start + 12 + 16 * index)
            if tag == b"cmap":
                return _letters(data, offset)
    except (OSError, struct.error, IndexError):
        pass
    return ()


def _letters(data: bytes, cmap: int) -> Ranges:
    """From the table's largest part: format 12 if there is one, else format 4."""
    found: dict[int, int] = {}
    for index in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        offset = cmap + struct.unpack_from(">I", data, cmap + 8 + 8 * index)[0]
        found[struct.unpack_from(">H", data, offset)[0]] = offset
    if 12 in found:
        groups = struct.unpack_from(">I", data, found[12] + 12)[0]
        return tuple(
            struct.unpack_from(">II", data, found[12] + 16 + 12 * i) for i in range(min(groups, 100_000))
        )
    if 4 not in found:
        return ()
    at = found[4]
    segments = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", data, at + 14)
    starts = struct.unpack_from(f">{segments}H", data, at + 16 + 2 * segments)
    return tuple((start, end) for start, end in zip(starts, ends, strict=True) if start <= end < 0xFFFF)


def has(ranges: Ranges, letter: int) -> bool:
    index = bisect_right(ranges, (letter, 0x110000)) - 1
    return index >= 0 and ranges[index][0] <= letter <= ranges[index][1]


@lru_cache(maxsize=1)
def system_fonts() -> tuple[Path, ...]:
    """Typefaces of this system that suit running text, best first."""
    platform = sys.platform if sys.platform in _FOLDERS else "linux"
    found: list[Path] = []
    for folder in _FOLDERS[platform]:
        for place, _, names in os.walk(Path(folder).expanduser()):
            found += [Path(place, name) for name in names if name.lower().endswith((".ttf", ".otf", ".ttc"))]
    fit = [path for path in found if not any(word in path.name.lower() for word in _UNFIT)]
    return tuple(sorted(fit, key=lambda path: (_rank(path), path.name)))


def _rank(path: Path) -> int:
    name = path.name.lower().replace("-", "").replace("_", "").replace("regular", "")
    return next(rank for rank, wished in enumerate(_WISHED) if wished in name)


@lru_cache(maxsize=256)
def _ranges(path: Path) -> Ranges:
    return coverage(path)


@lru_cache(maxsize=4096)
def _stand_in(letter: str) -> Path | None:
    """The first typeface of the system that has this letter."""
    return next((path for path in system_fonts() if has(_ranges(path), ord(letter))), None)


def runs(text: str, own: Path) -> Iterator[tuple[str, Path]]:
    """`text` in pieces, each with the typeface to draw it in: `own` wherever it has the letters."""
    ranges = _ranges(own)
    if all(has(ranges, ord(letter)) for letter in text):
        yield text, own
        return
    start, current = 0, own
    for index, letter in enumerate(text):
        wanted = own if has(ranges, ord(letter)) else _stand_in(letter) or own
        if wanted != current and not _joins(letter):
            if index > start:
                yield text[start:index], current
            start, current = index, wanted
    yield text[start:], current


def font_for(text: str, own: Path) -> Path:
    """One typeface for all of `text`: `own`, unless it lacks letters and the system has a better one."""
    if text.isascii():
        return own
    lacking = next(
        (letter for letter in text if letter.isalpha() and not has(_ranges(own), ord(letter))), None
    )
    return (_stand_in(lacking) or own) if lacking is not None else own


def are_drawn(text: str, own: Path) -> bool:
    """Has this system typefaces for nearly all letters of `text`?"""
    letters = [letter for letter in text if letter.isalpha()]
    ranges = _ranges(own)
    boxes = sum(1 for letter in letters if not has(ranges, ord(letter)) and _stand_in(letter) is None)
    return boxes * 20 <= len(letters)


def _joins(letter: str) -> bool:
    """Belongs to the letter before it, whatever typeface that is in."""
    return letter in "\u200c\u200d\ufe0e\ufe0f" or "\u0300" <= letter <= "\u036f"
