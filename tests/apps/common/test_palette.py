"""The colours can be told apart, in every look."""

from __future__ import annotations

from itertools import product

import pytest

from apps.common.palette import MODES, PALETTES, Mode, contrast, rgba

GROUNDS = ("ground", "paper", "surface", "raised")
READABLE = 4.5  # WCAG AA for text
VISIBLE = 3.0  # WCAG AA for controls and large text


@pytest.mark.parametrize(("mode", "ground", "ink"), list(product(MODES, GROUNDS, ("ink", "ink_soft"))))
def test_all_text_is_readable_on_every_ground(mode: Mode, ground: str, ink: str) -> None:
    """Text and secondary text have a contrast of 4.5 : 1 on whatever they are written."""
    palette = PALETTES[mode]
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= READABLE


@pytest.mark.parametrize(("mode", "tone"), list(product(MODES, ("accent", "good", "warn", "bad"))))
def test_signal_colours_are_readable_on_bars_and_on_the_ground(mode: Mode, tone: str) -> None:
    """The accent and the three tones of the status line are readable on the surface and the ground."""
    palette = PALETTES[mode]
    worst = min(contrast(getattr(palette, tone), ground) for ground in (palette.surface, palette.ground))
    assert worst >= READABLE


@pytest.mark.parametrize("mode", MODES)
def test_what_is_written_on_the_accent_is_readable(mode: Mode) -> None:
    """A filled button's words, and the accent's words on its tinted ground, can be read."""
    palette = PALETTES[mode]
    assert contrast(palette.over_accent, palette.accent) >= READABLE
    assert contrast(palette.accent, palette.accent_soft) >= READABLE


def test_black_on_white_is_the_greatest_contrast() -> None:
    """The formula is WCAG's: 21 : 1 for black on white, 1 : 1 for a colour on itself."""
    assert round(contrast("#000000", "#ffffff"), 6) == 21.0
    assert contrast("#17635f", "#17635f") == 1.0


def test_a_colour_that_is_none_is_named() -> None:
    """A typing error in a colour is reported with the colour."""
    with pytest.raises(ValueError, match="'#12345'"):
        rgba("#12345")
