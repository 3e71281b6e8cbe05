"""The EPUB reader: what a chapter becomes."""

from __future__ import annotations

import pytest

from apps.reader.epub import Kind, Style
from apps.reader.epub.chapter import read_chapter, resolve
from tests.apps.reader.making import page


def chapter(body: str):  # type: ignore[no-untyped-def]
    return read_chapter("OPS/one.xhtml", page(body).encode())


def texts(body: str) -> list[str]:
    """The texts of the blocks of a body."""
    read = chapter(body)
    return [read.text[block.start : block.end] for block in read.blocks]


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
