"""`counter`: tallies by device, added up."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno._core.clock import stamp
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.policies import COUNTER
from dalsegno._core.types import DeviceId, Stamp
from dalsegno._core.wishes import Add

HERE, THERE = DeviceId(f"{1:016x}"), DeviceId(f"{2:016x}")
MOST = 2**63 - 1


def at(ms: int, device: DeviceId = HERE) -> Stamp:
    return stamp(ms, 0, device)


def test_each_device_has_tallies_of_its_own() -> None:
    """What was added and what was taken away stand apart, so that the higher one is always the newer one."""
    base = COUNTER.write(None, Add(2, 10), at(1), 0)
    assert Entry(12, at(1), 0, {"start": [NO_STAMP, 10], "tallies": {HERE: [2, 0]}}) == base
    ours = COUNTER.write(base, Add(-3, 10), at(2), 0)
    theirs = COUNTER.write(base, Add(5, 10), at(3, THERE), 0)
    joined = COUNTER.join(ours, theirs)
    assert 14 == joined.value
    assert {HERE: [2, 3], THERE: [5, 0]} == joined.extra["tallies"]
    assert not COUNTER.contains(theirs, ours), "the newest stamp says nothing of the other edit"
    assert base is COUNTER.write(base, Add(0, 10), at(4), 0)


def test_a_value_without_bookkeeping_is_where_counting_begins() -> None:
    """As another version of the app has left it: the newest one, if there are several."""
    before = Entry(7, at(1))
    ours, theirs = COUNTER.write(before, Add(1), at(2), 0), COUNTER.write(before, Add(1), at(3, THERE), 0)
    assert 9 == COUNTER.join(ours, theirs).value
    assert 101 == COUNTER.join(ours, Entry(100, at(5, THERE))).value


@pytest.mark.parametrize(
    "extra",
    [
        {"tallies": 7, "start": [NO_STAMP, 0]},
        {"tallies": {HERE: [1]}, "start": [NO_STAMP, 0]},
        {"tallies": {HERE: [-1, 0], THERE: ["1", 0]}, "start": [NO_STAMP, 0]},
        {"tallies": {HERE: [float("inf"), 0], THERE: [float("nan"), True]}, "start": [NO_STAMP, 0]},
        {"tallies": {"me": [1, 1], "": [1, 1]}, "start": ["never", None]},
        {"tallies": {HERE: [2**70, 2**70]}, "start": [NO_STAMP, 2**70]},
    ],
)
def test_nonsense_in_the_bookkeeping_counts_for_nothing(extra: dict[str, Any]) -> None:
    """It neither ends the app nor grows without bounds."""
    found = COUNTER.write(Entry("7", at(1), 0, extra), Add(1), at(2), 0)
    assert 1 == found.value
    assert COUNTER.join(found, Entry(None, at(1), 0, extra)).value == 1


def test_a_sum_stays_within_what_a_document_holds() -> None:
    """Two tallies of 2**62, or of the largest float, are no number that Firestore has."""
    full = COUNTER.write(None, Add(MOST), at(1), 0)
    assert MOST == COUNTER.write(full, Add(MOST), at(2), 0).value
    assert MOST == COUNTER.join(full, COUNTER.write(None, Add(MOST), at(2, THERE), 0)).value
    assert 0.75 == COUNTER.write(COUNTER.write(None, Add(0.5), at(1), 0), Add(0.25), at(2, THERE), 0).value
