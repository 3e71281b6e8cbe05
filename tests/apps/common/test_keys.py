"""Key presses have names."""

from __future__ import annotations

import pytest

from apps.common.keys import chord


@pytest.mark.parametrize(
    ("key", "codepoint", "modifiers", "name"),
    [
        (32, " ", [], "space"),
        (275, None, [], "right"),
        (9, "\t", ["shift"], "shift+tab"),
        (111, "o", ["ctrl"], "ctrl+o"),
        (111, "o", ["meta"], "ctrl+o"),
        (61, "+", ["shift"], "+"),
        (43, "+", [], "+"),
        (97, "a", ["numlock", "capslock"], "a"),
    ],
)
def test_a_chord_is_named_as_it_is_written_in_a_manual(
    key: int, codepoint: str | None, modifiers: list[str], name: str
) -> None:
    """Modifiers come first, in a fixed order; Command counts as Ctrl; a symbol is itself on every
    keyboard."""
    assert name == chord(key, codepoint, modifiers)
