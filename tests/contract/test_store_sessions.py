"""What every store keeps of a session: its base, its outbox, its local fields and why it is parked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dalsegno._core.document import Entry, StoredSession
from dalsegno._core.ports import Batch, Store
from dalsegno._core.types import Millis, SessionId
from tests.support.stores import BOOK, SONG, document, edit, stamp


def test_everything_of_a_session_is_kept(store: Store) -> None:
    """A session comes back with its base, its outbox by seq, its local fields and why it is parked."""
    base = document({"place": {"href": "c1", "at": [1, 2.0, None, True]}, "cover": b"\x00\xff"}, rev=3)
    base = replace(base, holder={"device": "x", "until": datetime(2026, 1, 2, tzinfo=UTC)})
    rows = (edit("place", {"href": "c2"}, 7), edit("furthest", 0.5, 8))
    store.write(
        Batch(
            opened={BOOK: ("reading/1", Millis(9))},
            bases={BOOK: base},
            pending={BOOK: rows[::-1]},
            local={BOOK: {"text_size": 18.0}},
            parked={BOOK: "PERMISSION_DENIED: no"},
        )
    )
    expected = StoredSession(
        BOOK, "reading/1", base, rows, {"text_size": 18.0}, "PERMISSION_DENIED: no", opened_at=9
    )
    assert expected == store.load(BOOK)
    assert [expected] == list(store.sessions())


def test_row_replaces_row_of_same_field(store: Store) -> None:
    """The outbox holds one row per field: the last one put."""
    store.write(Batch(pending={BOOK: [edit("place", 1, 1), edit("volume", 2, 2)]}))
    store.write(Batch(pending={BOOK: [edit("place", 3, 3)]}))
    stored = store.load(BOOK)
    assert stored is not None
    assert (edit("volume", 2, 2), edit("place", 3, 3)) == stored.pending


def test_whole_edit_is_kept(store: Store) -> None:
    """Of an edit all is kept: the policy's own data, whether its stamp is final, what it had seen."""
    entry = Entry([1, "x"], stamp(4), basis=9, extra={"round": 2, "by": {"a": 1}})
    row = replace(edit("furthest", 0, 12), entry=entry, corrected=False, after=stamp(3))
    store.write(Batch(pending={BOOK: [row]}))
    stored = store.load(BOOK)
    assert stored is not None
    assert (row,) == stored.pending


def test_acknowledgement_settles_up_to_its_seq(store: Store) -> None:
    """An acknowledged row goes; a row with a newer seq stays, and so do other fields and other sessions."""
    store.write(
        Batch(pending={BOOK: [edit("a", 1, 1), edit("b", 1, 2), edit("c", 1, 3)], SONG: [edit("a", 1, 4)]})
    )
    store.write(Batch(pending={BOOK: [edit("b", 2, 5)]}))
    store.write(Batch(acked={BOOK: {"a": 1, "b": 2, "unheard": 9}, SessionId("unheard"): {"a": 9}}))
    book, song = store.load(BOOK), store.load(SONG)
    assert book is not None
    assert song is not None
    assert ["c", "b"] == [row.field for row in book.pending]
    assert ["a"] == [row.field for row in song.pending]
    assert store.load(SessionId("unheard")) is None


def test_acknowledgement_and_edit_in_one_batch(store: Store) -> None:
    """An acknowledgement in the batch of a newer edit settles the older row only."""
    store.write(Batch(pending={BOOK: [edit("a", 1, 1)]}))
    store.write(Batch(pending={BOOK: [edit("a", 2, 2)]}, acked={BOOK: {"a": 1}}))
    stored = store.load(BOOK)
    assert stored is not None
    assert (edit("a", 2, 2),) == stored.pending


def test_base_is_replaced_and_removed(store: Store) -> None:
    """A base replaces the one before; None takes it away, and the session stays."""
    store.write(Batch(bases={BOOK: document({"a": 1}, rev=1)}))
    store.write(Batch(bases={BOOK: document({"b": 2}, rev=2)}))
    stored = store.load(BOOK)
    assert stored is not None
    assert document({"b": 2}, rev=2) == stored.base
    store.write(Batch(bases={BOOK: None}))
    assert StoredSession(BOOK, "reading/1") == store.load(BOOK)


def test_where_edits_landed_is_kept_with_the_base(store: Store) -> None:
    """It stays when the base is replaced, is replaced as a whole itself, and goes with the base."""
    store.write(Batch(bases={BOOK: document({"a": 1}, rev=4)}, landed={BOOK: {"a": 4}}))
    store.write(Batch(bases={BOOK: document({"a": 1, "b": 2}, rev=9)}))
    found = [store.load(BOOK), *store.sessions()]
    assert [{"a": 4}, {"a": 4}] == [stored.landed for stored in found if stored]
    store.write(Batch(landed={BOOK: {"b": 9}}))
    assert {"b": 9} == store.sessions()[0].landed
    store.write(Batch(bases={BOOK: None}, landed={SONG: {"a": 1}}))
    assert [StoredSession(BOOK, "reading/1")] == list(store.sessions())


def test_base_of_unknown_session(store: Store) -> None:
    """A session that another device made has its document's schema; opening it here sets the app's."""
    store.write(Batch(bases={BOOK: document({"a": 1}, rev=1, schema="reading/2")}))
    stored = store.load(BOOK)
    assert stored is not None
    assert "reading/2" == stored.schema
    store.write(Batch(opened={BOOK: ("reading/1", Millis(4))}))
    store.write(Batch(bases={BOOK: document({"a": 1}, rev=2, schema="reading/2")}))
    stored = store.load(BOOK)
    assert stored is not None
    assert ("reading/1", 4) == (stored.schema, stored.opened_at)


def test_nothing_said_makes_no_session(store: Store) -> None:
    """To say of an unknown session that it has no base, no edits and no trouble does not make it."""
    store.write(Batch(bases={BOOK: None}, parked={BOOK: ""}, pending={BOOK: []}, local={BOOK: {}}))
    assert [] == list(store.sessions())


def test_local_fields_are_put_one_by_one(store: Store) -> None:
    """A local field replaces the one of its name and leaves the others."""
    store.write(Batch(local={BOOK: {"size": 18.0, "theme": "sepia"}}))
    store.write(Batch(local={BOOK: {"size": None}}))
    stored = store.load(BOOK)
    assert stored is not None
    assert {"size": None, "theme": "sepia"} == stored.local


def test_parked_and_no_longer(store: Store) -> None:
    """A session is parked with a reason until the reason is taken back."""
    store.write(Batch(pending={BOOK: [edit("a", 1, 1)]}, parked={BOOK: "denied"}))
    store.write(Batch(newest_stamp=stamp(1)))
    stored = store.load(BOOK)
    assert stored is not None
    assert "denied" == stored.parked
    store.write(Batch(parked={BOOK: ""}))
    stored = store.load(BOOK)
    assert stored is not None
    assert "" == stored.parked


def test_only_the_changed_fields_of_a_base_are_written(store: Store) -> None:
    """With `changed`, the other fields are taken to be on disk as they are; a field that is gone goes."""
    store.write(Batch(bases={BOOK: document({"a": 1, "b": 2, "c": 3}, rev=1)}))
    stored = store.load(BOOK)
    assert stored is not None
    assert stored.base is not None
    newer = document({"a": 5, "d": 4}, rev=2)
    newer = replace(newer, entries={**newer.entries, "b": stored.base.entries["b"]})
    store.write(Batch(bases={BOOK: newer}, changed={BOOK: {"a", "c", "d"}}))
    stored = store.load(BOOK)
    assert stored is not None
    assert newer == stored.base
