"""How much of a window is for the text: margins, measure, columns.

Pure. Lengths ending in `_dp` are density-independent; the others are pixels.
"""

from dataclasses import dataclass

from apps.reader.pages.measure import Geometry

BAR_DP = 56.0  # the top bar's height: the text never lies under it
FOOT_DP = 58.0
MARGIN_DP = (24.0, 88.0)
MARGIN_SHARE = 0.07
GAP_DP = 72.0
MEASURE_EM = 36  # about 75 characters: wider lines lose the eye
TWO_COLUMNS_FROM_DP = 960.0
TWO_COLUMNS_EM = 21  # each column at least that wide
TEXT_SIZES = (12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 25.0, 28.0, 32.0, 38.0)


@dataclass(frozen=True, slots=True)
class Room:
    """`left` and `top` are the corner of the text, from the window's top left corner."""

    left: int
    top: int
    geometry: Geometry


def room_for(width: float, height: float, text_size: float, density: float = 1.0) -> Room:
    """The room for text of `text_size` (dp) in a window of `width` × `height` pixels."""
    em = max(6, round(text_size * density))
    margin = min(max(width * MARGIN_SHARE, MARGIN_DP[0] * density), MARGIN_DP[1] * density)
    gap = round(GAP_DP * density)
    wide = width - 2 * margin
    two = width >= TWO_COLUMNS_FROM_DP * density and (wide - gap) / 2 >= TWO_COLUMNS_EM * em
    columns = 2 if two else 1
    wide = min(wide, columns * MEASURE_EM * em + (columns - 1) * gap)
    top = (BAR_DP + 20) * density
    tall = max(3 * em, height - top - (FOOT_DP + 10) * density)
    geometry = Geometry(max(4 * em, int(wide)), int(tall), em, columns, gap if two else 0)
    return Room(round((width - geometry.width) / 2), round(top), geometry)


def next_text_size(size: float, by: int) -> float:
    """The text size that is `by` steps away, at most the largest, at least the smallest."""
    nearest = min(range(len(TEXT_SIZES)), key=lambda index: abs(TEXT_SIZES[index] - size))
    return TEXT_SIZES[max(0, min(len(TEXT_SIZES) - 1, nearest + by))]
