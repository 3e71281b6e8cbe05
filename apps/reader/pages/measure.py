"""What typesetting asks of a text renderer. The real one is Kivy's; tests bring one that only counts."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Face(NamedTuple):
    """A typeface at a size: `family` is "serif" or "mono"; `size` in pixels. (Looked up for every word: a
    tuple's hash is quicker than a dataclass's.)"""

    family: str
    size: int
    bold: bool = False
    italic: bool = False


class TextMeasurer(Protocol):
    """Sizes in pixels. The same text in the same face always measures the same."""

    def width(self, text: str, face: Face) -> float: ...
    def ascent(self, face: Face) -> float: ...
    def descent(self, face: Face) -> float:
        """How far letters reach below the baseline, as a positive number."""
        ...


@dataclass(frozen=True, slots=True)
class Geometry:
    """The room for text, in pixels: `columns` beside one another with `gap` between, and the size of the
    text."""

    width: int
    height: int
    text_size: int
    columns: int = 1
    gap: int = 0

    @property
    def column_width(self) -> int:
        return (self.width - (self.columns - 1) * self.gap) // self.columns
