"""What a session says of itself in a line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._watch.summary import moves, summary
from dalsegno._watch.view import age, stale_in_s
from tests.unit.watch.views import MINUTE_MS, NOW_MS, device, session, view

PLACE = {
    "href": "one.xhtml",
    "locations": {"progression": 0.5, "totalProgression": 0.118},
    "text": {"highlight": "Call me Ishmael."},
}
PLAYS = ds.Playhead.playing_from(60_000, NOW_MS - 23_000).to_value()


def test_the_most_telling_comes_first() -> None:
    """The place, the playhead, what has a title; numbers and lists after them, and nothing that is empty."""
    state: dict[str, Any] = {
        "queue": [1, 2],
        "volume": 0.8,
        "note": "",
        "track": "Nocturne",
        "head": PLAYS,
        "place": PLACE,
    }
    expected = "“Call me Ishmael.” 12% · ► 1:23 · track Nocturne · volume 0.8 · queue [2]"
    assert expected == summary(state, NOW_MS)
    assert moves(state)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"href": "a.mp3", "locations": {"fragments": ["t=389.84"]}}, "a.mp3 6:29"),
        ({"href": "a.xhtml", "title": "Loomings", "locations": {"progression": 0.25}}, "Loomings 25%"),
        (ds.Playhead.paused_from(3_723_000, NOW_MS).to_value(), "paused 1:02:03"),
        (True, "x"),
        (False, "no x"),
        (7, "x 7"),
        (1 / 3, "x 0.333"),
        (b"1234", "x 4 B"),
        (datetime(2026, 3, 1, 12, 30, tzinfo=UTC), "x 2026-03-01 12:30"),
        ({"a": 1}, "x [1]"),
        ({"href": 7}, "x [1]"),
        ({"position": "far", "rate": None}, "x [2]"),
        (None, "nothing yet"),
    ],
)
def test_each_kind_of_value_is_told(value: Any, told: str) -> None:
    """By its shape, since the apps' classes are not here; what only looks like a place is a map."""
    assert told == summary({"x": value}, NOW_MS)


@pytest.mark.parametrize(
    ("ago_s", "told"),
    [
        (-5, "now"),
        (59, "now"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86_400, "1 d"),
        (700_000, "1 w"),
    ],
)
def test_ages_are_told_in_the_largest_unit(ago_s: int, told: str) -> None:
    """What a fast clock puts ahead is now."""
    assert told == age(NOW_MS - ago_s * 1000, NOW_MS)


def test_an_age_is_drawn_again_just_when_it_reads_otherwise() -> None:
    """But not more often than every ten seconds; a playhead that moves, each time; an online device never."""
    assert 30 < stale_in_s(view(session("a", at_ms=NOW_MS - MINUTE_MS // 2))) < 31
    assert 10 == stale_in_s(view(session("a", at_ms=NOW_MS - MINUTE_MS + 1000)))
    assert 10 == stale_in_s(view(session("a", at_ms=NOW_MS - MINUTE_MS // 2, head=PLAYS)))
    assert 3600 == stale_in_s(view(devices=(device("phone"),)))
    assert (
        1800
        < stale_in_s(view(devices=(device("phone", online=False, at_ms=NOW_MS - 90 * MINUTE_MS),)))
        < 1801
    )
    assert "" == age(0, NOW_MS)
