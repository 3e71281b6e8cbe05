"""Total orders on values and entries: whatever two replicas have to choose from, both choose the same.
Pure."""

from __future__ import annotations

import json
from typing import TypeAlias

from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.types import Stamp, Value

LEASE, ACT, RELEASED = "lease", "act", "released"
"""In the bookkeeping of a field that belongs to a line: the take-over under which it was written, what a
person did last in it, and whether the holder has given it back."""

Rank: TypeAlias = tuple[Stamp, Stamp, Stamp]
"""(lease, act, stamp): of two writers of a line the one under the later take-over stands, then the one who
knows of the later act of a person, then the later one. A field of no line has but its stamp."""


def lease_of(entry: Entry) -> Stamp:
    """The take-over that the writer knew; `NO_STAMP` where nobody had taken over."""
    return _ranking(entry, LEASE)


def act_of(entry: Entry) -> Stamp:
    """The newest thing that a person did in the line."""
    return _ranking(entry, ACT)


def _ranking(entry: Entry, name: str) -> Stamp:
    found = entry.extra.get(name) if entry.extra else None
    return Stamp(found) if isinstance(found, str) else NO_STAMP


def rank_of(entry: Entry) -> Rank:
    """Where it stands among all versions of the field."""
    return (lease_of(entry), act_of(entry), entry.stamp)


def newest_in(entry: Entry) -> Stamp:
    """The newest stamp that it bears: what is stamped from now on is newer than all of them."""
    return max(rank_of(entry)) if entry.extra else entry.stamp


def order_of(value: Value) -> str:
    """A total order on values, for ties that no stamp decides (one stamp, two values: nonsense, but seen)."""
    return json.dumps(value, sort_keys=True, default=_unlike_json)


def _unlike_json(value: object) -> list[list[str]]:
    """Bytes must not tie with the text that shows them; no field is a list of lists, so these are free."""
    return [[type(value).__name__, repr(value)]]


def latest_order(entry: Entry) -> tuple[Stamp, str, int, str]:
    """By stamp; then by all the rest."""
    return (entry.stamp, order_of(entry.value), entry.basis, order_of(entry.extra))


def newer(ours: Entry, theirs: Entry) -> Entry:
    """Of two versions of a field in which one edit stands for all of it, the one that stands."""
    if ours.extra or theirs.extra:
        mine, other = rank_of(ours), rank_of(theirs)
        if mine != other:
            return ours if mine > other else theirs
    elif ours.stamp != theirs.stamp:  # nearly always; the rest of the order takes four times as long
        return ours if ours.stamp > theirs.stamp else theirs
    return max(ours, theirs, key=latest_order)


def is_same(ours: Value, theirs: Value) -> bool:
    """Whether two values are the same to the bit: 1, 1.0 and True are not, and NaN is."""
    if type(ours) is type(theirs) is str:
        return ours == theirs
    return ours is theirs or order_of(ours) == order_of(theirs)


def is_same_entry(ours: Entry, theirs: Entry) -> bool:
    """Whether two entries are the same to the bit."""
    if ours is theirs:
        return True
    if ours.stamp != theirs.stamp or ours.basis != theirs.basis:
        return False
    return is_same(ours.value, theirs.value) and is_same(ours.extra, theirs.extra)
