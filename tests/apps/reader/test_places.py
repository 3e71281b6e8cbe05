"""A place survives other windows and other text sizes, to the sentence: real books, Kivy's own measuring."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from apps.reader.epub import Book, open_book
from apps.reader.pages.paginate import Paginator
from apps.reader.pages.sentences import sentence_at, sentences
from apps.reader.place import Confidence, find, locator_at
from apps.reader.room import room_for
from apps.reader.screens.ink import KivyMeasurer
from dalsegno._core.locator import Locator
from tests.apps.books import real_book

pytestmark = pytest.mark.no_cover  # whole books: the same lines, hundreds of thousands of times

WINDOWS = [(390, 780), (820, 1100), (1200, 800)]
TEXT_SIZES = [14.0, 18.0, 28.0]
LAYOUTS = {
    name: [(*window, TEXT_SIZES[(n + turned) % 3]) for n, window in enumerate(WINDOWS)]
    for turned, name in enumerate(["developers-reference", "debian-policy", "nodepub-3"])
}
"""By book: each window and each text size once, and all nine of both in one book or another, as each breaks
many chapters anew."""
LEAST = 25  # characters: "4.1." alone is no sentence that anybody reads to


@pytest.fixture(scope="module")
def measurer() -> KivyMeasurer:
    return KivyMeasurer()


def ten_sentences(book: Book, seed: str) -> list[tuple[str, int, int]]:
    """Ten random sentences of a book: chapter, start, end."""
    chance = random.Random(seed)
    everywhere = [
        (href, start, end)
        for href in book.hrefs
        for start, end in sentences(book.text(href))
        if end - start >= LEAST
    ]
    return chance.sample(everywhere, 10)


@pytest.mark.parametrize("name", LAYOUTS)
def test_ten_sentences_in_many_layouts(name: str, measurer: KivyMeasurer) -> None:
    """Ten random sentences are found again to the sentence under three windows and three text sizes: sent
    as document values, found in a book opened anew, and each page shown has the sentence's beginning."""
    here, elsewhere = open_book(real_book(name)), open_book(real_book(name))
    paginator = Paginator(elsewhere, measurer)
    chosen = ten_sentences(here, seed=name)
    places = [find(elsewhere, Locator.from_value(sent(here, href, start))) for href, start, _ in chosen]
    for width, height, text_size in LAYOUTS[name]:
        geometry = room_for(width, height, text_size).geometry
        for (href, start, end), found in zip(chosen, places, strict=True):
            assert found is not None
            assert (href, start, Confidence.EXACT) == (found.href, found.offset, found.confidence)
            assert (start, end) == sentence_at(elsewhere.text(found.href), found.offset)
            pages = paginator.pages(found.href, geometry)
            page = pages[paginator.page_at(found.href, found.offset, geometry)]
            assert page.start <= start < page.end, (width, height, text_size)


def sent(book: Book, href: str, offset: int) -> dict[str, Any]:
    """A place as it stands in the document."""
    return locator_at(book, href, offset).to_value()


@pytest.mark.parametrize("name", ["debian-policy", "developers-reference"])
def test_ten_sentences_in_a_changed_edition(name: str) -> None:
    """When the chapter has a new beginning, its hash fits no more, and the words find the same sentence."""
    book = open_book(real_book(name))
    for href, start, end in ten_sentences(book, seed=f"{name} again"):
        locator = locator_at(book, href, start)
        changed = Changed(book, href, "A new paragraph at the beginning of the chapter.\n")
        found = find(changed, locator)  # type: ignore[arg-type]
        assert found is not None
        assert (href, Confidence.QUOTE) == (found.href, found.confidence)
        assert book.text(href)[start:end] == changed.text(href)[found.offset :][: end - start]


class Changed:
    """A book whose chapter `href` has more at its front."""

    def __init__(self, book: Book, href: str, more: str) -> None:
        self._book, self._href, self._more = book, href, more
        self.hrefs = book.hrefs

    def text(self, href: str) -> str:
        return (self._more if href == self._href else "") + self._book.text(href)

    def content_hash(self, href: str) -> str:
        return "another" if href == self._href else self._book.content_hash(href)


def test_locators_are_small() -> None:
    """The locator of any sentence of a real book is small enough for a document: below one kilobyte."""
    book = open_book(real_book("debian-policy"))
    for href, start, _ in ten_sentences(book, seed="size"):
        assert len(str(locator_at(book, href, start).to_value())) < 1000


def test_words_are_measured_as_they_are_drawn(measurer: KivyMeasurer) -> None:
    """Kivy gives each face of a family its own widths: bold is not set with the widths of regular."""
    from apps.reader.pages.measure import Face

    plain, bold = Face("serif", 20), Face("serif", 20, bold=True)
    assert measurer.width("minimum", plain) < measurer.width("minimum", bold)
    assert measurer.width("mm", Face("mono", 20)) == 2 * measurer.width("i", Face("mono", 20))
    assert measurer.ascent(plain) > measurer.descent(plain) > 0


def test_paths_do_not_matter(tmp_path: Path) -> None:
    """The same book under another name has the same places."""
    copy = tmp_path / "copy.epub"
    copy.write_bytes(real_book("nodepub-3").read_bytes())
    one, other = open_book(real_book("nodepub-3")), open_book(copy)
    assert locator_at(one, one.hrefs[4], 100) == locator_at(other, other.hrefs[4], 100)
