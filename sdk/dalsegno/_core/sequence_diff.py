"""What was changed between two versions of a sequence: which of its items are which. Pure.

Time: what is equal at both ends costs nothing. In what is left in between, large pieces are split at lines
that stand once on either side (patience difference, Bram Cohen), so that only small ones are compared each
with each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from dalsegno._core.orders import order_of
from dalsegno._core.types import Value

_MOST_PAIRS = 40_000
"""Compared each with each, 200 by 200, some milliseconds; what is larger is split first."""
_MOST_SPLITS = 20
"""Pieces within pieces; beyond that, what is left counts as written anew."""


def sources(seen: Sequence[Value], given: Sequence[Value], *, moves: bool, pairs: bool) -> list[int | None]:
    """For each item of `given` its index in `seen`; None = it is new.

    moves  an item that is gone here and new there is the same one, moved
    pairs  what stands in the place of other items is these, changed, as far as they go
    """
    old, new = _keys(seen), _keys(given)
    found: list[int | None] = [None] * len(new)
    gaps: list[tuple[range, range]] = []
    for left, right, same in _blocks(old, new, range(len(old)), range(len(new)), 0):
        if same:
            found[right.start : right.stop] = left
        else:
            gaps.append((left, right))
    if moves:
        _find_moves(old, new, found)
    if pairs:
        for left, right in gaps:
            for index, one in zip(left, right, strict=False):
                found[one] = index
    return found


def _keys(values: Sequence[Value]) -> Sequence[str]:
    """What is compared: texts as they are, as all lines are; all else by its kind too."""
    return ["s" + value if isinstance(value, str) else order_of(value) for value in values]


def _find_moves(old: Sequence[str], new: Sequence[str], found: list[int | None]) -> None:
    kept = set(found)
    left: dict[str, list[int]] = {}
    for index in reversed(range(len(old))):
        if index not in kept:
            left.setdefault(old[index], []).append(index)
    for one, key in enumerate(new):
        if found[one] is None and left.get(key):
            found[one] = left[key].pop()


def _blocks(
    old: Sequence[str], new: Sequence[str], left: range, right: range, depth: int
) -> Iterator[tuple[range, range, bool]]:
    """The two in pieces, in their order: equal ones, and ones that are not."""
    head = 0
    most = min(len(left), len(right))
    while head < most and old[left[head]] == new[right[head]]:
        head += 1
    tail = 0
    while tail < most - head and old[left[-1 - tail]] == new[right[-1 - tail]]:
        tail += 1
    inner = left[head : len(left) - tail], right[head : len(right) - tail]
    if head:
        yield left[:head], right[:head], True
    if inner[0] and inner[1]:
        yield from _middle(old, new, *inner, depth)
    elif inner[0] or inner[1]:
        yield *inner, False
    if tail:
        yield left[len(left) - tail :], right[len(right) - tail :], True


def _middle(
    old: Sequence[str], new: Sequence[str], left: range, right: range, depth: int
) -> Iterator[tuple[range, range, bool]]:
    if len(left) * len(right) <= _MOST_PAIRS:
        from difflib import SequenceMatcher  # three milliseconds that no app's start should pay

        matcher = SequenceMatcher(None, old[left.start : left.stop], new[right.start : right.stop], False)
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            yield left[i1:i2], right[j1:j2], kind == "equal"
        return
    anchors = _anchors(old, new, left, right) if depth < _MOST_SPLITS else []
    if not anchors:
        yield left, right, False
        return
    i, j = left.start, right.start
    for a, b in [*anchors, (left.stop, right.stop)]:
        if i < a or j < b:
            yield from _blocks(old, new, range(i, a), range(j, b), depth + 1)
        if a < left.stop:
            yield range(a, a + 1), range(b, b + 1), True
        i, j = a + 1, b + 1


def _anchors(old: Sequence[str], new: Sequence[str], left: range, right: range) -> list[tuple[int, int]]:
    """Items that stand once on either side, and in the same order."""
    count_old = Counter(old[left.start : left.stop])
    count_new = Counter(new[right.start : right.stop])
    where = {new[j]: j for j in right if count_new[new[j]] == 1}
    pairs = [(i, where[old[i]]) for i in left if count_old[old[i]] == 1 and old[i] in where]
    return [pairs[n] for n in longest_rise([j for _, j in pairs])]


def longest_rise(numbers: Sequence[int]) -> list[int]:
    """The indexes of the longest part of these numbers that rises: what need not be moved."""
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        at = bisect_left(tops, number)
        before.append(ends[at - 1] if at else -1)
        tops[at : at + 1], ends[at : at + 1] = [number], [index]
    found: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        found.append(index)
        index = before[index]
    return found[::-1]
