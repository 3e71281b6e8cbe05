"""Where a Locator is found again, in the same publication and in one that has changed."""

from __future__ import annotations

import pytest

from dalsegno._core.locate import Confidence, Found, locate, place_at
from dalsegno._core.locator import Locations, Locator, Text, offset_at, progression_at
from tests.support.publications import BOOK, ONE, THREE, TWO, Pages, place


def test_same_text_is_exact() -> None:
    """In the same text the offset is the place, even if the words stand there several times."""
    assert Found("two", TWO.index("“Yes"), Confidence.EXACT) == locate(place("“Yes,” she said.", "two"), BOOK)


def test_moved_words_are_found() -> None:
    """When words were added before it, the sentence is found where it is now."""
    changed = Pages(one="A new preface of some length. " + ONE, two=TWO, three=THREE)
    expected = changed.text("one").index("The clocks")
    assert Found("one", expected, Confidence.QUOTE) == locate(place("The clocks were striking"), changed)


def test_other_blanks_are_the_same_words() -> None:
    """Line breaks, no-break spaces and soft hyphens do not hide a sentence."""
    changed = Pages(one=ONE.replace("clocks were", "clo\u00adcks\n  were"), two=TWO, three=THREE)
    assert Found("one", ONE.index("The clocks"), Confidence.QUOTE) == locate(
        place("The clocks were"), changed
    )


def test_repeated_words_are_told_apart_by_context() -> None:
    """Of two equal quotes the one between the same neighbours is meant."""
    text = "He left. The door was closed. She came. The door was closed. Night fell."
    book = Pages(one=text)
    second = text.rindex("The door was closed.")
    locator = Locator("one", text=Text.quote(text, second, second + 20))
    changed = Pages(one="Some words more at the front. " + text)
    found = locate(locator, changed)
    assert Found("one", changed.text("one").rindex("The door was"), Confidence.QUOTE) == found
    assert Found("one", second, Confidence.QUOTE) == locate(locator, book)


def test_repeated_words_without_context_are_the_nearest() -> None:
    """Of equal quotes in equal company the one nearest to the progression is meant."""
    text = "la la la la la la. " * 40
    start = 19 * 30
    locator = Locator(
        "one",
        locations=Locations(progression=progression_at(start, len(text))),
        text=Text(highlight="la la la la la la."),
    )
    assert Found("one", start, Confidence.QUOTE) == locate(locator, Pages(one=text))


def test_corrected_sentence_is_found_by_its_neighbours() -> None:
    """If the sentence itself was rewritten, the place is where its neighbours stand."""
    changed = Pages(one=ONE.replace("The clocks were striking thirteen.", "Every clock struck thirteen."))
    found = locate(place("The clocks were striking thirteen.", hashed=False), changed)
    assert found is not None
    assert Confidence.CONTEXT is found.confidence
    assert abs(found.offset - ONE.index("The clocks")) <= 8


def test_renamed_chapter_is_found_by_its_words() -> None:
    """If the file of the chapter has another name now, its words are looked for in the others."""
    changed = Pages(start=ONE, middle=TWO, end=THREE)
    found = locate(place("The lamp was lit", "two"), changed)
    assert Found("middle", TWO.index("The lamp"), Confidence.QUOTE) == found


def test_short_quote_elsewhere_proves_nothing() -> None:
    """“Yes.” stands in every book: a short quote in another chapter does not take the reader there."""
    locator = Locator(
        "gone", locations=Locations(total_progression=0.5), text=Text(highlight="“Yes,”", before="", after="")
    )
    found = locate(locator, BOOK)
    assert found is not None
    assert Confidence.PROGRESSION is found.confidence


def test_progression_when_the_words_are_gone() -> None:
    """With nothing but figures left the place is about as far as before."""
    other = Pages(one="x" * 1000)
    locator = Locator("one", locations=Locations(progression=0.4), text=Text(highlight="words that are gone"))
    assert Found("one", 400, Confidence.PROGRESSION) == locate(locator, other)


def test_total_progression_when_the_chapter_is_gone() -> None:
    """Without its chapter the place is as far into the whole as before: never at the beginning."""
    locator = Locator("gone", locations=Locations(total_progression=0.5))
    found = locate(locator, Pages(a="x" * 100, b="y" * 300))
    assert Found("b", 100, Confidence.PROGRESSION) == found


def test_position_when_there_is_nothing_else() -> None:
    """A mere position is better than the beginning."""
    found = locate(Locator("gone", locations=Locations(position=3)), Pages(a="x" * 2000, b="y" * 2000))
    assert Found("b", 48, Confidence.PROGRESSION) == found


def test_known_chapter_is_not_lost() -> None:
    """Without any figure the chapter itself is known."""
    assert Found("two", 0, Confidence.PROGRESSION) == locate(Locator("two"), BOOK)


def test_stale_hash_is_not_trusted() -> None:
    """An offset into another text is no place: the words decide."""
    changed = Pages(one="Twenty characters.. " + ONE)
    found = locate(place("Nobody came to the door."), changed)
    assert Found("one", 20 + ONE.index("Nobody"), Confidence.QUOTE) == found


def test_offset_beyond_the_text_is_not_trusted() -> None:
    """An offset that the text does not have cannot be exact."""
    locations = Locations(char_offset=10_000, content_hash=BOOK.content_hash("one"), progression=0.5)
    found = locate(Locator("one", locations=locations), BOOK)
    assert Found("one", offset_at(0.5, len(ONE)), Confidence.PROGRESSION) == found


@pytest.mark.parametrize("locator", [Locator("gone"), Locator("gone", text=Text(highlight="nowhere at all"))])
def test_nothing_known_is_no_place(locator: Locator) -> None:
    """A locator that says nothing about this publication is not made into its beginning."""
    assert locate(locator, BOOK) is None


def test_empty_publication_has_no_places() -> None:
    """Nothing is found in nothing, and nothing breaks."""
    locator = Locator("a", locations=Locations(total_progression=0.5), text=Text(highlight="some words here"))
    assert locate(locator, Pages()) is None
    assert place_at(Pages(), 0.5) is None
