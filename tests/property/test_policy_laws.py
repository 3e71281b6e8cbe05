"""Every policy in the registry is a join; a policy that is added later is held to it without a word here."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dalsegno._core.clock import after
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.orders import newest_in
from dalsegno._core.policies import POLICIES, Policy, Restart, Schema, join_entries
from dalsegno._core.types import Stamp
from tests.property.entries import DEVICES, entries, exactly, fields
from tests.support.values import exact

each_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
numbers = (
    st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
    | st.integers(2**53 - 2, 2**53 + 2)
    | st.sampled_from([float(2**53), -(2**63), 2**63 - 1])
)
SCHEMAS = [Schema("s", 1, dict.fromkeys("abc", policy)) for policy in POLICIES.values()]


@each_policy
@given(ours=entries, theirs=entries)
@example(Entry(b"x", NO_STAMP), Entry("b'x'", NO_STAMP))
@example(Entry(1, NO_STAMP), Entry(True, NO_STAMP))
def test_join_is_commutative(policy: Policy, ours: Entry, theirs: Entry) -> None:
    """Who is asked first makes no difference."""
    assert exactly(policy.join(ours, theirs)) == exactly(policy.join(theirs, ours))


@each_policy
@given(a=entries, b=entries, c=entries)
def test_join_is_associative(policy: Policy, a: Entry, b: Entry, c: Entry) -> None:
    """The order in which versions arrive makes no difference."""
    assert exactly(policy.join(policy.join(a, b), c)) == exactly(policy.join(a, policy.join(b, c)))


@each_policy
@given(a=entries, b=entries)
def test_join_is_idempotent(policy: Policy, a: Entry, b: Entry) -> None:
    """What arrives twice changes nothing the second time."""
    assert exactly(a) == exactly(policy.join(a, a))
    once = policy.join(a, b)
    assert exactly(once) == exactly(policy.join(once, b)) == exactly(policy.join(once, a))


@each_policy
@given(current=entries | st.none(), value=numbers, restart=st.booleans(), basis=st.integers(0, 9))
def test_an_edit_survives_the_join_with_what_it_was_made_upon(
    policy: Policy, current: Entry | None, value: float, restart: bool, basis: int
) -> None:
    """A local write is never lost to the very version that it replaced."""
    made = after(newest_in(current) if current else NO_STAMP, 0, DEVICES[0])
    written = policy.write(current, Restart(value) if restart else value, made, basis)
    if current is not None:
        assert exactly(written) == exactly(policy.join(current, written))


@given(ours=fields, theirs=fields, third=fields, schema=st.sampled_from(SCHEMAS))
def test_whole_sessions_join_as_their_fields_do(
    ours: dict[str, Entry], theirs: dict[str, Entry], third: dict[str, Entry], schema: Schema
) -> None:
    """Commutative, associative and idempotent for sessions too, fields that the schema lacks included."""

    def join(left: dict[str, Entry], right: dict[str, Entry]) -> dict[str, Entry]:
        return join_entries(schema, left, right)

    assert _exactly(join(ours, theirs)) == _exactly(join(theirs, ours))
    assert _exactly(join(join(ours, theirs), third)) == _exactly(join(ours, join(theirs, third)))
    assert _exactly(ours) == _exactly(join(ours, ours))


@given(
    value=numbers,
    low=numbers,
    rounds=st.lists(st.booleans(), max_size=4),
)
def test_highest_grows_within_a_round_and_restarts_with_a_new_one(
    value: float, low: float, rounds: list[bool]
) -> None:
    """`highest` never goes down without `restart`, and always takes what `restart` says."""
    policy = POLICIES["highest"]
    entry = policy.write(None, value, NO_STAMP, 0)
    for restart in rounds:
        before = entry
        entry = policy.write(before, Restart(low) if restart else low, NO_STAMP, 0)
        assert isinstance(before.value, int | float) and isinstance(entry.value, int | float)
        assert exact(low if restart else max(before.value, low)) == exact(entry.value) or not restart
        assert restart or entry.value >= before.value


@given(ours=numbers, theirs=numbers, stamps_=st.permutations([after(NO_STAMP, 1, d) for d in DEVICES[:2]]))
@example(2**53 + 1, 2**53, [after(NO_STAMP, 1, d) for d in DEVICES[:2]])
@example(2**53 + 1, float(2**53), [after(NO_STAMP, 1, d) for d in DEVICES[:2]])
def test_highest_is_exact_among_ints_and_floats(ours: float, theirs: float, stamps_: list[Stamp]) -> None:
    """The higher number wins whatever its stamp, also where floats cannot tell the two apart."""
    joined = POLICIES["highest"].join(Entry(ours, stamps_[0]), Entry(theirs, stamps_[1]))
    assert max(ours, theirs) == joined.value


@given(nonsense=st.sampled_from([float("inf"), float("-inf"), float("nan"), "9", True, None]), value=numbers)
def test_highest_is_above_all_that_is_no_number(nonsense: Any, value: float) -> None:
    """What a broken client left, Infinity included, does not hold a field for ever."""
    policy = POLICIES["highest"]
    left = Entry(nonsense, after(NO_STAMP, 10, DEVICES[0]))
    written = policy.write(left, value, after(NO_STAMP, 1, DEVICES[1]), 0)
    assert exact(value) == exact(written.value) == exact(policy.join(left, written).value)


@given(st.sampled_from(SCHEMAS))
def test_a_schema_survives_the_disk(schema: Schema) -> None:
    """What `text` writes, `parse` reads: edits are sent by the policies they were made with."""
    assert schema == Schema.parse(schema.text)


def _exactly(found: dict[str, Entry]) -> dict[str, object]:
    return {name: exactly(entry) for name, entry in found.items()}
