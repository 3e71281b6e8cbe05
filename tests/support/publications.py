"""Publications of plain texts, one of three short ones, and places in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from dalsegno._core.locate import total_progression
from dalsegno._core.locator import Locations, Locator, Text, progression_at

ONE = "It was a bright cold day. The clocks were striking thirteen. “Yes,” she said. Nobody came to the door."
TWO = "A second chapter begins here. “Yes,” she said. The lamp was lit, and then the lamp went out again."
THREE = "The end is a short chapter, and “Yes,” she said."


class Pages:
    """A publication of plain texts."""

    def __init__(self, **texts: str) -> None:
        self._texts = texts

    @property
    def hrefs(self) -> Sequence[str]:
        return tuple(self._texts)

    def text(self, href: str) -> str:
        return self._texts[href]

    def content_hash(self, href: str) -> str:
        return hashlib.sha256(self._texts[href].encode()).hexdigest()[:16]


BOOK = Pages(one=ONE, two=TWO, three=THREE)


def place(words: str, href: str = "one", book: Pages = BOOK, hashed: bool = True) -> Locator:
    """The locator of `words` in a chapter."""
    text = book.text(href)
    start = text.index(words)
    return Locator(
        href,
        locations=Locations(
            progression=progression_at(start, len(text)),
            total_progression=total_progression(book, href, start),
            char_offset=start,
            content_hash=book.content_hash(href) if hashed else None,
        ),
        text=Text.quote(text, start, start + len(words)),
    )
