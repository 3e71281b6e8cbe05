"""Blocks to slabs: which face, which indent, how much air.

Pure. Sizes are in ems of the reader's text size, so that a page keeps its looks at every size.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from apps.reader.epub.blocks import Block, Chapter, Kind
from apps.reader.pages.lines import SetLine, break_lines
from apps.reader.pages.measure import Face, Geometry, TextMeasurer
from apps.reader.pages.slabs import Line, Picture, Piece, Rule, Slab

LEADING = 1.48  # from baseline to baseline
FIRST_LINE_INDENT = 1.3
BLOCK_SPACE = 0.75
ITEM_SPACE = 0.3
CHAPTER_DROP = 1.6
BELOW_HEADING = {1: 1.1, 2: 0.6}
LIST_INDENT = 1.5
QUOTE_INDENT = 1.4
JUSTIFY_FROM = 27  # ems; narrower columns look better ragged
MAX_PICTURE_SHARE = 0.72  # of the column's height, so that words go with it


@dataclass(frozen=True, slots=True)
class _Look:
    """How a block is set; sizes in ems."""

    scale: float = 1.0
    bold: bool = False
    italic: bool = False
    mono: bool = False
    above: float = BLOCK_SPACE
    leading: float = LEADING
    centred: bool = False
    ragged: bool = False


_HEADINGS = {
    1: _Look(1.62, bold=True, above=1.5, leading=1.22, ragged=True),
    2: _Look(1.3, bold=True, above=1.5, leading=1.25, ragged=True),
    3: _Look(1.12, bold=True, above=1.3, leading=1.3, ragged=True),
    4: _Look(1.0, bold=True, above=1.2, ragged=True),
}
_LOOKS = {
    Kind.PARAGRAPH: _Look(),
    Kind.PREFORMATTED: _Look(mono=True, leading=1.4, ragged=True),
    Kind.CAPTION: _Look(0.86, italic=True, above=0.5, leading=1.38, centred=True, ragged=True),
}

ImageSize = Callable[[str], tuple[int, int] | None]


def typeset(
    chapter: Chapter, geometry: Geometry, measurer: TextMeasurer, image_size: ImageSize
) -> Iterator[Slab]:
    """The slabs of a chapter for columns of that width; `image_size` is in pixels, None for what is no
    picture."""
    before: Block | None = None
    for block in chapter.blocks:
        if block.kind is Kind.IMAGE:
            yield _picture(block, before, geometry, image_size)
        elif block.kind is Kind.RULE:
            yield _rule(block, geometry)
        else:
            yield from _text(block, before, chapter.text, geometry, measurer)
        before = block


def _text(
    block: Block, before: Block | None, text: str, geometry: Geometry, measurer: TextMeasurer
) -> Iterator[Slab]:
    em, look = geometry.text_size, _look(block)
    left = em * (LIST_INDENT * block.indent + QUOTE_INDENT * block.quote)
    left = min(left, geometry.column_width * 0.4)
    width = geometry.column_width - left - min(em * QUOTE_INDENT * block.quote, geometry.column_width * 0.1)
    face = Face("mono" if look.mono else "serif", round(em * look.scale * (0.84 if look.mono else 1.0)))
    face = face._replace(bold=look.bold, italic=look.italic)
    runs_on = _runs_on(block, before)
    lines = break_lines(
        block,
        text,
        face,
        width,
        measurer,
        first_indent=em * FIRST_LINE_INDENT if runs_on else 0.0,
        justify=not look.ragged and not block.centred and width >= JUSTIFY_FROM * em,
        centred=look.centred or block.centred,
    )
    space = 0.0 if runs_on else em * _air(block, before, look)
    for index, line in enumerate(lines):
        yield _line_slab(
            line, block, look, face, left, space if index == 0 else 0.0, index, len(lines), measurer
        )


def _line_slab(
    line: SetLine,
    block: Block,
    look: _Look,
    face: Face,
    left: float,
    space: float,
    index: int,
    count: int,
    measurer: TextMeasurer,
) -> Slab:
    height = round(face.size / (0.84 if look.mono else 1.0) * look.leading)
    ascent, descent = measurer.ascent(face), measurer.descent(face)
    pieces = tuple(replace(piece, x=piece.x + left) for piece in line.pieces) if left else line.pieces
    if index == 0 and block.marker:
        marker = face._replace(bold=False, italic=False)
        wide = measurer.width(block.marker, marker)
        x = max(0.0, left - wide - face.size * 0.5)
        pieces = (Piece(x, wide, block.marker, marker), *pieces)
    # No line of a paragraph is left alone, and a heading goes with what it heads.
    bound = block.kind is Kind.HEADING or (count > 1 and index in (0, count - 2))
    return Slab(
        line.start,
        max(line.end, line.start + 1),
        height,
        Line(pieces, (height - ascent - descent) / 2 + ascent),
        space,
        bound,
        block.quote,
    )


def _look(block: Block) -> _Look:
    if block.kind is Kind.HEADING:
        return _HEADINGS[min(4, max(1, block.level))]
    return _LOOKS[block.kind]


def _runs_on(block: Block, before: Block | None) -> bool:
    """Is this a paragraph after a paragraph: set off by an indent, as in a printed book?"""
    return (
        before is not None
        and block.kind is before.kind is Kind.PARAGRAPH
        and not (block.marker or block.indent or before.indent or block.centred or before.centred)
        and block.quote == before.quote
    )


def _air(block: Block, before: Block | None, look: _Look) -> float:
    """The space above a block, in ems."""
    if before is None:
        return CHAPTER_DROP if block.kind is Kind.HEADING else 0.0
    if before.kind is Kind.HEADING:
        return BELOW_HEADING.get(before.level, 0.45) if block.kind is not Kind.HEADING else 0.6
    if before.indent and block.indent and block.kind is Kind.PARAGRAPH:
        return ITEM_SPACE
    return look.above


def _picture(block: Block, before: Block | None, geometry: Geometry, image_size: ImageSize) -> Slab:
    em, column = geometry.text_size, float(geometry.column_width)
    size = image_size(block.image) if block.image else None
    href = block.image if size else None
    width, height = size or (column * 0.7, em * 5.0)
    zoom = max(1.0, em / 16)
    most = geometry.height * MAX_PICTURE_SHARE
    zoom = min(zoom, column / width, most / height)
    width, height = width * zoom, height * zoom
    link = block.spans[0].link if block.spans else None
    ink = Picture((column - width) / 2, width, height, href, block.alt, link)
    return Slab(block.start, block.end, height, ink, em * 0.9 if before else 0.0)


def _rule(block: Block, geometry: Geometry) -> Slab:
    em, column = geometry.text_size, geometry.column_width
    width = min(em * 6.0, column * 0.5)
    return Slab(block.start, block.end, em * 1.2, Rule((column - width) / 2, width), em * 0.6)
