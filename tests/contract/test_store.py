"""What every store promises, held against each of them, and against SQLite through restarts and kill -9."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dalsegno._core.document import NO_STAMP
from dalsegno._core.ports import Batch, Store
from dalsegno._core.types import SessionId
from dalsegno._errors import Closed, StorageFull, UsageError
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, Died, FaultyStore, edit, stamp


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
