"""The policy `counter`: what each device has counted, added up. Pure.

A PN-Counter (Shapiro, Preguiça, Baquero, Zawirski: A comprehensive study of Convergent and Commutative
Replicated Data Types, 2011): each device keeps two tallies of its own, of what it added and of what it took
away. Neither ever goes down, so of two versions of a tally the higher one is the newer.

    tallies  {device: [added, taken away]}
    start    [stamp, number]    where it begins: the class's default, or what stood there before
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Set
from typing import TypeAlias

from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.limits import INT64
from dalsegno._core.orders import is_same_entry
from dalsegno._core.record import record
from dalsegno._core.types import Stamp, Value
from dalsegno._core.wishes import Add, Wish, plain

Number: TypeAlias = "int | float"
_DEVICE = re.compile("[0-9a-f]{16}", re.ASCII)


@record(frozen=True, slots=True)
class Tallies:
    """`counted`: device → what it added, and what it took away."""

    start: tuple[Stamp, Number]
    counted: Mapping[str, tuple[Number, Number]]

    @property
    def total(self) -> Number:
        """Exact for ints; floats are added so that their order makes no difference."""
        added = [up for up, _ in self.counted.values()]
        taken = [-down for _, down in self.counted.values()]
        numbers = [self.start[1], *added, *taken]
        if any(isinstance(n, float) for n in numbers):
            return math.fsum(numbers)
        return min(max(sum(numbers), INT64[0]), INT64[-1])


@record(frozen=True, slots=True)
class Counter:
    """Every device's additions count, each once."""

    name: str = "counter"
    shared: bool = True
    joins: bool = True

    def write(self, current: Entry | None, value: Wish, stamp: Stamp, basis: int) -> Entry:
        start = value.start if isinstance(value, Add) else 0
        before = _read(current) if current else Tallies((NO_STAMP, start), {})
        amount = _number(value.amount if isinstance(value, Add) else plain(value)) or 0
        if not amount and current is not None:
            return current
        device = stamp[22:]
        up, down = before.counted.get(device, (0, 0))
        mine = (_bounded(up + amount), down) if amount > 0 else (up, _bounded(down - amount))
        counted = {**before.counted, device: mine} if amount else before.counted
        return _entry(Tallies(before.start, counted), stamp, basis)

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        if is_same_entry(ours, theirs):
            return ours
        stamp, basis = max((ours.stamp, ours.basis), (theirs.stamp, theirs.basis))
        return _entry(_joined(_read(ours), _read(theirs)), stamp, basis)

    def contains(self, ours: Entry, theirs: Entry) -> bool:
        """By what was counted: the newest stamp says nothing of what other devices have added before it."""
        known = _read(ours)
        return repr(_joined(known, _read(theirs))) == repr(known)  # 1 and 1.0 are equal, and not the same

    def stamps(self, entry: Entry) -> Set[Stamp]:
        return {_read(entry).start[0]}

    def restamped(self, entry: Entry, renamed: Callable[[Stamp], Stamp]) -> Entry:
        found = _read(entry)
        stamp, number = found.start
        return _entry(Tallies((renamed(stamp), number), found.counted), renamed(entry.stamp), entry.basis)

    def fault(self, current: Entry | None, made: Entry) -> str:
        return ""


def _joined(ours: Tallies, theirs: Tallies) -> Tallies:
    counted = {
        device: _higher_pair(ours.counted.get(device, (0, 0)), theirs.counted.get(device, (0, 0)))
        for device in sorted(ours.counted.keys() | theirs.counted.keys())
    }
    return Tallies(max(ours.start, theirs.start, key=lambda s: (s[0], *_order(s[1]))), counted)


def _higher_pair(ours: tuple[Number, Number], theirs: tuple[Number, Number]) -> tuple[Number, Number]:
    return max(ours[0], theirs[0], key=_order), max(ours[1], theirs[1], key=_order)


def _order(number: Number) -> tuple[Number, bool, str]:
    """1 and 1.0 are equal, and two replicas must choose the same one; so with 0.0 and -0.0."""
    return number, isinstance(number, float), str(number)


def _read(entry: Entry) -> Tallies:
    """What an entry says, without what makes no sense. One without bookkeeping is where counting begins."""
    from dalsegno._core.clock import is_stamp  # which an app's start has no need of

    tallies, start = entry.extra.get("tallies"), entry.extra.get("start")
    if not isinstance(tallies, Mapping) or not isinstance(start, (list, tuple)) or len(start) != 2:
        number = _number(entry.value)
        return Tallies((NO_STAMP, 0) if number is None else (entry.stamp, number), {})
    stamp, number = start[0], _number(start[1])
    if number is None or not isinstance(stamp, str) or not is_stamp(stamp):
        stamp, number = NO_STAMP, 0
    return Tallies((Stamp(stamp), number), dict(_counted(tallies.items())))


def _counted(tallies: Iterable[tuple[str, Value]]) -> Iterable[tuple[str, tuple[Number, Number]]]:
    for device, pair in sorted(tallies):
        if not _DEVICE.fullmatch(device) or not isinstance(pair, (list, tuple)) or len(pair) != 2:
            continue
        up, down = _number(pair[0]), _number(pair[1])
        if up is not None and down is not None and up >= 0 and down >= 0:
            yield device, (up, down)


def _number(value: object) -> Number | None:
    """A number that a document holds; bounded, so that no sum of them overflows."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value if INT64[0] <= value <= INT64[-1] else None


def _bounded(tally: Number) -> Number:
    return min(tally, INT64[-1])


def _entry(found: Tallies, stamp: Stamp, basis: int) -> Entry:
    tallies: dict[str, Value] = {device: list(found.counted[device]) for device in sorted(found.counted)}
    return Entry(found.total, stamp, basis, {"start": list(found.start), "tallies": tallies})


COUNTER = Counter()
