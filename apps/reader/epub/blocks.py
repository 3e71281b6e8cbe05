"""The block model: what a chapter is once its markup is read.

Pure values. Invariant: offsets count characters of `Chapter.text`; blocks follow one another in it, each
separated from the next by one line feed; a picture or a rule takes one character (`OBJECT`), so that it has
a place too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag, auto

OBJECT = "\ufffc"  # Unicode's object replacement character


class Kind(Enum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    PREFORMATTED = "preformatted"
    CAPTION = "caption"
    IMAGE = "image"
    RULE = "rule"


class Style(Flag):
    PLAIN = 0
    BOLD = auto()
    ITALIC = auto()
    MONO = auto()
    SMALL = auto()
    RAISED = auto()


@dataclass(frozen=True, slots=True)
class Span:
    """A run of one style; `link` is where it leads: "href" or "href#id" inside the book, or a URL."""

    start: int
    end: int
    style: Style = Style.PLAIN
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, picture…: `level` is a heading's (1-6); `indent` counts lists and definitions
    around it, `quote` the block quotes; `marker` is a list item's bullet or number."""

    kind: Kind
    start: int
    end: int
    spans: tuple[Span, ...] = ()
    level: int = 0
    indent: int = 0
    quote: int = 0
    marker: str = ""
    centred: bool = False
    image: str | None = None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One resource of the spine. `anchors` leads from an element's id to its offset in `text`."""

    href: str
    title: str
    text: str
    blocks: tuple[Block, ...]
    anchors: Mapping[str, int] = field(default_factory=dict)
