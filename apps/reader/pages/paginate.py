"""Fills pages with slabs, chapter by chapter, when a page of it is asked for.

Kivy-free; one thread at a time. Invariant: the pages of a chapter cover all of its text without gap or
overlap, and the same chapter in the same geometry always has the same pages.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from apps.reader.epub.book import Book
from apps.reader.pages.measure import Geometry, TextMeasurer
from apps.reader.pages.slabs import Page, Placed, Slab
from apps.reader.pages.typeset import typeset

KEPT_CHAPTERS = 24


class Paginator:
    """The pages of one book."""

    def __init__(self, book: Book, measurer: TextMeasurer) -> None:
        self._book = book
        self._measurer = measurer
        self._kept: OrderedDict[tuple[str, Geometry], tuple[Page, ...]] = OrderedDict()

    def pages(self, href: str, geometry: Geometry) -> tuple[Page, ...]:
        """All pages of a chapter, at least one."""
        key = href, geometry
        if key not in self._kept:
            slabs = list(typeset(self._book.chapter(href), geometry, self._measurer, self._book.image_size))
            self._kept[key] = fill_pages(slabs, geometry, len(self._book.text(href)))
            while len(self._kept) > KEPT_CHAPTERS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def page_at(self, href: str, offset: int, geometry: Geometry) -> int:
        """The index of the page that `offset` is on."""
        return page_at(self.pages(href, geometry), offset)


def page_at(pages: Sequence[Page], offset: int) -> int:
    return max(0, bisect_right(pages, offset, key=lambda page: page.start) - 1)


def fill_pages(slabs: Sequence[Slab], geometry: Geometry, length: int) -> tuple[Page, ...]:
    """Slabs in columns, columns on pages; `length` is that of the chapter's text."""
    columns = list(_columns(slabs, geometry.height))
    step = geometry.column_width + geometry.gap
    groups = [columns[index : index + geometry.columns] for index in range(0, len(columns), geometry.columns)]
    pages: list[Page] = []
    for index, group in enumerate(groups or [[]]):
        placed = tuple(
            Placed(number * step, y, slab) for number, column in enumerate(group) for y, slab in column
        )
        start = placed[0].slab.start if placed and index else 0
        following = groups[index + 1][0][0][1].start if index + 1 < len(groups) else length
        pages.append(Page(start, following, placed))
    return tuple(pages)


def _columns(slabs: Sequence[Slab], height: float) -> list[list[tuple[float, Slab]]]:
    columns: list[list[tuple[float, Slab]]] = []
    first = 0
    while first < len(slabs):
        last = _last_that_fits(slabs, first, height)
        y, column = 0.0, []
        for index in range(first, last):
            y += slabs[index].space if index > first or index == 0 else 0.0
            column.append((y, slabs[index]))
            y += slabs[index].height
        columns.append(column)
        first = last
    return columns


def _last_that_fits(slabs: Sequence[Slab], first: int, height: float) -> int:
    """Where the column that begins at `first` ends; it holds one slab at the least."""
    y, last = 0.0, first
    while last < len(slabs):
        y += slabs[last].height + (slabs[last].space if last > first or last == 0 else 0.0)
        if y > height + 0.5 and last > first:
            break
        last += 1
    if last == len(slabs):
        return last
    end = last
    while end > first + 1 and slabs[end - 1].bound:
        end -= 1
    return end if end > first + 1 or not slabs[end - 1].bound else last
