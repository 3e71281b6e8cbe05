"""What parses files, as functions of bytes that must return: books, chapters, pictures, tracks.

A target lets pass what its parser documents, and nothing else.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

from apps.player.tags import CoverError, image_suffix, read_cover, read_tags
from apps.reader.epub import BookError, open_book
from apps.reader.epub.chapter import read_chapter
from apps.reader.epub.images import MAX_PIXELS, read_image


def epub_file(data: bytes) -> None:
    """Any file as a book."""
    with tempfile.NamedTemporaryFile(suffix=".epub") as file:
        file.write(data)
        file.flush()
        _read_book(Path(file.name))


SEPARATOR = b"\n=====\n"
PARTS = (
    "META-INF/container.xml",
    "OEBPS/content.opf",
    "OEBPS/nav.xhtml",
    "OEBPS/toc.ncx",
    "OEBPS/one.xhtml",
    "OEBPS/two.xhtml",
    "OEBPS/cover.png",
)


def epub_parts(data: bytes) -> None:
    """A sound zip file whose parts are anything: the parts, in the order of `PARTS`, with separators."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, content in zip(PARTS, data.split(SEPARATOR), strict=False):
            archive.writestr(name, content)
    epub_file(packed.getvalue())


def _read_book(path: Path) -> None:
    with suppress(BookError):
        book = open_book(path)
        try:
            for entry in book.contents:
                book.target(entry.target)
            for href in book.hrefs:
                chapter = book.chapter(href)
                assert all(0 <= b.start <= b.end <= len(chapter.text) for b in chapter.blocks)
                place = book.place_at(book.progress(href, len(chapter.text) // 2))
                assert place[0] in book.hrefs
            assert book.cover is None or book.cover.width > 0
        finally:
            book.close()


def epub_chapter(data: bytes) -> None:
    """Any bytes as a chapter: never an error, and every block lies within the text."""
    chapter = read_chapter("OEBPS/one.xhtml", data)
    assert all(0 <= b.start <= b.end <= len(chapter.text) for b in chapter.blocks)
    assert all(0 <= offset <= len(chapter.text) for offset in chapter.anchors.values())


def picture(data: bytes) -> None:
    """Any bytes as a picture: none, or one of a size that fits into memory."""
    image = read_image(data)
    assert image is None or 0 < image.width * image.height <= MAX_PIXELS
    image_suffix(data)


SUFFIXES = (".mp3", ".flac", ".ogg", ".wav", ".m4a", ".wma", ".aiff")


def tags(data: bytes) -> None:
    """Any file as a track: the first byte says what its name ends with."""
    suffix = SUFFIXES[data[0] % len(SUFFIXES)] if data else ".mp3"
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data[1:])
        file.flush()
        path = Path(file.name)
        found = read_tags(path)
        assert found.title
        assert found.duration_ms >= 0
        with suppress(CoverError):
            cover = read_cover(path)
            assert cover is None or image_suffix(cover)
