"""The playhead: a moving position in three numbers."""

from __future__ import annotations

import math

import pytest

from dalsegno._core.playhead import Playhead


def test_moves_with_the_clock() -> None:
    """A playhead at rate 1 is one millisecond further for each millisecond of server time."""
    assert 12_500.0 == Playhead.playing_from(10_000, 1_000_000).position_at(1_002_500)


def test_rate_scales_the_movement() -> None:
    """At rate 1.5 the position grows by 1.5 ms per ms."""
    assert 3_000.0 == Playhead.playing_from(0, 500, rate=1.5).position_at(2_500)


def test_paused_stands_still() -> None:
    """A paused playhead says the same position a day later."""
    assert 4_321.5 == Playhead.paused_from(4_321.5, 1_000).position_at(1_000 + 86_400_000)


def test_never_past_the_end() -> None:
    """With a known duration the position stops at the end of the track."""
    assert 30_000 == Playhead.playing_from(29_000, 0).position_at(3_600_000, duration_ms=30_000)


def test_a_clock_behind_does_not_pull_back() -> None:
    """A reader whose clock is a little behind the writer's sees the written position, not an earlier one."""
    assert 10_000.0 == Playhead.playing_from(10_000, 5_000).position_at(4_000)


def test_pausing_keeps_the_place() -> None:
    """Pausing stops the playhead exactly where it stands at that moment."""
    assert Playhead(7_000.0, 0.0, 9_000) == Playhead.playing_from(5_000, 7_000).paused_at(9_000)


def test_pausing_with_a_clock_behind_keeps_the_written_time() -> None:
    """A pause never carries an older time than the movement it ends."""
    assert Playhead(5_000.0, 0.0, 7_000) == Playhead.playing_from(5_000, 7_000).paused_at(6_000)


def test_whole_numbers_of_other_languages_are_read() -> None:
    """JavaScript writes 1.0 as 1 and integers as doubles; both are read as the same playhead."""
    assert Playhead(1.0, 1.0, 5) == Playhead.from_value({"position": 1, "rate": 1, "at": 5.0})


def test_keys_of_newer_apps_are_passed_over() -> None:
    """A key that this version does not know is no error."""
    assert Playhead(1.0, 0.0, 5) == Playhead.from_value({"position": 1, "rate": 0, "at": 5, "loop": True})


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "not NoneType"),
        ([1, 2, 3], "not list"),
        ({"rate": 1, "at": 0}, "needs a position"),
        ({"position": "12", "rate": 1, "at": 0}, "position must be a number, not str"),
        ({"position": True, "rate": 1, "at": 0}, "position must be a number, not bool"),
        ({"position": math.nan, "rate": 1, "at": 0}, "position must be finite"),
        ({"position": math.inf, "rate": 1, "at": 0}, "position must be finite"),
        ({"position": -1, "rate": 1, "at": 0}, "position must be between 0"),
        ({"position": 10**400, "rate": 1, "at": 0}, "position must be between 0"),
    ],
)
def test_nonsense_is_refused_by_name(value: object, says: str) -> None:
    """What has no position is no playhead, and is refused with the key and the trouble."""
    with pytest.raises(ValueError, match=says):
        Playhead.from_value(value)


@pytest.mark.parametrize(
    ("value", "playhead"),
    [
        ({"position": 1}, Playhead(1, 0, 0)),
        ({"position": 1, "rate": 1}, Playhead(1, 0, 0)),
        ({"position": 1, "rate": -1, "at": 5}, Playhead(1, 0, 5)),
        ({"position": 1, "rate": 1000, "at": 5}, Playhead(1, 0, 5)),
        ({"position": 1, "rate": math.inf, "at": 5}, Playhead(1, 0, 5)),
        ({"position": 1, "rate": 2, "at": 5.5}, Playhead(1, 2, 5)),
        ({"position": 1, "rate": 1, "at": None}, Playhead(1, 0, 0)),
        ({"position": 1, "rate": 1, "at": math.nan}, Playhead(1, 0, 0)),
        ({"position": 1, "rate": 1, "at": 10**400}, Playhead(1, 0, 0)),
    ],
    ids=str,
)
def test_a_good_position_is_kept(value: object, playhead: Playhead) -> None:
    """If its rate or its time makes no sense, nobody knows how it moves: it stands still at its position."""
    assert playhead == Playhead.from_value(value)


@pytest.mark.parametrize(
    ("parts", "says"),
    [((0, -1, 0), "rate must be between 0"), ((0, 1, 1.5), "at must be whole"), ((0, 1, None), "at must be")],
)
def test_an_app_makes_no_odd_playhead(parts: tuple[float, float, int], says: str) -> None:
    """What this device would write is refused by name."""
    with pytest.raises(ValueError, match=says):
        Playhead(*parts)
