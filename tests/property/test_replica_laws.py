"""A session under any order of edits and documents: nothing goes back, nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core.adoption import adopt, settle
from dalsegno._core.clock import after as next_stamp
from dalsegno._core.document import NO_STAMP, Document, Entry
from dalsegno._core.policies import HIGHEST, LATEST, POLICIES, Restart, Schema, join_entries
from dalsegno._core.replica import Replica, changed_fields, edit, origin_of
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId
from tests.property.entries import DEVICES, documents, exactly

SCHEMA = Schema("reading", 1, {"a": LATEST, "b": HIGHEST, "c": LATEST})
US = DEVICES[0]
numbers = st.integers(0, 5)
steps = st.lists(
    st.tuples(st.just("edit"), st.dictionaries(st.sampled_from("abc"), numbers, min_size=1))
    | st.tuples(st.just("hear"), documents()),
    max_size=12,
)


def view(replica: Replica) -> dict[str, object]:
    return {name: exactly(entry) for name, entry in replica.view.items()}


@given(steps)
def test_a_view_never_moves_back(run: list[tuple[str, object]]) -> None:
    """After each step the view is the join of itself with what was before; no field is lost.

    But for a later edit of the field by an app to which it has another policy, and for what was lost without
    a proof a second time: who believed in those would write against another version for ever.
    """
    replica, newest, time = Replica(SessionId("s"), SCHEMA), NO_STAMP, 0
    for number, (kind, what) in enumerate(run, 1):
        before = replica
        if kind == "edit":
            newest = next_stamp(max([newest, *(e.stamp for e in replica.view.values())]), 0, US)
            replica = edit(replica, what, newest, origin_of(number, 0, True, NO_STAMP))[0]  # type: ignore[arg-type]
        else:
            time += 1
            heard = _at(what, time)  # type: ignore[arg-type]
            replica = adopt(replica, heard, origin_of(number, 0, True, NO_STAMP)).replica
        stamped = {n: e for n, e in before.view.items() if e.stamp != NO_STAMP and n in SCHEMA.policies}
        for name, entry in stamped.items():
            if entry.stamp <= before.restored.get(name, NO_STAMP):
                continue
            now = replica.view[name]
            joined = SCHEMA.policy(name).join(now, entry)
            assert now.stamp >= entry.stamp or exactly(joined) == exactly(now)


def _at(document: Document, time: int) -> Document:
    return Document("reading/1", document.entries, time, Millis(0), DeviceId(US), Micros(time), Micros(time))


@given(documents(), st.dictionaries(st.sampled_from("abc"), numbers, min_size=1), st.booleans())
def test_what_is_sent_and_adopted_settles_everything(
    base: Document, values: dict[str, int], restart: bool
) -> None:
    """Sent upon the base, applied by the server, adopted: the outbox is empty, and the view as it was."""
    replica = adopt(Replica(SessionId("s"), SCHEMA), _at(base, 1), origin_of(1, 0, True, NO_STAMP)).replica
    made = next_stamp(max([NO_STAMP, *(e.stamp for e in replica.view.values())]), 0, US)
    wishes = {n: Restart(v) if restart and n == "b" else v for n, v in values.items()}
    ours = edit(replica, wishes, made, origin_of(2, 0, True, NO_STAMP))[0]
    assert replica.base is not None
    applied = _at(
        Document(
            "reading/1", {**replica.base.entries, **ours.unsent()}, 2, Millis(0), US, Micros(2), Micros(2)
        ),
        2,
    )
    adopted = adopt(ours, applied, origin_of(3, 0, True, NO_STAMP))
    assert {} == adopted.replica.pending
    assert view(ours) == view(adopted.replica)
    assert frozenset() == changed_fields(ours, adopted.replica) or any(
        e.value != e.value for e in ours.view.values()
    )


@given(documents(), documents(), documents())
def test_the_order_of_documents_makes_no_difference_to_who_merges_them(
    one: Document, two: Document, three: Document
) -> None:
    """Whoever merges three versions in any order gets the same."""
    for policy in POLICIES.values():
        schema = Schema("s", 1, dict.fromkeys("abcd", policy))
        left: dict[str, Entry] = {}
        for each in (one, two, three):
            left = join_entries(schema, left, each.entries)
        right: dict[str, Entry] = {}
        for each in (three, one, two, one):
            right = join_entries(schema, right, each.entries)
        assert {n: exactly(e) for n, e in left.items()} == {n: exactly(e) for n, e in right.items()}


@given(documents())
def test_settling_is_done_once(base: Document) -> None:
    """A clean replica stays as it is."""
    replica = Replica(SessionId("s"), SCHEMA, base)
    assert (replica, {}) == settle(replica)
