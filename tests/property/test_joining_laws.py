"""The policies that keep every device's edits: whoever meets in whatever order, all have the same in the end,
and nothing that somebody did is lost, and nothing that is gone comes back."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dalsegno._core.document import Entry
from dalsegno._core.policies import COUNTER, ORDERED, TEXT, Policy
from dalsegno._core.wishes import Add, Revised
from tests.property.entries import DEVICES, entries, exactly
from tests.property.joining import Meeting, amounts, items_of, meetings, removed, value_of

JOINING = [COUNTER, ORDERED, TEXT]
each_policy = pytest.mark.parametrize("policy", JOINING, ids=lambda policy: policy.name)
few = settings(max_examples=60)


@each_policy
@few
@given(data=st.data())
def test_all_have_the_same_whoever_they_heard_it_from(policy: Policy, data: st.DataObject) -> None:
    """Three devices' versions in any order, twice, with any older version in between: one result, to the
    bit."""
    meeting = data.draw(meetings(policy))
    found = [entry for entry in meeting.has if entry is not None]
    older = data.draw(st.sampled_from(meeting.all)) if meeting.all else None
    results = set()
    for order in permutations(found) if found else ():
        joined = order[0]
        for entry in [*order[1:], *([older] if older else []), *order]:
            joined = policy.join(joined, entry)
        results.add(repr(exactly(joined)))
    assert len(results) <= 1


@each_policy
@few
@given(data=st.data())
def test_join_is_a_join_on_what_devices_make_and_on_nonsense(policy: Policy, data: st.DataObject) -> None:
    """Commutative, associative, idempotent; and `contains` says just whether a join would change anything."""
    made = st.sampled_from(data.draw(meetings(policy, 8)).all or [Entry(None, _NO)])
    pool = made | st.builds(_mangled, made, st.integers(0, 9), st.sampled_from(_NONSENSE)) | entries
    a, b, c = data.draw(pool), data.draw(pool), data.draw(pool)
    join = policy.join
    assert exactly(join(a, b)) == exactly(join(b, a))
    assert exactly(join(join(a, b), c)) == exactly(join(a, join(b, c)))
    assert exactly(a) == exactly(join(a, a))
    once = join(a, b)
    assert exactly(once) == exactly(join(once, a)) == exactly(join(b, once))
    assert policy.contains(once, a) and policy.contains(once, b)
    read = join(once, replace(once, basis=once.basis + 1))  # as what it says is written: it may be nonsense
    assert exactly(join(read, c))[0] == exactly(read)[0] or not policy.contains(once, c)


_NO = Entry(None, "000000000000000-00000-0000000000000000").stamp  # type: ignore[arg-type]
_NONSENSE: list[Any] = [
    None,
    7,
    "",
    "x",
    [],
    ["x"],
    ["0.1 0.0 1.0.0"],
    {},
    {"a": [1, 2]},
    [["1", 2]],
    float("nan"),
]


def _mangled(entry: Entry, number: int, nonsense: Any) -> Entry:
    """As a broken client or an administrator may have left it."""
    parts = sorted(entry.extra)
    if not parts or number == 0:
        return Entry(nonsense, entry.stamp, entry.basis, entry.extra)
    return Entry(entry.value, entry.stamp, entry.basis, {**entry.extra, parts[number % len(parts)]: nonsense})


@few
@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.sampled_from("+-~012")), max_size=16)
)
@pytest.mark.parametrize("policy", [ORDERED, TEXT], ids=["ordered", "text"])
def test_what_was_inserted_and_not_removed_is_there_once(
    policy: Policy, steps: list[tuple[int, int, str]]
) -> None:
    """Every insertion of every device, less what somebody who saw it has removed; nothing else, nothing
    twice."""
    meeting, inserted, gone = Meeting(policy), set[str](), set[str]()
    shown: list[list[str]] = [[], [], []]
    for number, (device, at, act) in enumerate(steps, 1):
        now = shown[device]
        if act in "+~":
            new = f"n{number}"
            inserted.add(new)
            now = [*now[: at % (len(now) + 1)], new, *now[at % (len(now) + 1) :]]
        elif act == "-" and now:
            gone.add(now[at % len(now)])
            now = removed(now, at)
        elif act in "012":
            meeting.hears(device, int(act))
        if act in "+-~" and (now or meeting.has[device]):
            meeting.edits(device, Revised(value_of(policy, now)), number)
        shown[device] = items_of(policy, meeting.has[device])
    if meeting.met is not None:
        assert sorted(inserted - gone) == sorted(items_of(policy, meeting.met))


@few
@given(steps=st.lists(st.tuples(st.integers(0, 2), amounts | st.sampled_from([None])), max_size=16))
def test_every_addition_counts_once(steps: list[tuple[int, float | None]]) -> None:
    """However often and in what order the devices hear from each other in between."""
    meeting, total = Meeting(COUNTER), 10.0
    for number, (device, amount) in enumerate(steps, 1):
        if amount is None:
            meeting.hears(device, (device + number) % 3)
        else:
            total += amount
            meeting.edits(device, Add(amount, 10), number)
    assert meeting.met is None or total == meeting.met.value


@few
@given(
    before=st.lists(st.sampled_from("abc"), max_size=4),
    at=st.integers(0, 4),
    runs=st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=2, max_size=3),
)
def test_runs_that_are_inserted_at_one_place_stay_whole(
    before: list[str], at: int, runs: list[tuple[int, bool]]
) -> None:
    """Each device inserts item by item, forwards or backwards, where the others do so too: no two
    alternate."""
    meeting = Meeting(ORDERED)
    meeting.edits(0, Revised(before), 1)
    for device in range(1, len(runs)):
        meeting.hears(device, 0)
    place = at % (len(before) + 1)
    for device, (length, backwards) in enumerate(runs):
        now: list[str] = list(before)
        for n in range(length):
            now.insert(place if backwards else place + n, f"{device}")
            meeting.edits(device, Revised(list(now)), 2 + n)
    met = "".join(str(item) for item in items_of(ORDERED, meeting.met))
    for device, (length, _) in enumerate(runs):
        assert str(device) * length in met, met
    assert len(DEVICES) == 3
