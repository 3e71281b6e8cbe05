"""The Locator: what it holds, what it refuses, and where it is found again."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from dalsegno._core.locate import Confidence, Found, locate, place_at, total_progression
from dalsegno._core.locator import (
    MAX_CONTEXT,
    MAX_EXTRA,
    MAX_HIGHLIGHT,
    XHTML,
    Locations,
    Locator,
    Text,
    offset_at,
    progression_at,
)
from dalsegno._errors import UsageError

ONE = "It was a bright cold day. The clocks were striking thirteen. “Yes,” she said. Nobody came to the door."
TWO = "A second chapter begins here. “Yes,” she said. The lamp was lit, and then the lamp went out again."
THREE = "The end is a short chapter, and “Yes,” she said."


class Pages:
    """A publication of plain texts."""

    def __init__(self, **texts: str) -> None:
        self._texts = texts

    @property
    def hrefs(self) -> Sequence[str]:
        return tuple(self._texts)

    def text(self, href: str) -> str:
        return self._texts[href]

    def content_hash(self, href: str) -> str:
        return hashlib.sha256(self._texts[href].encode()).hexdigest()[:16]


BOOK = Pages(one=ONE, two=TWO, three=THREE)


def place(words: str, href: str = "one", book: Pages = BOOK, hashed: bool = True) -> Locator:
    """The locator of `words` in a chapter."""
    text = book.text(href)
    start = text.index(words)
    return Locator(
        href,
        locations=Locations(
            progression=progression_at(start, len(text)),
            total_progression=total_progression(book, href, start),
            char_offset=start,
            content_hash=book.content_hash(href) if hashed else None,
        ),
        text=Text.quote(text, start, start + len(words)),
    )


def test_value_has_readiums_names() -> None:
    """Another Readium app finds each thing under the name that it knows."""
    locator = Locator(
        "chapter.xhtml",
        title="One",
        locations=Locations(0.25, 0.5, 3, ("t=389.84",), 12, "abcd"),
        text=Text("before", "here", "after"),
    )
    assert {
        "href": "chapter.xhtml",
        "type": XHTML,
        "title": "One",
        "locations": {
            "progression": 0.25,
            "totalProgression": 0.5,
            "position": 3,
            "fragments": ["t=389.84"],
            "charOffset": 12,
            "contentHash": "abcd",
        },
        "text": {"before": "before", "highlight": "here", "after": "after"},
    } == locator.to_value()


def test_unset_parts_are_left_out() -> None:
    """A locator that knows only its resource takes no more room than that."""
    assert {"href": "a", "type": XHTML} == Locator("a").to_value()


def test_unknown_keys_survive() -> None:
    """What another reader wrote is written back as it was, on every level."""
    value = {
        "href": "a",
        "type": XHTML,
        "koboSpan": 7,
        "locations": {"progression": 0.5, "cssSelector": "p:nth-child(3)", "partialCfi": [1, {"x": None}]},
        "text": {"highlight": "words", "language": "en"},
    }
    assert value == Locator.from_value(value).to_value()


def test_whole_numbers_of_javascript_are_fractions() -> None:
    """JavaScript writes 1.0 as 1, and means the same."""
    locator = Locator.from_value({"href": "a", "locations": {"progression": 1, "totalProgression": 0}})
    assert (1.0, 0.0) == (locator.progression, locator.total_progression)


def test_long_quotes_of_others_are_cut() -> None:
    """A quote longer than ours is cut, and not a reason to lose the place."""
    locator = Locator.from_value(
        {"href": "a", "text": {"before": "b" * 500, "highlight": "h" * 500, "after": "a" * 500}}
    )
    assert (MAX_CONTEXT, MAX_HIGHLIGHT, "h" * MAX_CONTEXT) == (
        len(locator.text.before),
        len(locator.text.highlight),
        locator.text.after,
    )


@pytest.mark.parametrize(
    "value",
    [None, 7, "chapter", [], {}, {"href": 3}, {"href": ""}, {"href": "x" * 2000}, {"href": "\ud800"}],
    ids=str,
)
def test_what_has_no_href_is_no_place(value: object) -> None:
    """A ValueError, that does not say where somebody reads."""
    with pytest.raises(ValueError, match=r"href|a locator is a map") as caught:
        Locator.from_value(value)
    assert "chapter" not in str(caught.value)


GOOD = {
    "href": "a.xhtml",
    "type": "text/html",
    "title": "One",
    "koboSpan": 7,
    "locations": {
        "progression": 0.5,
        "totalProgression": 0.25,
        "position": 12,
        "fragments": ["p3"],
        "charOffset": 40,
        "contentHash": "9f",
        "css": "p",
    },
    "text": {"before": "b", "highlight": "h", "after": "a", "language": "en"},
}


def odd(path: str, value: Any, left: Any = None) -> tuple[Any, Any]:
    """GOOD with `value` at `path`, and what is left of it: `left` there, or nothing."""
    pair = []
    for each in (value, left):
        whole = copy.deepcopy(GOOD)
        *outer, key = path.split(".")
        inner: dict[str, Any] = whole[outer[0]] if outer else whole  # type: ignore[assignment]
        if each is None:
            inner.pop(key, None)
        else:
            inner[key] = each
        pair.append(whole)
    return pair[0], pair[1]


@pytest.mark.parametrize(
    ("value", "left"),
    [
        odd("type", 3, XHTML),
        odd("title", {}),
        odd("title", "t" * 300, "t" * 200),
        odd("locations", 3),
        odd("locations.progression", float("nan")),
        odd("locations.progression", float("-inf")),
        odd("locations.progression", 1.0000001, 1.0),
        odd("locations.progression", -1e-9, 0.0),
        odd("locations.progression", 1.01),
        odd("locations.progression", True),
        odd("locations.progression", 10**400),
        odd("locations.totalProgression", "half"),
        odd("locations.position", 0),
        odd("locations.position", 12.0, 12),
        odd("locations.position", 1.5),
        odd("locations.position", float("inf")),
        odd("locations.charOffset", -1),
        odd("locations.charOffset", 2**70),
        odd("locations.fragments", "t=3"),
        odd("locations.fragments", [3, "t=3", "x" * 999], ["t=3"]),
        odd("locations.fragments", [str(n) for n in range(9)], [str(n) for n in range(8)]),
        odd("locations.contentHash", 3),
        odd("text", "words"),
        odd("text.highlight", 3),
        odd("text.before", "\ud800"),
        odd("other", float("nan")),
        odd("other", object()),
        odd("other", {3: "x"}),
        odd("other", "x" * (MAX_EXTRA + 1)),
        odd("other", [[[[[[[[[[1]]]]]]]]]]),
        odd("locations.seen", datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
    ],
    ids=lambda value: None,
)
def test_an_odd_part_costs_that_part_alone(value: object, left: object) -> None:
    """A place that another client wrote is kept without what makes no sense in it."""
    assert left == Locator.from_value(value).to_value()


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: Locations(progression=1.01), "progression"),
        (lambda: Locations(total_progression=float("nan")), "totalProgression"),
        (lambda: Locations(position=0), "position"),
        (lambda: Locations(position=1.5), "position"),  # type: ignore[arg-type]
        (lambda: Locations(char_offset=2**70), "charOffset"),
        (lambda: Locations(fragments=("x",) * 9), "fragments"),
        (lambda: Locations(fragments=(3,)), "fragments"),  # type: ignore[arg-type]
        (lambda: Locations(content_hash=3), "contentHash"),  # type: ignore[arg-type]
        (lambda: Text(before="\ud800"), "before"),
        (lambda: Text(highlight="h" * 999), "highlight"),
        (lambda: Locator("a", extra={"other": object()}), "unknown keys"),
        (lambda: Locator("a", extra={"other": float("nan")}), "unknown keys"),
    ],
)
def test_an_app_makes_no_odd_place(make: Callable[[], object], names: str) -> None:
    """What this device would write is refused, by the name of the part that is wrong."""
    with pytest.raises(ValueError, match=names):
        make()


def test_a_place_does_not_change() -> None:
    """Nor does what another reader wrote into it, nor what it was made from."""
    theirs = {"href": "a", "marks": [1, {"at": 2}]}
    place = Locator.from_value(theirs)
    for change in (place.extra["marks"].append, place.extra["marks"][1].update, place.extra.update):  # type: ignore[attr-defined]
        with pytest.raises(UsageError, match=r"does not change.*copy"):
            change({"at": 3})
    theirs["marks"][1]["at"] = 3  # type: ignore[index]
    assert {"href": "a", "type": XHTML, "marks": [1, {"at": 2}]} == place.to_value()


def test_known_names_are_no_unknown_keys() -> None:
    """An unknown key cannot smuggle in a second href."""
    with pytest.raises(ValueError, match="href"):
        Locator("a", extra={"href": "b"})


def test_time_of_audio() -> None:
    """A place in a recording is a t= fragment in seconds, with a progression if the duration is known."""
    locator = Locator.at_time("track-1", "audio/ogg", 389.84, 779.68)
    assert (389.84, 0.5) == (locator.time_s, locator.progression)
    assert locator == Locator.from_value(locator.to_value())


@pytest.mark.parametrize("fragment", ["t=later", "t=-3", "t=inf", "p3", "t="])
def test_no_time(fragment: str) -> None:
    """A fragment that is no time gives none."""
    assert Locator("a", locations=Locations(fragments=(fragment,))).time_s is None


@pytest.mark.parametrize("position_s", [-1.0, float("nan"), float("inf")])
def test_no_such_time(position_s: float) -> None:
    """A time that is none cannot be made into a place."""
    with pytest.raises(ValueError, match="position_s"):
        Locator.at_time("track-1", "audio/ogg", position_s)


def test_locators_are_values() -> None:
    """Two locators of one place are equal, and are one member of a set."""
    assert 1 == len({place("The clocks"), place("The clocks")})


# -- finding a place again


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
