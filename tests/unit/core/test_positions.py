"""Positions between any two others: in order, of bounded length."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dalsegno._core.positions import MOST_LEVELS, STEP, Position, between, row

A, B, C = (f"{n:016x}" for n in (1, 2, 3))


def test_positions_stand_between_their_neighbours() -> None:
    """Whoever inserts, before, behind or below whatever stands there."""
    left, right = ((B, 0),), ((B, STEP),)
    for device in (A, B, C):
        for low, high in [((), left), (left, right), (right, None), (left, (*left, (B, 0)))]:
            made = between(low, high, device, 3)
            assert made is not None
            line = [low, *made, *([high] if high is not None else [])]
            assert all(one < other for one, other in pairwise(line)), line


@pytest.mark.parametrize("where", ["front", "end", "front and second", "two devices at the front"])
def test_ten_thousand_insertions_make_no_position_longer(where: str) -> None:
    """A queue that is filled at an end for years has positions of one or two levels."""
    line: list[Position] = row(A, 1)
    for n in range(10_000):
        at = {"front": 0, "end": len(line), "front and second": n % 2, "two devices at the front": 0}[where]
        device = (A, B)[n % 2] if "two" in where else A
        made = between(line[at - 1] if at else (), line[at] if at < len(line) else None, device, 1)
        assert made is not None
        line.insert(at, made[0])
    assert sorted(line) == line
    assert max(map(len, line)) <= 2
    assert max(abs(number) for position in line for _, number in position) <= 10_001 * STEP


def test_between_the_newest_two_there_is_room_eighty_times() -> None:
    """Only insertions between the newest two need longer and longer positions: they are refused in the
    end."""
    line, count = row(A, 2), 0
    while made := between(line[count // 2], line[count // 2 + 1], A, 1):
        line.insert(count // 2 + 1, made[0])
        count += 1
        assert sorted(line) == line
    assert 80 <= count
    assert max(map(len, line)) == MOST_LEVELS


def test_there_is_nothing_between_what_is_out_of_order() -> None:
    """Two items at one place, which only a broken client makes."""
    assert None is between(((A, 0),), ((A, 0),), B, 1)
    assert None is between(((A, 1),), ((A, 0),), B, 1)
