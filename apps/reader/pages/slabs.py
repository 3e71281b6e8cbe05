"""What a column is stacked of: lines of text, pictures, rules. Plain values, in pixels."""

from dataclasses import dataclass, field
from typing import TypeAlias

from apps.reader.pages.measure import Face


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of one face: `x` from the left of the column, `rise` above the baseline."""

    x: float
    width: float
    text: str
    face: Face
    link: str | None = None
    rise: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    pieces: tuple[Piece, ...]
    baseline: float  # below the top of the slab


@dataclass(frozen=True, slots=True)
class Picture:
    """`href` is None when there is no picture to show: a box with `alt` stands in its place."""

    x: float
    width: float
    height: float
    href: str | None
    alt: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    x: float
    width: float


Ink: TypeAlias = Line | Picture | Rule


@dataclass(frozen=True, slots=True)
class Slab:
    """One thing that is never cut. `start` and `end` are offsets in the chapter's text; `space` is kept
    above it, but not at the top of a column. `bound` says that the next slab must share its column."""

    start: int
    end: int
    height: float
    ink: Ink
    space: float = 0.0
    bound: bool = False
    quote: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A slab on a page: `x`, `y` are its top left corner, y growing downwards."""

    x: float
    y: float
    slab: Slab


@dataclass(frozen=True, slots=True)
class Page:
    """[start, end) of the chapter's text; the pages of a chapter leave no gap between them."""

    start: int
    end: int
    placed: tuple[Placed, ...] = field(repr=False)
