"""An open book: its chapters, contents, pictures, and the text that places refer to.

Kivy-free, network-free; one thread at a time. Chapters are read when they are asked for, and kept.
Invariant: the same file is the same book (`Book.id`) on every device, with the same text.
"""

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote_to_bytes

from apps.reader.epub.archive import Archive
from apps.reader.epub.blocks import OBJECT, Block, Chapter, Kind, Span
from apps.reader.epub.chapter import missing_chapter, read_chapter
from apps.reader.epub.contents import Entry, read_navigation, read_ncx
from apps.reader.epub.errors import GET_ANOTHER_COPY, BookError
from apps.reader.epub.images import Image, read_image
from apps.reader.epub.package import Item, Package, read_package
from dalsegno.locators import offset_at

__all__ = ["Book", "Entry", "Image", "book_id", "open_book"]


def book_id(path: Path) -> str:
    """The session id of a book file: by its contents, so that its name and place do not matter."""
    with path.open("rb") as file:
        return f"book-{hashlib.file_digest(file, 'sha256').hexdigest()[:40]}"


class Book:
    """See the module. `hrefs` is the reading order; it serves as a `PublicationText` for `locate`."""

    def __init__(self, path: Path, identity: str, archive: Archive, package: Package) -> None:
        self.path = path
        self.id = identity
        self.title = package.title
        self.author = package.author
        self.language = package.language
        self.hrefs: Sequence[str] = tuple(item.href for item in package.spine)
        self._archive = archive
        self._package = package
        self._items = {item.href: item for item in package.spine}
        self._chapters: dict[str, Chapter] = {}
        self._image_sizes: dict[str, tuple[int, int] | None] = {}

    @cached_property
    def contents(self) -> tuple[Entry, ...]:
        """The table of contents, flat; made of the chapters themselves when the book brings none."""
        return self._own_contents or tuple(
            Entry(self.chapter(href).title or f"Part {number}", href, 0)
            for number, href in enumerate(self.hrefs, start=1)
        )

    @cached_property
    def _own_contents(self) -> tuple[Entry, ...]:
        """The table of contents that the book brings, if it brings one."""
        for item, read in ((self._package.contents, read_navigation), (self._package.ncx, read_ncx)):
            raw = self._archive.read(item.href) if item else None
            entries = read(raw, item.href) if item and raw else ()
            if entries:
                return tuple(entry for entry in entries if entry.target or entry.depth == 0)
        return ()

    @cached_property
    def cover(self) -> Image | None:
        return self.image(self._package.cover) if self._package.cover else None

    def chapter(self, href: str) -> Chapter:
        """The chapter `href` of the spine; a missing one is a chapter that says so. KeyError for any
        other."""
        if href not in self._chapters:
            self._chapters[href] = self._read(self._items[href])
        return self._chapters[href]

    def _read(self, item: Item) -> Chapter:
        raw = self._archive.read(item.href)
        if raw is None:
            return missing_chapter(item.href, self._titles.get(item.href, ""))
        if item.type.startswith("image/") and item.type != "image/svg+xml":
            block = Block(Kind.IMAGE, 0, 1, (Span(0, 1),), image=item.href)
            return Chapter(item.href, "", OBJECT, (block,))
        return read_chapter(item.href, raw)

    def chapter_title(self, href: str) -> str:
        """What the contents call the chapter, or its first heading, or nothing."""
        return self._titles.get(href) or self.chapter(href).title

    @cached_property
    def _titles(self) -> dict[str, str]:
        titles: dict[str, str] = {}
        for entry in self._own_contents:  # not `contents`, which may be made of chapters, and they of this
            titles.setdefault(self._spelt(entry.target.partition("#")[0]) or "", entry.title)
        return titles

    def image(self, href: str) -> Image | None:
        """The picture `href`; None if it is missing, or none that can be shown."""
        raw = _inline(href) if href.startswith("data:") else self._archive.read(href)
        return read_image(raw) if raw else None

    def image_size(self, href: str) -> tuple[int, int] | None:
        """Width and height of a picture in pixels; None if it cannot be shown."""
        if href not in self._image_sizes:
            image = self.image(href)
            self._image_sizes[href] = (image.width, image.height) if image else None
        return self._image_sizes[href]

    def target(self, link: str) -> tuple[str, int] | None:
        """Where a link inside of the book leads: chapter and offset; None if it leads out of it."""
        name, _, anchor = link.partition("#")
        href = self._spelt(name)
        return (href, self.chapter(href).anchors.get(anchor, 0)) if href is not None else None

    def _spelt(self, href: str) -> str | None:
        """The chapter that is meant, as the spine spells it: links care less about case and accents."""
        return href if href in self._items else self._entries.get(self._archive.find(href))

    @cached_property
    def _entries(self) -> dict[str | None, str]:
        """Chapters by the name of their entry."""
        entries = {self._archive.find(href): href for href in reversed(self.hrefs)}
        entries.pop(None, None)
        return entries

    # -- PublicationText

    def text(self, href: str) -> str:
        return self.chapter(href).text

    def content_hash(self, href: str) -> str:
        return hashlib.sha256(self.text(href).encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def is_measured(self) -> bool:
        """Are all chapters read, so that `progress` costs nothing?"""
        return "_starts" in self.__dict__

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        starts = [0]
        for href in self.hrefs:
            starts.append(starts[-1] + len(self.text(href)))
        return tuple(starts)

    def progress(self, href: str, offset: int) -> float:
        """How far into the whole book a place is, in [0, 1]. Reads every chapter the first time."""
        total = self._starts[-1]
        return min(1.0, (self._starts[self.hrefs.index(href)] + offset) / total) if total else 0.0

    @property
    def length(self) -> int:
        """Characters in the whole book."""
        return self._starts[-1]

    def place_at(self, progress: float) -> tuple[str, int]:
        """The inverse of `progress`: chapter and offset."""
        total = offset_at(progress, self.length)
        index = min(len(self.hrefs) - 1, max(0, bisect_right(self._starts, total) - 1))
        return self.hrefs[index], min(total - self._starts[index], len(self.text(self.hrefs[index])))

    def close(self) -> None:
        self._archive.close()


def _inline(uri: str) -> bytes | None:
    """What a data: URI holds."""
    head, _, payload = uri.partition(",")
    data = unquote_to_bytes(payload)
    try:
        return base64.b64decode(data) if head.endswith(";base64") else data
    except ValueError:
        return None


def open_book(path: Path) -> Book:
    """The book in the file `path`; BookError says what is wrong with it and what to do."""
    archive = Archive(path)
    try:
        package = read_package(archive, path.name)
        book = Book(path, book_id(path), archive, package)
        present = [href for href in book.hrefs if archive.find(href) is not None]
        if any(archive.is_locked(href) for href in present):
            raise archive.refuse_locked()
        if not present:
            raise BookError(f"“{path.name}” lists chapters, and has none of them in it.", GET_ANOTHER_COPY)
        if not any(book.chapter(href).blocks for href in present):
            raise BookError(f"“{path.name}” is empty: there is not a word in it.", GET_ANOTHER_COPY)
    except BaseException:
        archive.close()
        raise
    return book
