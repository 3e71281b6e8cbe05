"""Letters of other scripts: which typeface has them, and in which order they are drawn."""

from __future__ import annotations

import pytest

from apps.common.glyphs import are_drawn, coverage, font_for, has, runs
from apps.common.theme import FONTS
from apps.common.writing import is_rtl, visual

LITERATA = FONTS / "Literata-Regular.ttf"


@pytest.mark.parametrize(
    ("word", "drawn"),
    [
        ("word", "word"),
        ("Grüße", "Grüße"),
        ("שלום", "םולש"),
        ("(שלום),", ",(םולש)"),
        ("ב-12", "12-ב"),
        ("שָׁלוֹם", "םוֹלשָׁ"),
        ("سلام", "\ufee1\ufefc\ufeb3"),
    ],
)
def test_words_are_drawn_in_their_direction(word: str, drawn: str) -> None:
    """Right-to-left words are drawn from their end, numbers and marks keep their order, Arabic is joined."""
    assert drawn == visual(word)


@pytest.mark.parametrize(
    ("text", "rtl"), [("", False), ("12 a ש", False), ("12 שלום abc", True), ("ا", True)]
)
def test_the_first_letter_gives_the_direction(text: str, rtl: bool) -> None:
    """A paragraph runs as its first letter does; numbers have no say."""
    assert rtl is is_rtl(text)


def test_a_typeface_tells_its_letters() -> None:
    """Ours have Latin, Greek and Cyrillic; what is no typeface has nothing, and breaks nothing."""
    ranges = coverage(LITERATA)
    assert [True, True, True, False, False] == [has(ranges, ord(letter)) for letter in "aλж猫ש"]
    assert () == coverage(FONTS / "README.md") == coverage(FONTS / "missing.ttf")


def test_text_that_we_have_letters_for_stays_in_our_typeface() -> None:
    """No other typeface is looked for where ours will do, and no letter gets lost where it will not."""
    assert [("Ünïcödé – λόγος", LITERATA)] == list(runs("Ünïcödé – λόγος", LITERATA))
    assert LITERATA == font_for("Ünïcödé", LITERATA)
    mixed = "Die 猫 und ❤ und \U0001f9d0."
    assert mixed == "".join(piece for piece, _ in runs(mixed, LITERATA))
    assert are_drawn("Plain words", LITERATA)
    assert not are_drawn("\U00012000" * 20, LITERATA)  # cuneiform
