"""One session: base ⊔ outbox = view, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dalsegno._core import replica as replicas
from dalsegno._core.adoption import adopt, settle
from dalsegno._core.clock import stamp
from dalsegno._core.document import NO_STAMP, Document, Entry, Pending
from dalsegno._core.policies import HIGHEST, LATEST, ON_THIS_DEVICE, Restart, Schema
from dalsegno._core.replica import Replica, changed_fields, edit, origin_of
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId, Stamp

US, THEM = DeviceId("00000000000000aa"), DeviceId("00000000000000bb")
SCHEMA = Schema("reading", 1, {"place": LATEST, "furthest": HIGHEST, "text_size": ON_THIS_DEVICE})
EMPTY = Replica(SessionId("book"), SCHEMA)
ORIGIN = origin_of(99, 0.0, True, NO_STAMP)


def at(ms: int, device: DeviceId = US) -> Stamp:
    return stamp(ms, 0, device)


def document(rev: int, **entries: Entry) -> Document:
    return Document("reading/1", entries, rev, Millis(rev), THEM, Micros(rev), Micros(rev))


def edited(replica: Replica, ms: int, seq: int = 1, *, corrected: bool = True, **values: object) -> Replica:
    origin = origin_of(seq, ms, corrected, NO_STAMP)
    return edit(replica, values, at(ms), origin)[0]  # type: ignore[arg-type]


def test_an_edit_is_in_the_view_and_in_the_outbox() -> None:
    """One row per field that changed, with the seq of the edit."""
    after, rows, local = edit(EMPTY, {"place": 3, "furthest": 0.5}, at(1), origin_of(7, 1, True, NO_STAMP))
    assert {"place": 3, "furthest": 0.5} == {n: e.value for n, e in after.view.items()}
    assert [("place", 7), ("furthest", 7)] == [(r.field, r.seq) for r in rows]
    assert {} == local
    assert {} == EMPTY.view


def test_a_field_of_this_device_makes_no_row() -> None:
    """It is kept, and nobody is told."""
    after, rows, local = edit(EMPTY, {"text_size": 24.0}, at(1), ORIGIN)
    assert ([], {"text_size": 24.0}) == (rows, local)
    assert {"text_size": 24.0} == after.local
    assert {} == after.unsent()


def test_an_edit_that_changes_nothing_makes_no_row() -> None:
    """A lower value of a `highest` field."""
    high = edited(EMPTY, 1, furthest=0.5)
    after, rows, _ = edit(high, {"furthest": 0.2}, at(2), ORIGIN)
    assert [] == rows
    assert high.view == after.view


def test_adopting_what_contains_our_edit_settles_it() -> None:
    """By its stamp, whatever else is in the document."""
    ours = edited(EMPTY, 5, place=3)
    adopted = adopt(ours, document(1, place=Entry(3, at(5)), furthest=Entry(0.1, at(1, THEM))), ORIGIN)
    assert {"place": 1} == adopted.settled
    assert {} == adopted.replica.pending
    assert {"furthest"} == changed_fields(ours, adopted.replica)


def test_adopting_what_supersedes_our_edit_settles_it() -> None:
    """A later stamp of another device: ours is history."""
    adopted = adopt(edited(EMPTY, 5, place=3), document(1, place=Entry(4, at(6, THEM))), ORIGIN)
    assert {"place": 1} == adopted.settled
    assert 4 == adopted.replica.view["place"].value


def test_adopting_what_is_older_than_our_edit_keeps_it() -> None:
    """The view does not move."""
    ours = edited(EMPTY, 5, place=3)
    adopted = adopt(ours, document(1, place=Entry(4, at(4, THEM))), ORIGIN)
    assert {} == adopted.settled
    assert 3 == adopted.replica.view["place"].value
    assert frozenset() == changed_fields(ours, adopted.replica)
    assert {"place": Entry(3, at(5))} == adopted.replica.unsent()


def test_an_edit_whose_stamp_may_be_corrected_is_not_settled_by_it() -> None:
    """A clock a day behind must not lose the edit before the true time is known."""
    ours = edited(EMPTY, 5, corrected=False, place=3)
    adopted = adopt(ours, document(1, place=Entry(4, at(6, THEM))), ORIGIN)
    assert {} == adopted.settled
    named = replicas.restamped(adopted.replica, {1: at(7)}, 0.0)
    assert 3 == named.view["place"].value


def test_an_older_document_changes_nothing() -> None:
    """Whatever its way here was."""
    known = adopt(EMPTY, document(5, place=Entry(5, at(5, THEM))), ORIGIN).replica
    adopted = adopt(known, document(4, place=Entry(9, at(9, THEM))), ORIGIN)
    assert known is adopted.replica
    assert ({}, ()) == (adopted.settled, adopted.restored)


def test_an_older_document_that_is_surely_the_present_one_is_taken() -> None:
    """Read after what we know was there: the server went back, and we bring back what it lost."""
    known = adopt(EMPTY, document(5, place=Entry(5, at(5, THEM))), ORIGIN).replica
    adopted = adopt(known, document(4, place=Entry(4, at(4, THEM))), ORIGIN, as_of=Micros(6))
    assert 5 == adopted.replica.view["place"].value
    assert {"place": Entry(5, at(5, THEM))} == adopted.replica.unsent()
    assert [99] == [row.seq for row in adopted.restored]


def test_a_duplicate_changes_nothing() -> None:
    """Adopting twice is adopting once."""
    once = adopt(edited(EMPTY, 5, place=3), document(1, furthest=Entry(0.1, at(1, THEM))), ORIGIN)
    twice = adopt(once.replica, document(1, furthest=Entry(0.1, at(1, THEM))), ORIGIN)
    assert once.replica == twice.replica
    assert frozenset() == changed_fields(once.replica, twice.replica)


def test_a_field_that_the_server_lost_comes_back() -> None:
    """A newer document without a field that it had."""
    known = adopt(
        EMPTY, document(5, place=Entry(5, at(5, THEM)), furthest=Entry(1, at(1, THEM))), ORIGIN
    ).replica
    adopted = adopt(known, document(6, furthest=Entry(1, at(1, THEM))), ORIGIN)
    assert {"place": Entry(5, at(5, THEM))} == adopted.replica.unsent()


def test_a_field_that_only_a_newer_app_knows_is_never_brought_back() -> None:
    """What is newer there only its policy can say."""
    known = adopt(EMPTY, document(5, mood=Entry(5, at(5, THEM))), ORIGIN).replica
    assert {} == adopt(known, document(6, mood=Entry(6, at(4, THEM))), ORIGIN).replica.unsent()


def test_a_missing_document_is_sent_whole() -> None:
    """But only once there is something to say."""
    known = replace(adopt(EMPTY, document(5, place=Entry(5, at(5, THEM))), ORIGIN).replica, missing=True)
    assert {} == known.unsent()
    assert {"place", "furthest"} == edited(known, 6, furthest=0.5).unsent().keys()


def test_a_row_that_the_base_contains_is_dropped() -> None:
    """As a disk finds it that was full when it should have been told."""
    row = Pending("place", Entry(5, at(5)), 3, Millis(5), True)
    stale = Replica(SessionId("book"), SCHEMA, document(1, place=Entry(5, at(5))), {"place": row})
    clean, settled = settle(stale)
    assert ({}, {"place": 3}) == (clean.pending, settled)
    assert (clean, {}) == settle(clean)


def test_true_stamps_keep_the_order_of_the_edits() -> None:
    """Each is later than the one before and than what it had seen, and none is of tomorrow."""
    rows = [
        Pending("a", Entry(1, at(900)), 1, Millis(900), False),
        Pending("b", Entry(1, at(900)), 1, Millis(900), False),
        Pending("a", Entry(2, at(100)), 2, Millis(100), False),
        Pending("c", Entry(3, at(100)), 3, Millis(100), False, after=at(450, THEM)),
    ]
    stamps = replicas.true_stamps(rows, 0.0, 400.0, US)
    assert {1: at(400), 2: stamp(400, 1, US), 3: stamp(450, 1, US)} == stamps


def test_a_restart_begins_a_round() -> None:
    """0.0 of the new round is above 0.9 of the old."""
    again = edited(edited(EMPTY, 1, furthest=0.9), 2, seq=2, furthest=Restart(0.0))
    assert Entry(0.0, at(2), 0, {"round": 1}) == again.view["furthest"]


@pytest.mark.parametrize(
    ("ours_basis", "landed", "theirs_basis", "expected"),
    [
        (4, {}, 5, False),  # they had seen rev 5, in which ours was
        (4, {}, 4, True),  # they had seen only what we had seen
        (4, {"place": 9}, 8, True),  # others were in between: ours came with rev 9
        (4, {"place": 9}, 9, False),
        (4, {"place": 30}, 9, False),  # of a document that was lost; what they had seen has ours in it
        (40, {}, 9, False),
        (40, {}, 8, True),
    ],
)
def test_concurrent_means_made_without_knowing(
    ours_basis: int, landed: dict[str, int], theirs_basis: int, expected: bool
) -> None:
    """By the rev that the writer had seen, not by any clock."""
    before = Replica(SessionId("book"), SCHEMA, document(9, place=Entry(1, at(1), ours_basis)), landed=landed)
    after = Replica(SessionId("book"), SCHEMA, document(10, place=Entry(2, at(2, THEM), theirs_basis)))
    assert expected == replicas.concurrent(before, after, "place", US)


def test_nothing_is_concurrent_with_what_we_did_not_do() -> None:
    """Two other devices' edits, one after the other: no business of ours."""
    before = Replica(SessionId("book"), SCHEMA, document(9, place=Entry(1, at(1, THEM), 8)))
    after = Replica(SessionId("book"), SCHEMA, document(10, place=Entry(2, at(2, THEM), 0)))
    assert not replicas.concurrent(before, after, "place", US)


def test_what_is_still_unsent_here_nobody_elsewhere_knew_of() -> None:
    """A change of a field with an edit of ours in the outbox is concurrent, whatever rev it had seen."""
    known = adopt(EMPTY, document(9, place=Entry(1, at(1), 8)), ORIGIN).replica
    before = edited(known, 2, place=2)
    after = adopt(before, document(11, place=Entry(3, at(3, THEM), 10)), ORIGIN).replica
    assert replicas.concurrent(before, after, "place", US)


def test_where_our_edit_landed_is_remembered() -> None:
    """Others came in between: what knew only those did not know ours."""
    ours = edited(adopt(EMPTY, document(4), ORIGIN).replica, 5, place=3)
    landed = adopt(ours, document(9, place=ours.view["place"]), ORIGIN).replica
    assert {"place": 9} == landed.landed
    for basis, expected in ((8, True), (9, False)):
        after = adopt(landed, document(10, place=Entry(4, at(6, THEM), basis)), ORIGIN).replica
        assert expected == replicas.concurrent(landed, after, "place", US)
