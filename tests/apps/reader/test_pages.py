"""From chapters to pages: nothing lost, nothing cut, the same for everybody."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.reader.epub import Block, Book, Chapter, Kind, Span, Style, open_book
from apps.reader.epub.chapter import read_chapter
from apps.reader.pages.lines import break_lines
from apps.reader.pages.measure import Face, Geometry
from apps.reader.pages.paginate import Paginator, fill_pages, page_at
from apps.reader.pages.sentences import MAX_SENTENCE, first_sentence_on, sentence_at, sentences
from apps.reader.pages.slabs import Line, Page, Picture, Slab
from apps.reader.pages.typeset import typeset
from apps.reader.room import TEXT_SIZES, next_text_size, room_for
from tests.apps.books import real_book
from tests.apps.reader.fakes import CountingMeasurer
from tests.apps.reader.making import make_epub, page

pytestmark = pytest.mark.no_cover  # nearly all its lines are those of tests that are counted

MEASURER = CountingMeasurer()
FACE = Face("serif", 20)  # 10 pixels a character
PHONE = Geometry(320, 600, 20)
LAPTOP = Geometry(1000, 640, 20, columns=2, gap=60)


def paragraph(text: str, **more: object) -> Block:
    return Block(Kind.PARAGRAPH, 0, len(text), (Span(0, len(text)),), **more)  # type: ignore[arg-type]


def lines_of(text: str, width: float, **more: object) -> list[str]:
    """The words of each line of a paragraph."""
    lines = break_lines(paragraph(text), text, FACE, width, MEASURER, **more)  # type: ignore[arg-type]
    return [" ".join(piece.text for piece in line.pieces) for line in lines]


def words_on(pages: tuple[Page, ...]) -> str:
    """All that is written on pages, without blanks."""
    pieces = (
        piece.text
        for each in pages
        for placed in each.placed
        if isinstance(placed.slab.ink, Line)
        for piece in placed.slab.ink.pieces
    )
    return "".join("".join(pieces).split())


# -- lines


def test_lines_are_even() -> None:
    """Of all ways to break, the one without a nearly empty line is taken, not the first that fits."""
    assert ["aaa bb", "cc ddddd", "eeee"] == lines_of("aaa bb cc ddddd eeee", 85)


def test_a_forced_break_breaks() -> None:
    """A line break of the book is one on the page."""
    assert ["one", "two three"] == lines_of("one\ntwo three", 200)


def test_no_break_space_holds() -> None:
    """A no-break space keeps its neighbours on one line."""
    assert ["page", "no.\u00a07 is", "here"] == lines_of("page no.\u00a07 is here", 80)


def test_soft_hyphen_shows_only_at_a_break() -> None:
    """A soft hyphen is a place to break, with a hyphen; elsewhere it is nothing."""
    assert ["continu-", "ation"] == lines_of("continu\u00adation", 90)
    text = "continu\u00adation"
    (line,) = break_lines(paragraph(text), text, FACE, 300, MEASURER)
    assert "continuation" == "".join(piece.text for piece in line.pieces)


def test_too_long_words_are_cut() -> None:
    """A word that is wider than the column is cut between letters, and none of them is lost."""
    assert ["abcdefgh", "ijklmnop", "qrstuv"] == lines_of("abcdefghijklmnopqrstuv", 85)


def test_breaks_after_hyphens_and_slashes() -> None:
    """Compounds and addresses may be broken where a reader would."""
    assert ["well-", "known"] == lines_of("well-known", 80)


def test_styles_do_not_break_words() -> None:
    """A word that is half bold stays on one line."""
    text = "aaaa bbbbcccc"
    block = Block(Kind.PARAGRAPH, 0, 13, (Span(0, 9), Span(9, 13, Style.BOLD)))
    lines = break_lines(block, text, FACE, 100, MEASURER)
    assert [["aaaa"], ["bbbb", "cccc"]] == [[piece.text for piece in line.pieces] for line in lines]


def test_justified_lines_end_at_the_edge() -> None:
    """A justified line fills the column; the last one does not."""
    text = "aaaa bbbb cccc dddd eeee ffff gg"
    lines = break_lines(paragraph(text), text, FACE, 145, MEASURER, justify=True)
    ends = [line.pieces[-1].x + line.pieces[-1].width for line in lines]
    assert [145.0, 145.0] == ends[:2]
    assert ends[-1] < 145


@given(st.text("ab -\u00ad\u00a0\n", max_size=120), st.integers(15, 200), st.booleans())
def test_every_word_is_set_once(text: str, width: int, justify: bool) -> None:
    """Whatever the words and the width: all letters are set, in order, inside of the column."""
    lines = break_lines(paragraph(text), text, FACE, width, MEASURER, justify=justify)
    letters = "".join(piece.text for line in lines for piece in line.pieces)
    assert [each for each in text if each in "ab"] == [each for each in letters if each in "ab"]
    assert all(piece.x + piece.width <= max(width, 20) + 0.1 for line in lines for piece in line.pieces)
    assert all(one.end <= two.start for one, two in pairwise(lines))


# -- pages


def chapter_of(body: str) -> Chapter:
    return read_chapter("one.xhtml", page(body).encode())


def pages_of(body: str, geometry: Geometry) -> tuple[Page, ...]:
    chapter = chapter_of(body)
    slabs = list(typeset(chapter, geometry, MEASURER, lambda href: None))
    return fill_pages(slabs, geometry, len(chapter.text))


@pytest.fixture(scope="module")
def policy() -> Book:
    return open_book(real_book("debian-policy"))


@pytest.mark.parametrize("geometry", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_pages_cover_a_real_book(policy: Book, geometry: Geometry) -> None:
    """In every chapter of a real book: no gap between pages, no word lost, nothing outside of its column."""
    paginator = Paginator(policy, MEASURER)
    for href in policy.hrefs:
        pages = paginator.pages(href, geometry)
        assert 0 == pages[0].start
        assert len(policy.text(href)) == pages[-1].end
        assert all(one.end == two.start for one, two in pairwise(pages))
        expected = "".join(policy.text(href).replace("\ufffc", "").split())
        markers = "".join(block.marker for block in policy.chapter(href).blocks)
        assert len(expected) + len(markers) == len(words_on(pages))
        for each in pages:
            for placed in each.placed:
                assert placed.y + placed.slab.height <= geometry.height + 1
                if isinstance(placed.slab.ink, Line):
                    ends = [piece.x + piece.width for piece in placed.slab.ink.pieces]
                    assert max(ends, default=0) <= geometry.column_width + 0.5


def test_every_character_has_its_page(policy: Book) -> None:
    """The page of an offset is the one whose range it is in."""
    paginator = Paginator(policy, MEASURER)
    href = "ch-source.xhtml"
    pages = paginator.pages(href, PHONE)
    for offset in range(0, len(policy.text(href)), 97):
        index = paginator.page_at(href, offset, PHONE)
        assert pages[index].start <= offset < pages[index].end
    assert len(pages) - 1 == page_at(pages, len(policy.text(href)) + 5)


def test_the_same_pages_again(policy: Book) -> None:
    """Going to another size and back gives the very same pages."""
    paginator, other = Paginator(policy, MEASURER), Paginator(policy, MEASURER)
    first = paginator.pages("ch-source.xhtml", PHONE)
    paginator.pages("ch-source.xhtml", LAPTOP)
    assert first is paginator.pages("ch-source.xhtml", PHONE)
    assert first == other.pages("ch-source.xhtml", PHONE)


def test_a_heading_goes_with_its_text() -> None:
    """No page ends in a heading."""
    body = "".join(f"<p>{'word ' * 40}</p><h2>Heading {number}</h2>" for number in range(40)) + "<p>end</p>"
    for height in range(300, 700, 40):
        for each in pages_of(body, Geometry(320, height, 20)):
            last = each.placed[-1].slab
            assert isinstance(last.ink, Line)
            assert not any(piece.text == "Heading" for piece in last.ink.pieces)


def test_no_line_is_left_alone() -> None:
    """No first line of a paragraph stands at the foot of a page, and no last line at its head."""
    body = "".join(f"<p>{'word ' * count}</p>" for count in (40, 33, 61, 27, 52, 47) * 4)
    chapter = chapter_of(body)
    first_lines = {block.start for block in chapter.blocks}
    slabs = list(typeset(chapter, PHONE, MEASURER, lambda href: None))
    starts = sorted(slab.start for slab in slabs)
    last_lines = {
        max(start for start in starts if block.start <= start < block.end) for block in chapter.blocks
    }
    for height in range(300, 700, 33):
        pages = fill_pages(slabs, Geometry(320, height, 20), len(chapter.text))
        for each in pages[:-1]:
            assert each.placed[-1].slab.start not in first_lines
        for each in pages[1:]:
            assert each.placed[0].slab.start not in last_lines


def test_pictures_fit() -> None:
    """A picture fits its column and keeps its shape, and what is none is a box with its words."""
    chapter = chapter_of("<img src='a.png'/><img src='b.png' alt='A map'/>")
    sizes = {"a.png": (4000, 1000)}
    first, second = typeset(chapter, PHONE, MEASURER, sizes.get)
    assert isinstance(first.ink, Picture) and isinstance(second.ink, Picture)
    assert (320.0, 80.0, "a.png") == (first.ink.width, first.ink.height, first.ink.href)
    assert (None, "A map") == (second.ink.href, second.ink.alt)
    assert second.ink.width <= 320 and second.ink.height <= 600


def test_an_empty_chapter_is_one_empty_page() -> None:
    """A chapter without a word still is a page to turn."""
    assert (Page(0, 0, ()),) == pages_of("", PHONE)


def test_a_slab_higher_than_the_page() -> None:
    """What fits nowhere has a page of its own, and paging goes on."""
    slabs = [Slab(index, index + 1, 900, Line((), 0)) for index in range(3)]
    assert [0, 1, 2] == [each.start for each in fill_pages(slabs, PHONE, 3)]


# -- sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("“Go,” he said. “Now!” She went.", ["“Go,” he said.", "“Now!”", "She went."]),
        ("“Who?” asked Tom. Mr. Smith came at 3 p.m. with Dr. Jones.", None),
        (
            "4.1. Mailing lists\nMuch of it. See e.g. that.",
            ["4.1. Mailing lists", "Much of it.", "See e.g. that."],
        ),
        ("It cost 3.50 pounds... And so on.", ["It cost 3.50 pounds...", "And so on."]),
        ("J. S. Bach wrote it.", ["J. S. Bach wrote it."]),
        ("これは文です。次の文。", ["これは文です。", "次の文。"]),
        ("   \n \n", []),
    ],
)
def test_sentences(text: str, expected: list[str] | None) -> None:
    """A sentence ends at its stop, and not at an abbreviation, a number or an initial."""
    if expected is None:
        expected = ["“Who?” asked Tom.", "Mr. Smith came at 3 p.m. with Dr. Jones."]
    assert expected == [text[start:end] for start, end in sentences(text)]


@given(st.text("aA. \n!?“”…1", max_size=200))
def test_sentences_cover_every_word(text: str) -> None:
    """Sentences are in order, apart from each other, never across a line, and leave no letter out."""
    found = sentences(text)
    assert all(one[1] <= two[0] for one, two in pairwise(found))
    assert "".join(text.split()) == "".join("".join(text[start:end].split()) for start, end in found)
    assert not any("\n" in text[start:end] for start, end in found)


def test_endless_sentences_are_cut() -> None:
    """Ten pages without a stop are not one place."""
    found = sentences("word " * 2000)
    assert all(end - start <= MAX_SENTENCE for start, end in found)
    assert 5 <= len(found)


def test_the_sentence_at_an_offset() -> None:
    """Any character belongs to a sentence; a blank between two to the next one."""
    text = "One. Two.\nThree."
    assert [(0, 4), (0, 4), (5, 9), (5, 9), (10, 16), (10, 16)] == [
        sentence_at(text, offset) for offset in (0, 3, 4, 5, 9, 16)
    ]
    assert (0, 0) == sentence_at("", 3)


def test_the_first_sentence_on_a_page() -> None:
    """A page's place is the first sentence that begins on it; within a long one, where the page begins."""
    text = "One is long. Two is longer than that. Three."
    assert text.index("Two") == first_sentence_on(text, 5, 40)[0]
    assert (15, 20) == first_sentence_on(text, 15, 20)
    assert 0 == first_sentence_on(text, 0, 40)[0]


# -- the room


@given(
    st.integers(300, 3000),
    st.integers(400, 2000),
    st.sampled_from(TEXT_SIZES),
    st.sampled_from([1.0, 1.5, 3.0]),
)
@settings(max_examples=200)
def test_the_text_stays_in_the_window(width: int, height: int, text_size: float, density: float) -> None:
    """In any window the text is inside of it, below the bar, with a column that holds a few words."""
    room = room_for(width * density, height * density, text_size, density)
    geometry = room.geometry
    assert room.left >= 0 and room.left + geometry.width <= width * density + 1
    assert room.top + geometry.height <= height * density or geometry.height == 3 * geometry.text_size
    assert geometry.column_width >= 4 * geometry.text_size


def test_two_columns_on_a_laptop_one_on_a_phone() -> None:
    """Wide windows show two columns, unless the text is too large for that."""
    assert (1, 2, 1) == (
        room_for(390, 780, 18).geometry.columns,
        room_for(1200, 800, 18).geometry.columns,
        room_for(1200, 800, 32).geometry.columns,
    )


def test_text_sizes_have_ends() -> None:
    """Larger and smaller go step by step, and stop at the ends."""
    assert (20.0, 16.0) == (next_text_size(18.0, 1), next_text_size(18.0, -1))
    assert (TEXT_SIZES[0], TEXT_SIZES[-1]) == (next_text_size(12.0, -1), next_text_size(99.0, 1))


def test_a_book_made_for_tests(tmp_path: Path) -> None:
    """Pages of a made book are those of its file."""
    book = open_book(make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>" + "word " * 900 + "</p>"}))
    assert 1 < len(Paginator(book, MEASURER).pages("OPS/one.xhtml", PHONE))


def test_lines_that_are_read_from_the_right(tmp_path: Path) -> None:
    """In a Hebrew paragraph the first word stands at the right; Latin words in it keep their own order."""
    book = open_book(make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>שלום New York עולם</p>"}))
    (page,) = Paginator(book, CountingMeasurer()).pages(book.hrefs[0], Geometry(800, 600, 20))
    ink = page.placed[0].slab.ink
    assert isinstance(ink, Line)
    pieces = ink.pieces
    assert ["עולם", "New", "York", "שלום"] == [p.text for p in sorted(pieces, key=lambda piece: piece.x)]
    assert 800 == max(piece.x + piece.width for piece in pieces)
