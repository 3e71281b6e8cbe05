"""Which sessions every store lists, in which order, and which it forgets."""

from __future__ import annotations

from dataclasses import replace

from dalsegno._core.document import Entry
from dalsegno._core.marks import KNOWN_AS, OWED_AS
from dalsegno._core.ports import Batch, Store
from dalsegno._core.types import Millis, SessionId
from tests.support.stores import BOOK, SONG, document, edit, stamp


def test_sessions_by_id(store: Store) -> None:
    """Sessions come in the order of their ids, however they came to be known."""
    ids = [SessionId(name) for name in ("opened", "edited", "changed", "set")]
    store.write(Batch(opened={ids[0]: ("s/1", Millis(300))}, bases={ids[2]: document({}, rev=100)}))
    store.write(Batch(pending={ids[1]: [edit("a", 1, 1)]}, local={ids[3]: {"size": 1}}))
    assert ["changed", "edited", "opened", "set"] == [stored.id for stored in store.sessions()]


def test_owed_are_those_with_an_outbox(store: Store) -> None:
    """`owed` gives the sessions with unconfirmed edits, whole; one whose edits are settled is no more."""
    store.write(Batch(bases={BOOK: document({"a": 1}, rev=1), SONG: document({"a": 1}, rev=2)}))
    assert [] == list(store.owed())
    store.write(Batch(pending={BOOK: [edit("a", 2, 5)], SONG: [edit("b", 1, 6)]}))
    assert [store.load(BOOK), store.load(SONG)] == list(store.owed())
    store.write(Batch(acked={BOOK: {"a": 5}}))
    assert [store.load(SONG)] == list(store.owed())


def test_owed_are_those_with_marks_too(store: Store) -> None:
    """Marks that the server has not confirmed are owed; None: it has them all."""
    store.write(Batch(local={BOOK: {OWED_AS: {"marks": [], "unwanted": ["a"]}}, SONG: {KNOWN_AS: []}}))
    store.write(Batch(pending={SONG: [edit("a", 1, 1)]}))
    assert [BOOK, SONG] == [stored.id for stored in store.owed()]
    store.write(Batch(local={BOOK: {OWED_AS: None}}))
    assert [store.load(SONG)] == list(store.owed())


def test_recent_are_those_with_the_newest_edits(store: Store) -> None:
    """`recent` goes by the newest stamp that each session shows, edits here included; by id in a tie."""
    ids = [SessionId(name) for name in "abcde"]
    store.write(
        Batch(
            opened={ids[4]: ("s/1", Millis(999))},  # nobody has edited it
            bases={ids[0]: document({"x": 1}, rev=30), ids[1]: document({"x": 1}, rev=10)},
            pending={ids[2]: [edit("x", 1, 20)], ids[3]: [edit("x", 1, 20)]},
        )
    )
    assert ["a", "c", "d", "b"] == [stored.id for stored in store.recent(9)]
    assert [store.load(ids[0]), store.load(ids[2])] == list(store.recent(2))
    assert [] == list(store.recent(0))
    store.write(Batch(pending={ids[1]: [edit("x", 2, 40)]}))
    assert ["b", "a"] == [stored.id for stored in store.recent(2)]


def test_recent_follows_corrected_stamps(store: Store) -> None:
    """An edit whose stamp turns out older moves its session back; so does a base that is taken away."""
    store.write(Batch(bases={BOOK: document({"x": 1}, rev=30)}, pending={SONG: [edit("x", 1, 99)]}))
    assert [SONG, BOOK] == [stored.id for stored in store.recent(9)]
    corrected = replace(edit("x", 1, 99), entry=Entry(1, stamp(20)))
    store.write(Batch(pending={SONG: [corrected]}))
    assert [BOOK, SONG] == [stored.id for stored in store.recent(9)]
    store.write(Batch(bases={BOOK: None}))
    assert [SONG] == [stored.id for stored in store.recent(9)]


def test_prune_forgets_what_was_only_heard_of(store: Store) -> None:
    """Of sessions that were never opened here the newest stay; what was opened, edited or set here stays."""
    heard = [SessionId(f"heard-{number}") for number in range(5)]
    store.write(Batch(bases={id: document({"x": 1}, rev=n + 50) for n, id in enumerate(heard)}))
    store.write(
        Batch(
            opened={BOOK: ("s/1", Millis(1))},
            bases={BOOK: document({"x": 1}, rev=1), SONG: document({"x": 1}, rev=2)},
            pending={SONG: [edit("x", 2, 3)]},
            local={heard[0]: {"size": 1}},
        )
    )
    store.prune(2)
    assert {BOOK, SONG, heard[0], heard[3], heard[4]} == {stored.id for stored in store.sessions()}
    store.prune(9)
    assert 5 == len(store.sessions())
    store.prune(0)
    assert {BOOK, SONG, heard[0]} == {stored.id for stored in store.sessions()}
    store.write(Batch(bases={heard[4]: document({"y": 1}, rev=60)}))
    stored = store.load(heard[4])
    assert stored is not None
    assert document({"y": 1}, rev=60) == stored.base
