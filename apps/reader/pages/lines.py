"""Breaks a paragraph into lines: of all ways the one with the least uneven gaps.

Pure. Invariant: every word stands on exactly one line, in order, and no line is wider than the column.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from apps.common.writing import is_rtl
from apps.reader.epub.blocks import Block, Style
from apps.reader.pages.measure import Face, TextMeasurer
from apps.reader.pages.slabs import Piece

_TOKENS = re.compile(r"\n|[ \t\u2002\u2003]+|[\u200b\u00ad]|[^ \t\n\u2002\u2003\u200b\u00ad]+")
# May be broken after these, if something comes after them; CJK may be broken anywhere.
_PARTS = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef][，。、！？」』）]*"
    r"|(?:[^\-‐–—/\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+[\-‐–—/]*)|[\-‐–—/]+"
)
_WHOLE = re.compile(r"[^\-‐–—/\u2e80-\uffef]+$")  # most words: nothing to break in them
MONO_SCALE, SMALL_SCALE = 0.86, 0.8
STRETCH = 0.5  # a gap may grow by half an em before a line is rather left ragged
FORCED = -1.0
ROUNDING = 0.01


class _Part(NamedTuple):
    """What is never broken: words of one face, and the blank after them."""

    start: int
    text: str
    face: Face
    width: float
    link: str | None
    rise: float
    gap: float = 0.0  # the blank after it; FORCED ends the line
    may_break: bool = False  # the line may end after it
    hyphen: float = 0.0  # and then shows a hyphen, so wide


@dataclass(frozen=True, slots=True)
class _Room:
    width: float
    indent: float
    justify: bool
    centred: bool
    rtl: bool = False


@dataclass(frozen=True, slots=True)
class SetLine:
    """A broken line: offsets in the chapter, and its pieces from the left of the paragraph."""

    start: int
    end: int
    pieces: tuple[Piece, ...]


def face_of(style: Style, base: Face) -> Face:
    mono = Style.MONO in style
    scale = (SMALL_SCALE if Style.SMALL in style else 1.0) * (MONO_SCALE if mono else 1.0)
    return Face(
        "mono" if mono else base.family,
        max(6, round(base.size * scale)),
        base.bold or Style.BOLD in style,
        base.italic or Style.ITALIC in style,
    )


def break_lines(
    block: Block,
    text: str,
    base: Face,
    width: float,
    measurer: TextMeasurer,
    first_indent: float = 0.0,
    justify: bool = False,
    centred: bool = False,
) -> list[SetLine]:
    """The lines of `block`, whose words are in the chapter's `text`; `width` in pixels."""
    parts = list(_parts(block, text, base, width, measurer))
    lines: list[SetLine] = []
    start, rtl = 0, is_rtl(text[block.start : block.end])
    for end in [*(index + 1 for index, part in enumerate(parts) if part.gap == FORCED), len(parts)]:
        paragraph = parts[start:end]
        if paragraph:
            indent = first_indent if not lines else 0.0
            for first, last in _best_breaks(paragraph, width, indent):
                room = _Room(width, indent if first == 0 else 0.0, justify, centred, rtl)
                lines.append(_set(paragraph[first:last], measurer, room, last == len(paragraph)))
        start = end
    return lines


def _parts(block: Block, text: str, base: Face, width: float, measurer: TextMeasurer) -> Iterator[_Part]:
    """The words of a block, with what may follow each; too wide ones in pieces that fit."""
    held: _Part | None = None
    for span in block.spans:
        face = face_of(span.style, base)
        rise = base.size * 0.33 if Style.RAISED in span.style else 0.0
        for token in _TOKENS.finditer(text, span.start, span.end):
            word = token.group()
            if word[0] in " \t\u2002\u2003\n\u200b\u00ad":
                gap = FORCED if word == "\n" else 0.0
                if word[0] in " \t\u2002\u2003":
                    gap = measurer.width(word, face)
                if held is None:
                    held = _Part(token.start(), "", face, 0.0, None, 0.0)
                hyphen = measurer.width("-", face) if word == "\u00ad" else 0.0
                yield _Part(*held[:6], gap, True, hyphen)
                held = None
                continue
            if held is not None:
                yield held
            *leading, last = _fitting(word, token.start(), face, span.link, rise, width, measurer)
            yield from leading
            held = last
    if held is not None:
        yield held


def _fitting(
    word: str, start: int, face: Face, link: str | None, rise: float, width: float, measurer: TextMeasurer
) -> Iterator[_Part]:
    """`word` in the parts that it may be broken into; what is still too wide is cut between any
    characters."""
    whole = measurer.width(word, face) if _WHOLE.match(word) else width + 1
    if whole <= width:
        yield _Part(start, word, face, whole, link, rise)
        return
    pieces: list[str] = []
    for piece in _PARTS.findall(word) if len(word) > 1 else [word]:
        while measurer.width(piece, face) > width and len(piece) > 1:
            low, high = 1, len(piece)
            while low < high - 1:
                middle = (low + high) // 2
                low, high = (middle, high) if measurer.width(piece[:middle], face) <= width else (low, middle)
            pieces.append(piece[:low])
            piece = piece[low:]
        pieces.append(piece)
    for index, piece in enumerate(pieces):
        inner = index < len(pieces) - 1
        yield _Part(start, piece, face, measurer.width(piece, face), link, rise, 0.0, inner)
        start += len(piece)


def _best_breaks(parts: Sequence[_Part], width: float, indent: float) -> list[tuple[int, int]]:
    """[first, last) of each line. The cost of a line is the cube of its empty share; the last one is free."""
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * len(parts)
    for first in range(len(parts)):
        cost = best[first][0]
        if cost == float("inf"):
            continue
        for last, empty in _line_ends(parts, first, width - (indent if first == 0 else 0.0)):
            total = cost + (1 + 10 * empty / width) ** 3
            if total < best[last][0]:
                best[last] = (total, first)
    breaks: list[tuple[int, int]] = []
    last = len(parts)
    while last > 0:
        first = best[last][1]
        breaks.append((first, last))
        last = first
    return breaks[::-1]


def _line_ends(parts: Sequence[_Part], first: int, room: float) -> Iterator[tuple[int, float]]:
    """Where a line that begins with part `first` may end, and how much of it is empty then; one end at
    least."""
    used, fits = 0.0, False
    for last in range(first + 1, len(parts) + 1):
        part = parts[last - 1]
        used += part.width
        if used > room + ROUNDING and last > first + 1:
            break
        if last == len(parts):
            yield last, 0.0
            return
        if part.may_break and used + part.hyphen <= room + ROUNDING:
            fits = True
            empty = room - used - part.hyphen
            yield last, empty if empty > 0 else 0.0
        if part.gap > 0:
            used += part.gap
    if not fits:
        yield last - 1, room  # unbreakable, and too wide together: broken all the same


def _set(parts: Sequence[_Part], measurer: TextMeasurer, room: _Room, last_line: bool) -> SetLine:
    """One line, its words in their places; the last line of a paragraph is not stretched."""
    used = sum(part.width for part in parts) + sum(max(0.0, part.gap) for part in parts[:-1])
    gaps = sum(1 for part in parts[:-1] if part.gap > 0)
    spare = room.width - room.indent - used - (0.0 if last_line else parts[-1].hyphen)
    hyphen = "-" if parts[-1].hyphen and spare >= -ROUNDING and not last_line else ""
    fair = gaps and 0 < spare / gaps <= STRETCH * parts[0].face.size
    stretch = spare / gaps if room.justify and fair and not last_line else 0.0
    x = room.indent + (max(0.0, spare) / 2 if room.centred else 0.0)
    pieces: list[Piece] = []
    for index, part in enumerate(parts):
        words = part.text + hyphen if hyphen and index == len(parts) - 1 else part.text
        if words:
            wide = measurer.width(words, part.face) if words is not part.text else part.width
            pieces.append(Piece(x, wide, words, part.face, part.link, part.rise))
        x += part.width + (part.gap + stretch if part.gap > 0 else 0.0)
    set_pieces = tuple(_mirrored(pieces, room.width) if room.rtl else pieces)
    return SetLine(parts[0].start, parts[-1].start + len(parts[-1].text), set_pieces)


def _mirrored(pieces: Sequence[Piece], width: float) -> Iterator[Piece]:
    """The pieces of a line that is read from the right; words from the left keep their order in it."""
    for leftwards, group in groupby(pieces, lambda piece: not piece.text.isascii() and is_rtl(piece.text)):
        run = list(group)
        first, last = run[0].x, run[-1].x + run[-1].width
        for piece in run:
            x = width - piece.x - piece.width if leftwards else width - last + piece.x - first
            yield replace(piece, x=x)
