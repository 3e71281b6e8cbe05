"""What may stand in a terminal, and how much room it takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalsegno._watch.cells import cut, fit, width
from tests.unit.watch.views import NASTY


@given(st.text(), st.integers(0, 40))
def test_nothing_that_steers_a_terminal_comes_through(text: str, cells: int) -> None:
    """Whatever the text: what is left can be printed, and takes the cells that it was given, no more."""
    shown = fit(text + NASTY, cells)
    assert all(c.isprintable() or c in "\u200c\u200d" for c in shown)
    assert cells == width(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202e", r"\u202e"),
        ("\x9b", r"\x9b"),
        ("\ud800", r"\ud800"),
        ("a\nb\tc\u00a0d\u3000e", "a b c d e"),
        ("e" + 9 * "\u0301", "e" + 4 * "\u0301"),
    ],
)
def test_what_cannot_be_printed_is_spelt_out(text: str, shown: str) -> None:
    """Blanks of all kinds are blanks, and accents without end come to an end."""
    assert shown == cut(text, 80)


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("moby-dick", 9, "moby-dick"),
        ("moby-dick", 5, "moby…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字", 2, "…"),
        ("x", 0, ""),
    ],
)
def test_what_is_too_long_ends_in_an_ellipsis(text: str, cells: int, shown: str) -> None:
    """Wide characters take two cells, and are never cut in half."""
    assert shown == cut(text, cells)
