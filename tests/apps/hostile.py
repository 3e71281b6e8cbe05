"""Values that no app of ours writes, and any Firebase client can: what a field may hold at an app's start."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

NUMBERS = [
    0,
    -1,
    1,
    2**63 - 1,
    -(2**63),
    0.0,
    -0.0,
    -1.5,
    1e308,
    -1e308,
    5e-324,
    math.inf,
    -math.inf,
    math.nan,
]
TEXTS = [
    "",
    "\0",
    "a\nb\r\n\tc",
    "\u202eback",
    "\u200b",
    "é" * 300,
    "x" * 60_000,
    "../..",
    "all ",
    "OFF",
    "🎵" * 99,
]

numbers = st.one_of(st.sampled_from(NUMBERS), st.floats(), st.integers(-(2**63), 2**63 - 1))
texts = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
plain = st.one_of(st.none(), st.booleans(), numbers, texts, st.binary(max_size=8))


def mixtures(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what belongs there, with the odd value in it; else anything."""
    return st.one_of(good, plain, st.lists(plain, max_size=3), st.dictionaries(texts, plain, max_size=3))
