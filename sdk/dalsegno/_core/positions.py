"""Where an item stands in a sequence: positions between any two others. Pure.

A position is a path in a tree: at each level a device, and a number of that device's own. Paths are compared
level by level, and one that another begins with comes before it. That is Logoot (Weiss, Urso, Molli, 2009),
with two changes. A device's own numbers grow in both directions at one level, so a queue that is filled at
its end, or at its front, has paths of one level however long it becomes. And the device stands before the
number: what two devices insert at one place at the same time stands there as two runs, and never item by item
in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Position: TypeAlias = "tuple[tuple[str, int], ...]"

STEP = 1 << 10
"""Between two numbers that follow each other: ten halvings before a level more is needed."""
MOST_LEVELS = 8
"""Of a path that is made here. Only inserting again and again between the newest two gets there, after about
eighty times; then the sequence is numbered anew, which moves all of it."""


def row(device: str, count: int) -> list[Position]:
    """So many positions, one level deep."""
    return [((device, n * STEP),) for n in range(count)]


def between(left: Position, right: Position | None, device: str, count: int) -> list[Position] | None:
    """So many positions of this device's between two others, on the highest level that has room.

    left   () = from the very beginning;  right: None = up to the very end
    None   there is no room: they are no two positions in their order, or the paths would become too long
    """
    if right is not None and not left < right:
        return None
    for depth in range(min(len(left) + 1, MOST_LEVELS)):
        prefix = left[:depth]
        low = left[depth] if depth < len(left) else None
        high = right[depth] if right is not None and right[:depth] == prefix else None
        numbers = _numbers(low, high, device, count)
        if numbers:
            return [(*prefix, (device, n)) for n in numbers]
    if right is not None and right[: len(left)] == left and len(left) + 2 <= MOST_LEVELS:
        beside, number = right[len(left)]  # below a place just before it, where nothing else stands
        return [(*left, (beside, number - 1), *p) for p in row(device, count)]
    return None


def _numbers(
    low: tuple[str, int] | None, high: tuple[str, int] | None, device: str, count: int
) -> Sequence[int]:
    """The device's numbers on one level between its neighbours there; none, if there is no room."""
    if (low and low[0] > device) or (high and high[0] < device):
        return ()
    first = low[1] if low and low[0] == device else None
    last = high[1] if high and high[0] == device else None
    if first is None and last is None:
        return range(0, count * STEP, STEP)
    if last is None and first is not None:
        return range(first + STEP, first + (count + 1) * STEP, STEP)
    if first is None and last is not None:
        return range(last - count * STEP, last, STEP)
    assert first is not None and last is not None
    step = (last - first) // (count + 1)
    return [first + step * (n + 1) for n in range(count)] if step else ()
