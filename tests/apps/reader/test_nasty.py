"""Nasty books: each is read, or refused in a sentence; no place in it is lost."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from apps.reader.epub import BookError, Kind, open_book
from apps.reader.pages.measure import Geometry
from apps.reader.pages.paginate import Paginator
from apps.reader.place import find, locator_at
from tests.apps.reader.fakes import CountingMeasurer
from tests.apps.reader.nasty import NASTY
from tests.apps.reader.nasty_making import Refused

GEOMETRY = Geometry(342, 600, 18)


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_book_is_read_or_refused(name: str, tmp_path: Path) -> None:
    """Its words come out in order, on pages; each place in it is found again; its links do not break."""
    path, case = tmp_path / "nasty.epub", NASTY[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns that names are used twice: that is what is meant
        case.make(path)
    if isinstance(case.expected, Refused):
        with pytest.raises(BookError) as caught:
            open_book(path)
        assert "nasty.epub" in caught.value.what and case.expected.words in caught.value.what
        return
    book = open_book(path)
    words, at = "".join(book.text(href) for href in book.hrefs), 0
    for expected in case.expected:
        assert expected in words[at:]
        at = words.index(expected, at) + len(expected)
    if case.contents is not None:
        assert case.contents == tuple(entry.title for entry in book.contents)
    paginator = Paginator(book, CountingMeasurer())
    for href in book.hrefs:
        pages = paginator.pages(href, GEOMETRY)
        assert (0, len(book.text(href))) == (pages[0].start, pages[-1].end)
        for offset in {0, len(book.text(href)) // 2, max(0, len(book.text(href)) - 2)}:
            found = find(book, locator_at(book, href, offset))
            assert found is not None and (href, offset) == (found.href, found.offset)
        for block in book.chapter(href).blocks:
            if block.kind is Kind.IMAGE and block.image is not None:
                book.image_size(block.image)
            for span in block.spans:
                if span.link is not None:
                    book.target(span.link)
    assert [entry.title for entry in book.contents]
