"""Total orders on values and entries: whatever two replicas have to choose from, both choose the same.
Pure."""

from __future__ import annotations

import json

from dalsegno._core.document import Entry
from dalsegno._core.types import Stamp, Value


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
    if ours.stamp != theirs.stamp:  # nearly always; the rest of the order takes four times as long
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
