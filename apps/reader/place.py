"""Between a place in an open book and the Locator that stands for it on every device.

Pure. Invariant: `locator_at` and `find` are inverse to each other, to the character, in the same book.
"""

from apps.reader.epub import Book
from apps.reader.pages.sentences import sentence_at
from dalsegno.locators import (
    XHTML,
    Confidence,
    Found,
    Locations,
    Locator,
    Text,
    locate,
    progression_at,
)

__all__ = ["Confidence", "Found", "find", "locator_at", "progress_of"]

CHARS_PER_POSITION = 1024  # as Readium counts


def locator_at(book: Book, href: str, offset: int) -> Locator:
    """The Locator of a place: it quotes the sentence that stands there, from `offset` on."""
    text = book.text(href)
    offset = max(0, min(offset, len(text)))
    end = max(offset, sentence_at(text, offset)[1])
    total = book.progress(href, offset)
    return Locator(
        href=href,
        type=XHTML,
        title=book.chapter_title(href)[:200],
        locations=Locations(
            progression=progression_at(offset, len(text)),
            total_progression=total,
            position=1 + int(total * book.length) // CHARS_PER_POSITION,
            char_offset=offset,
            content_hash=book.content_hash(href),
        ),
        text=Text.quote(text, offset, end),
    )


def find(book: Book, locator: Locator | None) -> Found | None:
    """Where in this copy of the book the place is; None when there is none yet."""
    return locate(locator, book) if locator is not None else None


def progress_of(locator: Locator | None) -> float:
    """How far into the book a place is, as far as it says so itself."""
    return (locator.total_progression or 0.0) if locator is not None else 0.0
