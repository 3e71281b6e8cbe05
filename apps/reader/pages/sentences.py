"""Where sentences begin and end, well enough to come back to one.

Pure. Invariant: sentences are in order, do not overlap, never cross a line feed, and cover every word.
"""

import re
from bisect import bisect_right
from functools import lru_cache

_END = re.compile(
    r"(?:[.!?…]+[\"'”’»)\]]*(?=[ \u2003])|[。！？]+[」』”’）]*|\n)[ \u2003]*",
)
_ABBREVIATIONS = frozenset({
    "al", "approx", "a.m", "bzw", "ca", "capt", "cf", "ch", "co", "col", "dept", "d.h", "dr", "e.g", "ed",
    "eds", "etc", "fig", "gen", "hon", "i.e", "inc", "jr", "ltd", "mr", "mrs", "ms", "mt", "no", "nos", "nr",
    "p", "p.m", "pp", "prof", "rev", "sec", "sgt", "sr", "st", "u.a", "viz", "vol", "vs", "z.b",
})  # fmt: skip
_LAST_WORD = re.compile(r"([^\s(\[“\"‘]+)\.$")
_CONTINUES = re.compile(r"[a-zß-öø-ÿ,;:–—]")  # a small letter is no beginning
MAX_SENTENCE = 2000  # what has no full stop for so long is cut at a blank


@lru_cache(maxsize=32)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """(start, end) of every sentence of `text`, blanks around them excluded."""
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if match.group()[0] != "\n" and not _ends(text, start, match):
            continue
        _keep(text, start, match.end(), found)
        start = match.end()
    _keep(text, start, len(text), found)
    return tuple(found)


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    if _CONTINUES.match(text, match.end()):
        return False
    if match.group()[0] != "." or match.group().startswith(".."):
        return True
    word = _LAST_WORD.search(text, start, match.start() + 1)
    if word is None:
        return True
    last = word.group(1).lower()
    if word.start() == start and last.replace(".", "").isdigit():
        return False  # "4.1. Mailing lists"
    return last not in _ABBREVIATIONS and not (len(last) == 1 and last.isalpha() and last != "i")


def _keep(text: str, start: int, end: int, found: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > MAX_SENTENCE:
        cut = text.rfind(" ", start, start + MAX_SENTENCE)
        cut = cut if cut > start else start + MAX_SENTENCE
        found.append((start, cut))
        start = cut + (text[cut] == " ")
    if start < end:
        found.append((start, end))


def sentence_at(text: str, offset: int) -> tuple[int, int]:
    """The sentence that `offset` is in; between two, the next one; after the last, the last."""
    all_of_them = sentences(text)
    if not all_of_them:
        return 0, 0
    index = bisect_right(all_of_them, offset, key=lambda each: each[0]) - 1
    if index < 0 or (offset >= all_of_them[index][1] and index + 1 < len(all_of_them)):
        index += 1
    return all_of_them[index]


def first_sentence_on(text: str, start: int, end: int) -> tuple[int, int]:
    """The first sentence that begins in [start, end); if none does, what is there of the one that goes
    across."""
    all_of_them = sentences(text)
    index = bisect_right(all_of_them, start - 1, key=lambda each: each[0])
    if index < len(all_of_them) and all_of_them[index][0] < end:
        return all_of_them[index]
    while start < end and text[start : start + 1].isspace():
        start += 1
    return start, max(start, min(end, sentence_at(text, start)[1]))
