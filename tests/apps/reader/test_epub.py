"""The EPUB reader: what a chapter becomes, and what is said about files that are no sound books."""

from __future__ import annotations

import struct
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from apps.content.build_book import build_book
from apps.reader.epub import BookError, Kind, Style, open_book
from apps.reader.epub import archive as limits
from apps.reader.epub.chapter import read_chapter, resolve
from tests.apps.books import INSIDE, real_book
from tests.apps.reader.making import make_epub, page

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + struct.pack(">II", 3, 2)
    + b"\x08\x02\x00\x00\x00\x00\x00\x00\x00"
)


def chapter(body: str):  # type: ignore[no-untyped-def]
    return read_chapter("OPS/one.xhtml", page(body).encode())


def texts(body: str) -> list[str]:
    """The texts of the blocks of a body."""
    read = chapter(body)
    return [read.text[block.start : block.end] for block in read.blocks]


# -- chapters


def test_blocks_and_their_kinds() -> None:
    """Headings, paragraphs, rules, pictures and code are told apart, in order."""
    read = chapter("<h2>Head</h2><p>Words.</p><hr/><pre>a\n  b</pre><img src='x.png' alt='X'/>")
    kinds = [(block.kind, read.text[block.start : block.end]) for block in read.blocks]
    assert [
        (Kind.HEADING, "Head"),
        (Kind.PARAGRAPH, "Words."),
        (Kind.RULE, "\ufffc"),
        (Kind.PREFORMATTED, "a\n  b"),
        (Kind.IMAGE, "\ufffc"),
    ] == kinds
    assert ("OPS/x.png", "X", 2) == (read.blocks[4].image, read.blocks[4].alt, read.blocks[0].level)


def test_emphasis_and_links_are_spans() -> None:
    """Inline elements become runs of one style, without a gap between them."""
    read = chapter("<p>a <b>bold <i>both</i></b> <a href='two.xhtml#x'>link</a><code>c</code></p>")
    spans = [(read.text[each.start : each.end], each.style, each.link) for each in read.blocks[0].spans]
    assert [
        ("a ", Style.PLAIN, None),
        ("bold ", Style.BOLD, None),
        ("both", Style.BOLD | Style.ITALIC, None),
        (" ", Style.PLAIN, None),
        ("link", Style.PLAIN, "OPS/two.xhtml#x"),
        ("c", Style.MONO, None),
    ] == spans


def test_blanks_collapse_across_elements() -> None:
    """Line breaks in the source are single blanks, none at the ends; <br> is a line break of the text."""
    assert ["one two three", "four\nfive"] == texts(
        "<p>\n one <i> two\n</i>\n three </p><p>four<br/> five</p>"
    )


def test_lists_are_numbered_and_indented() -> None:
    """Items carry their bullet or number, and how deep they stand."""
    read = chapter(
        "<ol start='3'><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ol><blockquote><p>q</p></blockquote>"
    )
    assert [("3.", 1, 0), ("•", 2, 0), ("4.", 1, 0), ("", 0, 1)] == [
        (block.marker, block.indent, block.quote) for block in read.blocks
    ]


def test_tables_are_read_row_by_row() -> None:
    """A table's words are all there, a row to a line."""
    body = "<table><tr><th>a</th><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"
    assert ["a \u2003b", "c \u2003d"] == texts(body)


def test_what_is_not_to_be_read_is_left_out() -> None:
    """Scripts, styles and hidden elements are no words of the book."""
    assert ["words"] == texts("<script>x()</script><style>p{}</style><p hidden='hidden'>no</p><p>words</p>")


def test_anchors_point_to_characters() -> None:
    """An id leads to the character where its element begins."""
    read = chapter("<h1 id='top'>Head</h1><p>Some <span id='here'>words</span>.</p><a name='old'/><p>End</p>")
    assert {"top": 0, "here": read.text.index("words"), "old": read.text.index("End")} == dict(read.anchors)


@pytest.mark.parametrize(
    "doctype", ["", "<!DOCTYPE html>", '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x.dtd">']
)
def test_entities_need_no_doctype(doctype: str) -> None:
    """&nbsp; and its like are understood, whether the file declares a document type or not."""
    raw = f"<?xml version='1.0'?>{doctype}" + page(
        "<p>a&nbsp;b &mdash; &eacute; &amp; &#233; &unknown; &lt;</p>"
    )
    assert "a\u00a0b — é & é &unknown; <\n" == read_chapter("x", raw.encode()).text


@pytest.mark.parametrize(
    "body",
    [
        "<p>first<p>second",
        "<p>first</b></p><p>second</div></p>",
        "<div><p>first</p><p>second</span>",
        "<p title=bare>first</p><p>second & more</p>".replace(" & more", ""),
        "<p>first<br></p><p>second<img src=x></p>",
    ],
)
def test_broken_markup_is_salvaged(body: str) -> None:
    """Markup that is not well-formed loses no words."""
    read = [each for each in texts(body) if each != "\ufffc"]
    assert ["first", "second"] == read


def test_encodings() -> None:
    """A chapter is read in the encoding that it declares, or that its first bytes show."""
    words = page("<p>Grüße</p>")
    for raw in (
        words.encode(),
        words.encode("utf-8-sig"),
        words.encode("utf-16"),
        f"<?xml version='1.0' encoding='iso-8859-1'?>{words}".encode("iso-8859-1"),
    ):
        assert "Grüße\n" == read_chapter("x", raw).text


def test_billion_laughs_are_not_heard() -> None:
    """Entities that a file declares itself are not expanded: not a billion times, and not once."""
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    read = read_chapter("x", (laughs + page("<p>&b; &f; words</p>")).encode())
    assert "&b; &f; words\n" == read.text


@pytest.mark.no_cover  # the same lines, thousands of times
def test_deep_nesting_costs_no_stack() -> None:
    """Ten thousand nested elements are read like one."""
    assert ["deep"] == texts("<div>" * 10_000 + "deep" + "</div>" * 10_000)
    assert ["deep"] == texts("<div>" * 10_000 + "deep")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("two.xhtml", "OPS/text/two.xhtml"),
        ("../two.xhtml#a%20b", "OPS/two.xhtml#a b"),
        ("#here", "OPS/text/one.xhtml#here"),
        ("a%20b.xhtml", "OPS/text/a b.xhtml"),
        ("https://example.org/x", "https://example.org/x"),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_links_are_resolved(target: str, expected: str) -> None:
    """Links are meant from the chapter that they stand in; those out of the book stay as they are."""
    assert expected == resolve("OPS/text/one.xhtml", target)


# -- books


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


def test_our_own_book(tmp_path: Path) -> None:
    """The demo book is built to the byte the same each time, and has its chapters, pictures and links."""
    path = build_book(tmp_path)
    first = path.read_bytes()
    assert first == build_book(tmp_path).read_bytes()
    book = open_book(path)
    assert 6 == len(book.contents)
    assert book.cover is not None
    for href in book.hrefs:
        for block in book.chapter(href).blocks:
            if block.kind is Kind.IMAGE:
                assert block.image is not None and book.image(block.image) is not None
            for span in block.spans:
                assert span.link is None or book.target(span.link) is not None
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


# -- files that are refused


def refused(path: Path) -> BookError:
    with pytest.raises(BookError) as caught:
        open_book(path)
    error = caught.value
    assert path.name in error.what or path.name in str(error)
    assert error.what.endswith(".") and error.what_to_do.endswith(".")
    return error


def test_not_a_zip(tmp_path: Path) -> None:
    """A file that is no zip is refused as what it is not."""
    path = tmp_path / "a.epub"
    path.write_bytes(b"%PDF-1.7 something else")
    assert "no zip" in refused(path).what


def test_a_zip_cut_short(tmp_path: Path) -> None:
    """A download that broke off is refused, and told to be got again."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>words</p>"})
    path.write_bytes(path.read_bytes()[:-200])
    assert "again" in refused(path).what_to_do


def test_not_an_epub(tmp_path: Path) -> None:
    """A zip without a package is no book."""
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    assert "not an EPUB" in refused(path).what


def test_a_broken_package(tmp_path: Path) -> None:
    """A package that cannot be read is named."""
    assert (
        "broken" in refused(make_epub(tmp_path / "a.epub", {}, {"OPS/package.opf": "<package><oops>"})).what
    )


def test_no_file(tmp_path: Path) -> None:
    """A file that vanished is said to have."""
    assert "not there" in refused(tmp_path / "gone.epub").what


def test_a_folder(tmp_path: Path) -> None:
    """A folder is no book, and no traceback."""
    (tmp_path / "a.epub").mkdir()
    assert "cannot be read" in refused(tmp_path / "a.epub").what


ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="{}"/>'
    "</EncryptedData></encryption>"
)


def test_drm(tmp_path: Path) -> None:
    """A book whose pages are encrypted is said to be locked; the message is no riddle about markup."""
    encryption = ENCRYPTION.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"META-INF/encryption.xml": encryption})
    assert "DRM" in refused(path).what


@pytest.mark.parametrize(
    "algorithm", ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"]
)
def test_obfuscated_fonts_are_no_drm(tmp_path: Path, algorithm: str) -> None:
    """A book that only hides its typefaces can be read."""
    encryption = ENCRYPTION.format(algorithm)
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"META-INF/encryption.xml": encryption})
    assert "a\n" == open_book(path).text("OPS/one.xhtml")


@pytest.mark.parametrize("name", ["../evil.xhtml", "/etc/passwd", "OPS/../../evil", "..\\evil", "C:/evil"])
def test_entries_outside_of_the_book(tmp_path: Path, name: str) -> None:
    """An entry that points out of the archive makes the whole file suspect."""
    assert "outside" in refused(make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {name: "x"})).what


def test_a_zip_bomb(tmp_path: Path) -> None:
    """An entry that unpacks to a thousand times its size is refused before it is unpacked."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"OPS/x.css": b"\0" * 12_000_000})
    assert "zip bomb" in refused(path).what


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    """An entry that claims to be small is not unpacked beyond what it claims."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"OPS/two.xhtml": b" " * 3_000_000})
    raw = path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 100))
    path.write_bytes(raw)
    book = open_book(path)
    assert book._archive.read("OPS/two.xhtml") is None


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with more entries than any book is refused."""
    monkeypatch.setattr(limits, "MAX_ENTRIES", 3)
    assert "entries" in refused(make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"})).what


def test_too_large_in_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many entries that are each just small enough are too much together."""
    monkeypatch.setattr(limits, "MAX_TOTAL_BYTES", 1000)
    assert (
        "zip bomb"
        in refused(make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"x": "y" * 990})).what
    )


def test_an_empty_book(tmp_path: Path) -> None:
    """A book without chapters, without their files, or without a word in them is empty, and said to be."""
    assert "no chapters" in refused(make_epub(tmp_path / "a.epub", {})).what
    none = make_epub(tmp_path / "b.epub", {"one.xhtml": ""}, {"OPS/one.xhtml": None})
    assert "none of them" in refused(none).what
    assert "not a word" in refused(make_epub(tmp_path / "c.epub", {"one.xhtml": "<p> </p>"})).what


def test_encrypted_zip(tmp_path: Path) -> None:
    """A zip with a password is said to be locked."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"})
    raw = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = raw.find(signature)
        while start >= 0:
            raw[start + flags] |= 1
            start = raw.find(signature, start + 4)
    path.write_bytes(raw)
    assert "password" in refused(path).what
