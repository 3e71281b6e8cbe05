"""Text in cells of a terminal: what may stand there, how wide it is, and how it is made to fit.

Pure. Invariant: `fit` and `cut` let nothing through that steers a terminal. What users and their devices
wrote goes through one of them just before it is shown.
"""

from __future__ import annotations

import unicodedata

MOST_MARKS = 4
"""Accents on one letter; no language has more, and a thousand of them take no cell."""
ELLIPSIS = "…"
JOINERS = "\u200c\u200d"
"""Persian, Hindi and families of emoji need them; they steer nothing."""


def cut(text: str, cells: int) -> str:
    """`text` made safe, and with an ellipsis in place of what does not fit into `cells`."""
    shown = _shown(text)
    if sum(map(_width, shown)) <= cells:
        return "".join(shown)
    kept, left = [], cells - 1
    for one in shown:
        left -= _width(one)
        if left < 0:
            break
        kept.append(one)
    return "".join([*kept, ELLIPSIS]) if cells > 0 else ""


def fit(text: str, cells: int) -> str:
    """The same, and blanks up to `cells`."""
    short = cut(text, cells)
    return short + " " * (cells - width(short))


def width(text: str) -> int:
    """How many cells it takes, once it is safe."""
    return sum(map(_width, _shown(text)))


def _shown(text: str) -> list[str]:
    """Each character as it may be shown."""
    shown: list[str] = []
    marks = 0
    for one in map(_safe, text):
        marks = 0 if _width(one) else marks + 1
        if marks <= MOST_MARKS:
            shown.append(one)
    return shown


def _safe(character: str) -> str:
    if character.isprintable() or character in JOINERS:
        return character
    return " " if character.isspace() else ascii(character)[1:-1]


def _width(shown: str) -> int:
    """Of one character, or of one that is spelt out. What varies with the font is taken for wide enough."""
    if len(shown) > 1:
        return len(shown)
    if unicodedata.category(shown) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(shown) in "WF" else 1
