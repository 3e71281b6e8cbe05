"""Whether two versions of a field look the same to an app: a new stamp on an old value is no change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan

from dalsegno._core.document import Entry
from dalsegno._core.policies import Policy
from dalsegno._core.sequences import Sequenced
from dalsegno._core.types import Value


def looks_same(policy: Policy, ours: Entry | None, theirs: Entry | None) -> bool:
    """An item that is another one under the same value counts as changed: an edit names the items it
    means."""
    if not same_value(ours, theirs):
        return False
    if ours is theirs or ours is None or theirs is None or not isinstance(policy, Sequenced):
        return True
    return policy.lines or policy.names(ours) == policy.names(theirs)


def same_value(ours: Entry | None, theirs: Entry | None) -> bool:
    """Whether both have the same value."""
    if ours is theirs:  # nearly all fields of nearly every step, whatever they hold
        return True
    if ours is None or theirs is None:
        return False
    if type(ours.value) is not type(theirs.value):
        return False
    return ours.value == theirs.value or _same_but_for_nan(ours.value, theirs.value)


def _same_but_for_nan(ours: Value, theirs: Value) -> bool:
    """Whether two values that are not equal are the same all the same: a NaN, which others can write, is not
    equal to itself."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return ours.keys() == theirs.keys() and _all_same((item, theirs[key]) for key, item in ours.items())
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and _all_same(zip(ours, theirs, strict=True))
    return isinstance(ours, float) and isinstance(theirs, float) and isnan(ours) and isnan(theirs)


def _all_same(pairs: Iterable[tuple[Value, Value]]) -> bool:
    return all(ours == theirs or _same_but_for_nan(ours, theirs) for ours, theirs in pairs)
