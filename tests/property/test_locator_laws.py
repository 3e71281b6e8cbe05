"""Laws of the Locator: for any text, any place in it, and any value that somebody may have written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core.locate import Confidence, locate, place_at, total_progression
from dalsegno._core.locator import (
    MAX_CONTEXT,
    MAX_HIGHLIGHT,
    Locations,
    Locator,
    Text,
    offset_at,
    progression_at,
)
from tests.support.publications import Pages

fractions = st.none() | st.floats(0, 1)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
extras = st.dictionaries(words.map(lambda name: f"x-{name}"), plain, max_size=2)
locators = st.builds(
    Locator,
    href=words.filter(bool),
    type=words,
    title=words,
    extra=extras,
    locations=st.builds(
        Locations,
        fractions,
        fractions,
        st.none() | st.integers(1, 2**40),
        st.lists(words, max_size=3).map(tuple),
        st.none() | st.integers(0, 2**40),
        st.none() | words,
        extras,
    ),
    text=st.builds(
        Text,
        st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_CONTEXT),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_HIGHLIGHT),
        words,
        extras,
    ),
)
keys = st.sampled_from(
    ["href", "type", "title", "locations", "text", "progression", "position", "fragments", "highlight", "x"]
)
nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.binary(max_size=9),
    lambda inner: (
        st.dictionaries(keys | st.text(max_size=9), inner, max_size=6) | st.lists(inner, max_size=9)
    ),
    max_leaves=12,
)
sentences = st.lists(
    st.sampled_from(["To be.", "Or not?", "Yes.", "It rained, and", "nobody came", "—", "ü"]),
    min_size=1,
    max_size=60,
)
books = st.lists(sentences.map(" ".join), min_size=1, max_size=4)


def numbered(texts: Sequence[str]) -> Pages:
    """A publication whose chapters are named by their numbers."""
    return Pages(**{str(number): text for number, text in enumerate(texts)})


def some_place(data: st.DataObject, book: Pages, hashed: bool) -> tuple[str, int, Locator]:
    """A place in `book`, and its locator."""
    href = data.draw(st.sampled_from(book.hrefs))
    text = book.text(href)
    offset = data.draw(st.integers(0, len(text)))
    end = min(len(text), offset + data.draw(st.integers(0, 80)))
    locations = Locations(
        progression=progression_at(offset, len(text)),
        total_progression=total_progression(book, href, offset),
        char_offset=offset,
        content_hash=book.content_hash(href) if hashed else None,
    )
    return href, offset, Locator(href, locations=locations, text=Text.quote(text, offset, end))


@given(locators)
def test_value_round_trip(locator: Locator) -> None:
    """What is written is read back as the same locator, unknown keys and all."""
    assert locator == Locator.from_value(locator.to_value())


@given(nonsense)
def test_any_value_is_understood_or_refused(value: Any) -> None:
    """Whatever stands in the document, it is a locator or a ValueError, and what was read once is stable."""
    try:
        locator = Locator.from_value(value)
    except ValueError:
        return
    assert locator == Locator.from_value(locator.to_value())


@given(st.data(), books)
def test_same_text_is_the_same_character(data: st.DataObject, texts: list[str]) -> None:
    """In an unchanged book every place is found to the character."""
    book = numbered(texts)
    href, offset, locator = some_place(data, book, hashed=True)
    found = locate(locator, book)
    assert found is not None
    assert (href, offset, Confidence.EXACT) == (found.href, found.offset, found.confidence)


@given(st.data(), books)
def test_figures_alone_bring_back_the_character(data: st.DataObject, texts: list[str]) -> None:
    """Progression is counted in characters, so that without any words it still is the place."""
    book = numbered(texts)
    href, offset, locator = some_place(data, book, hashed=False)
    bare = Locator(href, locations=Locations(progression=locator.progression))
    found = locate(bare, book)
    assert found is not None
    assert (href, offset) == (found.href, found.offset)


@given(st.data(), books, books)
def test_a_place_is_never_lost(data: st.DataObject, texts: list[str], others: list[str]) -> None:
    """In whatever other book, a place is somewhere, inside of a text that exists."""
    _, _, locator = some_place(data, numbered(texts), hashed=True)
    book = numbered(others)
    found = locate(locator, book)
    assert found is not None
    assert 0 <= found.offset <= len(book.text(found.href))


@given(st.floats(0.05, 1), st.lists(st.integers(40, 400), min_size=1, max_size=5))
def test_never_back_to_the_beginning(total: float, lengths: list[int]) -> None:
    """With nothing left but how far it was, a place is as far as that, and not at 0 %."""
    book = numbered(["x" * length for length in lengths])
    found = locate(Locator("gone", locations=Locations(total_progression=total)), book)
    assert found is not None
    reached = total_progression(book, found.href, found.offset)
    assert abs(reached - total) <= 1 / sum(lengths)


@given(st.integers(1, 10**7), st.data())
def test_progression_inverts(length: int, data: st.DataObject) -> None:
    """Offset to progression and back is the same offset, in texts of any length."""
    offset = data.draw(st.integers(0, length))
    assert offset == offset_at(progression_at(offset, length), length)


@given(st.data(), books)
def test_total_progression_inverts(data: st.DataObject, texts: list[str]) -> None:
    """Every character of a book has its own total progression."""
    book = numbered(texts)
    href = data.draw(st.sampled_from(book.hrefs))
    offset = data.draw(st.integers(0, len(book.text(href)) - 1))
    assert (href, offset) == place_at(book, total_progression(book, href, offset))
