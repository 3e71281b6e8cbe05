"""The Locator: what it holds, and what it refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dalsegno._core.locator import MAX_CONTEXT, MAX_EXTRA, MAX_HIGHLIGHT, XHTML, Locations, Locator, Text
from dalsegno._errors import UsageError
from tests.support.publications import place


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
