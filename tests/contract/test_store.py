"""What every store promises, held against each of them, and against SQLite through restarts and kill -9."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dalsegno._core.document import NO_STAMP, Entry, StoredSession
from dalsegno._core.ports import Batch, Store
from dalsegno._core.types import Millis, SessionId
from dalsegno._errors import Closed, StorageFull, UsageError
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno.testing._memory_persistence import MemoryStore
from tests.support.stores import (
    BOOK,
    SONG,
    Died,
    FaultyStore,
    Killed,
    Restarting,
    document,
    edit,
    stamp,
)


def _memory(_: Path) -> Store:
    return MemoryStore()


def _memory_restarting(_: Path) -> Store:
    return Restarting(lambda old: old.reopened() if isinstance(old, MemoryStore) else MemoryStore())


def _sqlite(folder: Path) -> Store:
    return SqliteStore.open(folder, "alice")


def _sqlite_restarting(folder: Path) -> Store:
    def reopen(old: Store | None) -> Store:
        if old is not None:
            old.close()
        return SqliteStore.open(folder, "alice")

    return Restarting(reopen)


def _sqlite_killed(folder: Path) -> Store:
    return Killed(folder, "alice")


KINDS = (_memory, _memory_restarting, _sqlite, _sqlite_restarting, _sqlite_killed)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__.strip("_"))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    make: Callable[[Path], Store] = request.param
    made = make(tmp_path / "profile")
    yield made
    made.close()


def test_new_store_is_empty(store: Store) -> None:
    """A new store knows no session, no token and no stamp."""
    assert [] == list(store.sessions())
    assert {} == dict(store.tokens())
    assert store.load(BOOK) is None
    assert NO_STAMP == store.identity().newest_stamp
    assert store.identity().server_offset_ms is None


def test_device_id_stays(store: Store) -> None:
    """The device id is 16 lower-case hexadecimal digits and never changes."""
    device = store.identity().device
    store.write(Batch(newest_stamp=stamp(5)))
    assert re.fullmatch("[0-9a-f]{16}", device)
    assert device == store.identity().device


def test_identity_is_kept(store: Store) -> None:
    """The newest stamp and the server's lead are kept, each for itself."""
    store.write(Batch(newest_stamp=stamp(5)))
    store.write(Batch(server_offset_ms=-86_400_000.25))
    store.write(Batch(tokens={"sessions": b"x"}))
    assert (stamp(5), -86_400_000.25) == (
        store.identity().newest_stamp,
        store.identity().server_offset_ms,
    )


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


def test_tokens_are_kept_and_forgotten(store: Store) -> None:
    """A resume token is kept per target, byte for byte; an empty one forgets it."""
    store.write(Batch(tokens={"sessions": b"\x00\x01", "doc": b"x"}))
    store.write(Batch(tokens={"doc": b"", "unheard": b""}))
    assert {"sessions": b"\x00\x01"} == dict(store.tokens())
    assert [b"\x00\x01", b"", b""] == [store.token(target) for target in ("sessions", "doc", "unheard")]


def test_odd_names(store: Store) -> None:
    """Session ids, field names and target keys may be any text."""
    for name in ("", "'; DROP TABLE outbox; --", "日本語", "a\x00b", "é" * 300, "%_*?", "A", "a"):
        id = SessionId(name)
        store.write(Batch(pending={id: [edit(name, name, 1)]}, local={id: {name: name}}, tokens={name: b"1"}))
        stored = store.load(id)
        assert stored is not None
        assert ((edit(name, name, 1),), {name: name}) == (stored.pending, stored.local)
    assert 8 == len(store.sessions())
    assert 8 == len(store.tokens())


@pytest.mark.parametrize("closing", [1, 2])
def test_closed_store_says_so(store: Store, closing: int) -> None:
    """A closed store refuses every call, and closing twice is as good as once."""
    for _ in range(closing):
        store.close()
    calls: list[Callable[[], object]] = [store.identity, store.sessions, store.tokens, store.owed]
    calls += [lambda: store.load(BOOK), lambda: store.token("a"), lambda: store.recent(1)]
    for call in calls:
        with pytest.raises(Closed):
            call()


def test_faulty_store_changes_nothing_when_full(store: Store) -> None:
    """The tests' own faulty store fails when it should, with nothing changed, and dies for good."""
    faulty = FaultyStore(store, full=[2], after=3)
    faulty.write(Batch(tokens={"a": b"1"}))
    with pytest.raises(StorageFull):
        faulty.write(Batch(tokens={"a": b"2"}))
    assert {"a": b"1"} == dict(faulty.tokens())
    with pytest.raises(Died):
        faulty.write(Batch(tokens={"a": b"3"}))
    assert {"a": b"3"} == dict(store.tokens())
    with pytest.raises(Died):
        faulty.write(Batch(tokens={"a": b"4"}))


@pytest.mark.parametrize("value", [object(), {1, 2}, "\ud800"], ids=["object", "set", "no-unicode"])
def test_what_cannot_be_stored_changes_nothing(tmp_path: Path, value: object) -> None:
    """A value that no field can hold is a UsageError, and nothing of its batch is stored. (SQLite only.)"""
    store = SqliteStore.open(tmp_path, "alice")
    name = value if isinstance(value, str) else "field"
    bad = Batch(pending={BOOK: [edit("a", 1, 1), edit(name, value, 2)]}, tokens={"t": b"1"})  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        store.write(bad)
    assert ([], {}) == (list(store.sessions()), dict(store.tokens()))
    store.write(Batch(tokens={"t": b"2"}))
    store.close()


WRITE_FOR_EVER = """
import itertools, sys
from dalsegno._core.ports import Batch
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, edit, stamp

store = SqliteStore.open(sys.argv[1], "alice")
for seq in itertools.count(store.load(BOOK).pending[-1].seq + 1 if store.load(BOOK) else 1):
    store.write(Batch(pending={BOOK: [edit("a", seq, seq), edit("b", seq, seq)]}, newest_stamp=stamp(seq)))
    print(seq, flush=True)
"""


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """Of a process killed while it writes without pause, what returned is there, and nothing by half."""
    for round in range(4):
        command = [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            said = [writer.stdout.readline() for _ in range(37 * round + 1)]
            writer.kill()
            said += writer.stdout.readlines()
        returned = int([line for line in said if line.endswith("\n")][-1])
        store = SqliteStore.open(tmp_path, "alice")
        stored = store.load(BOOK)
        assert stored is not None
        [a, b] = stored.pending
        assert a.seq == b.seq == int(store.identity().newest_stamp[:15])
        assert a.seq in (returned, returned + 1)
        assert [] == store.notices
        store.close()
