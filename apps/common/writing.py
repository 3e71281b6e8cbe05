"""Scripts that run from right to left, put into the order in which they are drawn.

Pure. Kivy's renderer draws letters one after the other from the left, and joins none. Invariant: what is
drawn has the letters of the word and no others, Arabic ones in the form that their neighbours ask for.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import groupby

_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_ALEFS = "\u0622\u0623\u0625\u0627"
_LAM = "\u0644"


def is_rtl(text: str) -> bool:
    """Does the first letter that has a direction run from right to left?"""
    if text.isascii():
        return False
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("R", "AL", "L"):
            return direction != "L"
    return False


def visual(word: str) -> str:
    """A word, or a few, as they are drawn from the left; numbers and Latin words in it keep their order."""
    if word.isascii() or not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in word):
        return word
    clusters: list[str] = []
    for letter in _joined(word):
        if clusters and unicodedata.combining(letter):
            clusters[-1] += letter
        else:
            clusters.append(letter)
    drawn: list[str] = []
    for forwards, group in groupby(
        clusters, lambda each: unicodedata.bidirectional(each[0]) in ("L", "EN", "AN")
    ):
        run = list(group)
        drawn[:0] = run if forwards else [each.translate(_MIRRORED) for each in reversed(run)]
    return "".join(drawn)


@lru_cache(maxsize=1)
def _forms() -> dict[tuple[str, str], str]:
    """(letters, "isolated" | "initial" | "medial" | "final") → the character of that form."""
    forms: dict[tuple[str, str], str] = {}
    for code in (*range(0xFB50, 0xFDFC), *range(0xFE70, 0xFEFD)):
        kind, *letters = unicodedata.decomposition(chr(code)).split() or ("",)
        if kind.strip("<>") in ("isolated", "initial", "medial", "final"):
            forms.setdefault(("".join(chr(int(each, 16)) for each in letters), kind.strip("<>")), chr(code))
    return forms


def _joined(word: str) -> str:
    """Arabic letters in the forms that join them to their neighbours; marks above them join nothing."""
    forms, units = _forms(), _units(word)
    letters = [index for index, unit in enumerate(units) if not unicodedata.combining(unit[0])]
    drawn = list(units)
    for place, index in enumerate(letters):
        unit = units[index]
        before = units[letters[place - 1]] if place else ""
        after = units[letters[place + 1]] if place + 1 < len(letters) else ""
        right = (unit, "final") in forms and (before, "initial") in forms
        left = (unit, "initial") in forms and (after, "final") in forms
        kind = "medial" if left and right else "initial" if left else "final" if right else "isolated"
        drawn[index] = forms.get((unit, kind), unit)
    return "".join(drawn)


def _units(word: str) -> list[str]:
    """Letters, with lam and alef as the one that they are written as."""
    units: list[str] = []
    for letter in word:
        if units and units[-1] == _LAM and letter in _ALEFS:
            units[-1] += letter
        else:
            units.append(letter)
    return units
