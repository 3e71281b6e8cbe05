"""The colours and measures of Dal Segno's apps, as plain data.

Knows no Kivy: contrast is a property of the numbers, and is tested on the numbers.
Colours are ``#rrggbb`` or ``#rrggbbaa``; lengths are density-independent pixels (dp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["light", "sepia", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """One look. ``ink*`` are written on ``paper``, ``ground`` and ``surface``."""

    ground: str  # behind everything
    paper: str  # the page of a book
    surface: str  # bars, cards, drawers: lies above the ground
    raised: str  # lies above a surface: a field, a bubble
    ink: str  # text
    ink_soft: str  # secondary text; still 4.5 : 1
    ink_faint: str  # decoration and disabled things, never needed to understand
    line: str  # hairlines
    accent: str  # what is active, and what to press
    over_accent: str  # written on the accent
    accent_soft: str  # a tinted ground for what is active
    good: str
    warn: str
    bad: str
    hover: str  # laid over what the pointer is on
    press: str
    scrim: str  # laid over what a drawer covers
    shadow: str


PALETTES: Final[dict[Mode, Palette]] = {
    "light": Palette(
        ground="#f5f3ef",
        paper="#fcfbf8",
        surface="#ffffff",
        raised="#f0ede7",
        ink="#1d1b19",
        ink_soft="#5f5a53",
        ink_faint="#9d978d",
        line="#e3dfd7",
        accent="#17635f",
        over_accent="#ffffff",
        accent_soft="#dfecea",
        good="#2a7148",
        warn="#8a5a00",
        bad="#b3261e",
        hover="#1d1b190d",
        press="#1d1b191f",
        scrim="#1d1b1966",
        shadow="#1d1b1926",
    ),
    "sepia": Palette(
        ground="#efe3cc",
        paper="#f7ecd8",
        surface="#fbf4e5",
        raised="#f0e3ca",
        ink="#38281a",
        ink_soft="#6a543d",
        ink_faint="#a58f73",
        line="#dfcfb0",
        accent="#8a4a17",
        over_accent="#fffaf0",
        accent_soft="#f0dcc0",
        good="#4c6320",
        warn="#7d5000",
        bad="#a32a1c",
        hover="#38281a0f",
        press="#38281a21",
        scrim="#38281a66",
        shadow="#38281a2b",
    ),
    "dark": Palette(
        ground="#111214",
        paper="#17181b",
        surface="#1d1f23",
        raised="#2a2d32",
        ink="#e9e6e0",
        ink_soft="#a9a59d",
        ink_faint="#6f6c66",
        line="#2f3237",
        accent="#7ccfc4",
        over_accent="#062421",
        accent_soft="#1f3634",
        good="#86cf9f",
        warn="#e5b567",
        bad="#f28b82",
        hover="#ffffff12",
        press="#ffffff24",
        scrim="#00000099",
        shadow="#00000080",
    ),
}

MODES: Final[tuple[Mode, ...]] = ("light", "sepia", "dark")

# Spacing grows by half again and again, on a grid of 4.
SPACING_DP: Final[dict[str, float]] = {"xs": 4, "s": 8, "m": 12, "l": 16, "xl": 24, "xxl": 40}
RADIUS_DP: Final[dict[str, float]] = {"s": 6, "m": 10, "l": 16}
# The type scale: a minor third (1.2) around a body of 15.
TYPE_SP: Final[dict[str, float]] = {
    "caption": 12.0,
    "label": 13.0,
    "body": 15.0,
    "title": 18.0,
    "headline": 23.0,
    "display": 30.0,
}
TOUCH_DP: Final = 44.0  # the smallest thing a thumb hits
WIDE_DP: Final = 720.0  # from this width on a window is laid out as a laptop's


def rgba(colour: str) -> tuple[float, float, float, float]:
    """``#rrggbb`` or ``#rrggbbaa`` as four floats of 0…1."""
    digits = colour.removeprefix("#")
    if len(digits) not in (6, 8):
        raise ValueError(f"a colour is #rrggbb or #rrggbbaa, not {colour!r}")
    parts = [int(digits[i : i + 2], 16) / 255 for i in range(0, len(digits), 2)]
    return parts[0], parts[1], parts[2], parts[3] if len(parts) == 4 else 1.0


def contrast(first: str, second: str) -> float:
    """The WCAG contrast ratio of two opaque colours, 1…21."""

    def luminance(colour: str) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba(colour)[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
