"""What is said of a place that another device offers: whose, where, how long ago, and why it is not followed.

Pure. Nobody needs to know the rules to understand the words.
"""

from typing import Any, Final

import dalsegno as ds
from apps.common.ages import ago
from apps.reader.epub import Book
from apps.reader.pages.sentences import sentence_at
from apps.reader.shared import name_of
from apps.reader.view import Offer

LONGEST_QUOTE: Final = 70

_WHY: Final = {
    ds.Rule.LOST: "Read there meanwhile; your page here is the newer one",
    ds.Rule.DETACHED: "You read by yourself here",
    ds.Rule.OPEN: "Reading on there",
    ds.Rule.UNSEEN: "Read there meanwhile",
}


def offer_of(book: Book, change: Any, href: str, offset: int, now_ms: int) -> Offer:
    """`change` offers the place at `offset` of the chapter `href`."""
    why = change.why
    who = _name(why.device if why is not None else change.device)
    age = ago(why.at_ms, now_ms) if why is not None and why.at_ms else ""
    chapter, percent = book.chapter_title(href), f"{book.progress(href, offset):.0%}"
    where = f"{chapter} · {percent}" if chapter else percent
    quote = _quote(book, href, offset)
    if why is not None and why.rule is ds.Rule.BLIND:
        return Offer(f"Your place: {where}", _after(_joined(", ", who, age), quote))
    words = _WHY.get(why.rule, "") if why is not None else ""
    return Offer(_joined(", ", f"{who} is at {where}", age), _after(words, quote))


def _name(device: Any) -> str:
    return (name_of(device.name) if device is not None else "") or "Another device"


def _quote(book: Book, href: str, offset: int) -> str:
    start, end = sentence_at(book.text(href), offset)
    words = " ".join(book.text(href)[start:end].split())
    return f"{words[:LONGEST_QUOTE].rstrip()}…" if len(words) > LONGEST_QUOTE else words


def _after(words: str, quote: str) -> str:
    return _joined(": ", words, f"“{quote.strip('“”')}”" if quote else "")


def _joined(by: str, *parts: str) -> str:
    return by.join(part for part in parts if part)
