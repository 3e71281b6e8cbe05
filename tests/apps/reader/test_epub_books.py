"""The EPUB reader: what a book is made of, and what it does without."""

from __future__ import annotations

import struct
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from apps.content.build_book import build_book
from apps.reader.epub import Kind, open_book
from tests.apps.books import INSIDE, real_book
from tests.apps.reader.making import make_epub, page

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + struct.pack(">II", 3, 2)
    + b"\x08\x02\x00\x00\x00\x00\x00\x00\x00"
)


def test_a_sound_book(tmp_path: Path) -> None:
    """Title, author, reading order and contents are those of the package."""
    nav = (
        '<nav epub:type="toc" xmlns:epub="http://www.idpf.org/2007/ops"><ol><li><a href="one.xhtml">First</a>'
        '<ol><li><a href="one.xhtml#s">Part</a></li></ol></li></ol></nav>'
    )
    book = open_book(
        make_epub(
            tmp_path / "a.epub",
            {"one.xhtml": "<h1>One</h1><p id='s'>words</p>", "two.xhtml": "<p>more</p>"},
            {"OPS/nav.xhtml": page(nav)},
            '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>',
        )
    )
    assert ("A Test", "Ann Author", "en") == (book.title, book.author, book.language)
    assert ("OPS/one.xhtml", "OPS/two.xhtml") == book.hrefs
    assert [("First", "OPS/one.xhtml", 0), ("Part", "OPS/one.xhtml#s", 1)] == [
        (entry.title, entry.target, entry.depth) for entry in book.contents
    ]
    assert ("OPS/one.xhtml", 4) == book.target("OPS/one.xhtml#s")
    assert book.target("https://example.org/") is None


def test_the_same_file_is_the_same_book(tmp_path: Path) -> None:
    """The session id is made of the contents: another name or folder changes nothing, another word does."""
    one = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>words</p>"})
    copy = tmp_path / "other name.epub"
    copy.write_bytes(one.read_bytes())
    other = make_epub(tmp_path / "b.epub", {"one.xhtml": "<p>other words</p>"})
    assert open_book(one).id == open_book(copy).id
    assert open_book(one).id != open_book(other).id
    assert "/" not in open_book(one).id


@pytest.mark.no_cover  # whole books: the same lines, hundreds of thousands of times
@pytest.mark.parametrize("name", sorted(INSIDE))
def test_real_books(name: str) -> None:
    """Real files open with a title, contents that lead somewhere, and spans that cover their blocks."""
    book = open_book(real_book(name))
    assert book.title and book.contents and book.length > 1000
    assert all(book.target(entry.target) is not None for entry in book.contents if entry.target)
    for href in book.hrefs:
        read = book.chapter(href)
        for block in read.blocks:
            assert block.spans[0].start == block.start and block.spans[-1].end == block.end
            assert all(one.end == two.start for one, two in pairwise(block.spans))


def test_our_own_book(own_book: Path, tmp_path: Path) -> None:
    """The demo book is built to the byte the same each time, and has its chapters, pictures and links."""
    path = build_book(tmp_path)
    assert own_book.read_bytes() == path.read_bytes()
    read = open_book(path)
    assert 6 == len(read.contents)
    assert read.cover is not None
    for href in read.hrefs:
        for block in read.chapter(href).blocks:
            if block.kind is Kind.IMAGE:
                assert block.image is not None and read.image(block.image) is not None
            for span in block.spans:
                assert span.link is None or read.target(span.link) is not None
    with zipfile.ZipFile(path) as archive:
        assert ("mimetype", zipfile.ZIP_STORED) == (
            archive.infolist()[0].filename,
            archive.infolist()[0].compress_type,
        )


def test_a_missing_chapter_says_so(tmp_path: Path) -> None:
    """A chapter whose file is missing is a page that says so, and the others can be read."""
    path = make_epub(
        tmp_path / "a.epub",
        {"one.xhtml": "<p>words</p>", "two.xhtml": "<p>gone</p>"},
        {"OPS/two.xhtml": None},
        spine=["one.xhtml", "two.xhtml", "unknown"],
    )
    book = open_book(path)
    assert "words\n" == book.text("OPS/one.xhtml")
    assert "missing" in book.text("OPS/two.xhtml") and "OPS/two.xhtml" in book.text("OPS/two.xhtml")
    assert "missing" in book.text("unknown")


def test_mimetype_need_not_come_first(tmp_path: Path) -> None:
    """Some real files do not begin with their mimetype, or have none."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>words</p>"}, {"mimetype": None})
    assert "words\n" == open_book(path).text("OPS/one.xhtml")


def test_container_may_be_missing(tmp_path: Path) -> None:
    """A book with a package is a book, even if nothing points to it."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>words</p>"}, {"META-INF/container.xml": None})
    assert "A Test" == open_book(path).title


def test_a_damaged_chapter_is_a_missing_one(tmp_path: Path) -> None:
    """A chapter that cannot be unpacked costs only itself."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>words</p>", "two.xhtml": "<p>more</p>"})
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("OPS/two.xhtml").header_offset
    raw = bytearray(path.read_bytes())
    raw[offset + 50 : offset + 60] = b"\xff" * 10
    path.write_bytes(raw)
    assert "missing" in open_book(path).text("OPS/two.xhtml")


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", PNG[:20], b"\xff\xd8\xff", PNG[:16] + struct.pack(">II", 10**6, 10**6)]
)
def test_a_picture_that_is_none(tmp_path: Path, data: bytes) -> None:
    """What is called a picture and is none, or a monstrous one, is none: a box will stand in its place."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p><img src='x.png'/>"}, {"OPS/x.png": data})
    book = open_book(path)
    assert book.image("OPS/x.png") is None
    assert book.image("OPS/missing.png") is None
    assert book.image_size("OPS/x.png") is None


def test_pictures_are_known_by_their_bytes(tmp_path: Path) -> None:
    """Kind and size of a picture are read from its header, whatever its name says."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"OPS/x.jpg": PNG})
    assert (3, 2) == open_book(path).image_size("OPS/x.jpg")
