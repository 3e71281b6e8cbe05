"""Finds a Locator again in the text of a publication, and says how sure it is.

Pure. Invariant: it never falls back to the beginning while the locator knows anything better. In this order:
the exact offset (the text is unchanged), the quoted words, their surroundings, the progression in the
resource, the progression in the whole.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Protocol

from dalsegno._core.locator import Locator, offset_at

POSITION_CHARS = 1024  # Readium counts a position about every 1024 characters
TELLING = 12  # a quote shorter than this ("Yes.") proves nothing without its surroundings
AGREEING = 6  # characters of context in common that do prove it


class Confidence(Enum):
    """How sure a place is: `EXACT` the character itself; `QUOTE` the words were found; `CONTEXT` the words
    are gone, what surrounded them is there; `PROGRESSION` about as far as before."""

    EXACT = "exact"
    QUOTE = "quote"
    CONTEXT = "context"
    PROGRESSION = "progression"


@dataclass(frozen=True, slots=True)
class Found:
    """A place in this publication: `offset` counts characters of the plain text of `href`."""

    href: str
    offset: int
    confidence: Confidence


class PublicationText(Protocol):
    """The words of a publication, resource by resource in reading order."""

    @property
    def hrefs(self) -> Sequence[str]: ...
    def text(self, href: str) -> str: ...
    def content_hash(self, href: str) -> str: ...


def locate(locator: Locator, publication: PublicationText) -> Found | None:
    """Where `locator` is in `publication`; None only if it says nothing that can be found in there."""
    return (
        _by_offset(locator, publication)
        or _by_words(locator, publication)
        or _by_progression(locator, publication)
    )


def total_progression(publication: PublicationText, href: str, offset: int) -> float:
    """How far `offset` in `href` is into the whole publication; ValueError for an unknown href."""
    lengths = [len(publication.text(each)) for each in publication.hrefs]
    before = sum(lengths[: list(publication.hrefs).index(href)])
    return min(1.0, (before + offset) / sum(lengths)) if sum(lengths) else 0.0


def place_at(publication: PublicationText, total: float) -> tuple[str, int] | None:
    """The inverse of `total_progression`; None if the publication has no resources."""
    lengths = [(href, len(publication.text(href))) for href in publication.hrefs]
    return _place_after(lengths, offset_at(total, sum(length for _, length in lengths)))


def _place_after(lengths: Sequence[tuple[str, int]], left: int) -> tuple[str, int] | None:
    for href, length in lengths:
        if left < length:
            return href, left
        left -= length
    return lengths[-1] if lengths else None


def _by_offset(locator: Locator, publication: PublicationText) -> Found | None:
    where = locator.locations
    if where.char_offset is None or where.content_hash is None or locator.href not in publication.hrefs:
        return None
    if publication.content_hash(locator.href) != where.content_hash:
        return None
    if where.char_offset > len(publication.text(locator.href)):
        return None
    return Found(locator.href, where.char_offset, Confidence.EXACT)


def _by_words(locator: Locator, publication: PublicationText) -> Found | None:
    quote = _Quote.of(locator)
    if not quote.highlight and not quote.before and not quote.after:
        return None
    hrefs = list(_nearest_first(locator, publication))
    for search in (quote.find_highlight, quote.find_context):
        for href in hrefs:
            here = href == locator.href
            found = search(publication.text(href), _expected(locator, publication, href), here)
            if found is not None:
                sure = Confidence.QUOTE if search == quote.find_highlight else Confidence.CONTEXT
                return Found(href, found, sure)
    return None


def _by_progression(locator: Locator, publication: PublicationText) -> Found | None:
    where = locator.locations
    if locator.href in publication.hrefs:
        return Found(locator.href, _expected(locator, publication, locator.href), Confidence.PROGRESSION)
    if where.total_progression is not None:
        place = place_at(publication, where.total_progression)
    elif where.position is not None:
        lengths = [(href, len(publication.text(href))) for href in publication.hrefs]
        place = _place_after(lengths, (where.position - 1) * POSITION_CHARS)
    else:
        return None
    return Found(*place, Confidence.PROGRESSION) if place else None


def _expected(locator: Locator, publication: PublicationText, href: str) -> int:
    """The offset in `href` that the figures of the locator point to, or the nearest that `href` has."""
    where, length = locator.locations, len(publication.text(href))
    if href == locator.href and where.progression is not None:
        return offset_at(where.progression, length)
    if href == locator.href and where.char_offset is not None:
        return min(where.char_offset, length)
    if where.total_progression is not None:
        place = place_at(publication, where.total_progression)
        if place is not None:
            order = list(publication.hrefs)
            if place[0] == href:
                return place[1]
            return length if order.index(href) < order.index(place[0]) else 0
    if where.position is not None:
        before = sum(
            len(publication.text(each)) for each in publication.hrefs[: list(publication.hrefs).index(href)]
        )
        return max(0, min(length, (where.position - 1) * POSITION_CHARS - before))
    return 0


def _nearest_first(locator: Locator, publication: PublicationText) -> Iterator[str]:
    """The locator's own resource, then the others, those near its total progression first."""
    hrefs = list(publication.hrefs)
    if locator.href in hrefs:
        middle = hrefs.index(locator.href)
    else:
        place = place_at(publication, locator.locations.total_progression or 0.0)
        middle = hrefs.index(place[0]) if place else 0
    yield from sorted(hrefs, key=lambda href: abs(hrefs.index(href) - middle))


@dataclass(frozen=True, slots=True)
class _Quote:
    """The words of a locator, normalised as `_plain` does."""

    before: str
    highlight: str
    after: str

    @classmethod
    def of(cls, locator: Locator) -> "_Quote":
        text = locator.text
        return cls(_plain(text.before)[0], _plain(text.highlight)[0].strip(), _plain(text.after)[0])

    def find_highlight(self, text: str, expected: int, here: bool) -> int | None:
        """Where the highlight starts in `text`: of several, that in the best company, then the nearest."""
        plain, offsets = _plain(text)
        starts = list(_occurrences(plain, self.highlight))
        if not starts:
            return None
        agreement = {start: self._agreement(plain, start) for start in starts}
        best = max(starts, key=lambda start: (agreement[start], -abs(offsets[start] - expected)))
        telling = len(self.highlight) >= TELLING or agreement[best] >= AGREEING
        alone_here = here and len(starts) == 1 and len(self.highlight) > 1
        return offsets[best] if telling or alone_here else None

    def find_context(self, text: str, expected: int, here: bool) -> int | None:
        """Where the words would stand in `text`, judged by what stood before and after them."""
        plain, offsets = _plain(text)
        starts: set[int] = set()
        if len(self.before.strip()) >= TELLING:
            starts |= {at + len(self.before) for at in _occurrences(plain, self.before)}
        if len(self.after.strip()) >= TELLING:
            starts |= {max(0, at - len(self.highlight)) for at in _occurrences(plain, self.after)}
        if not starts:
            return None
        best = min(starts, key=lambda start: (abs(offsets[min(start, len(plain))] - expected), start))
        return offsets[min(best, len(plain))]

    def _agreement(self, plain: str, start: int) -> int:
        end = start + len(self.highlight)
        before = plain[max(0, start - len(self.before)) : start]
        after = plain[end : end + len(self.after)]
        return _common(before[::-1].lstrip(), self.before[::-1].lstrip()) + _common(
            after.lstrip(), self.after.lstrip()
        )


def _common(one: str, other: str) -> int:
    """How many characters `one` and `other` begin with in common."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _occurrences(plain: str, words: str) -> Iterator[int]:
    start = plain.find(words) if words else -1
    while start >= 0:
        yield start
        start = plain.find(words, start + 1)


_BLANKS = re.compile(r"[\s\u00ad\u200b\u2060\ufeff]+")  # spaces, and what nobody sees


@lru_cache(maxsize=8)
def _plain(text: str) -> tuple[str, Sequence[int]]:
    """`text` with each run of blanks as one space (soft hyphens as nothing), and for each of its characters,
    and its end, the offset in `text`."""
    plain: list[str] = []
    offsets: list[int] = []
    end = 0
    for blanks in _BLANKS.finditer(text):
        plain.append(text[end : blanks.start()])
        offsets.extend(range(end, blanks.start()))
        if any(character.isspace() for character in blanks.group()):
            plain.append(" ")
            offsets.append(blanks.start())
        end = blanks.end()
    plain.append(text[end:])
    offsets.extend(range(end, len(text) + 1))
    return "".join(plain), offsets
