"""Each store against a plain model of the disk, through any sequence of batches, restarts and full disks."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dalsegno._core.document import NO_STAMP, Document, Entry, Pending, StoredSession
from dalsegno._core.ports import Batch, Identity, Store
from dalsegno._core.types import DeviceId, Millis, SessionId, Stamp
from dalsegno._errors import StorageFull
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno.testing._memory_persistence import MemoryStore
from tests.support.stores import document, stamp

ids = st.sampled_from([SessionId(name) for name in "abc"])
fields = st.sampled_from(["place", "volume"])
plain = st.none() | st.integers(0, 3) | st.text(max_size=3) | st.lists(st.integers(0, 2), max_size=2)
times = st.integers(0, 50).map(Millis)
stamps = st.integers(0, 99).map(stamp)
documents = st.builds(
    document, st.dictionaries(fields, plain), st.integers(1, 40), schema=st.sampled_from(["s/1", "s/2"])
)
edits = st.builds(
    Pending,
    fields,
    st.builds(Entry, plain, stamps, st.integers(0, 5)),
    st.integers(1, 30),
    times,
    st.booleans(),
    stamps,
)
batches = st.builds(
    Batch,
    opened=st.dictionaries(ids, st.tuples(st.sampled_from(["s/1", "s/2"]), times), max_size=2),
    bases=st.dictionaries(ids, st.none() | documents, max_size=2),
    pending=st.dictionaries(ids, st.lists(edits, max_size=3, unique_by=lambda row: row.seq), max_size=2),
    acked=st.dictionaries(ids, st.dictionaries(fields, st.integers(0, 30)), max_size=2),
    local=st.dictionaries(ids, st.dictionaries(fields, plain), max_size=2),
    tokens=st.dictionaries(st.sampled_from(["sessions", "devices"]), st.binary(max_size=3), max_size=2),
    parked=st.dictionaries(ids, st.sampled_from(["", "denied"]), max_size=2),
    newest_stamp=st.none() | stamps,
    server_offset_ms=st.none() | st.floats(-1e9, 1e9),
)


@dataclass
class Model:
    """The disk as sets of facts, one dictionary each; no code in common with any store."""

    schemas: dict[SessionId, str] = field(default_factory=dict)
    opened: dict[SessionId, int] = field(default_factory=dict)
    bases: dict[SessionId, Document] = field(default_factory=dict)
    rows: dict[tuple[SessionId, str], Pending] = field(default_factory=dict)
    local: dict[tuple[SessionId, str], Any] = field(default_factory=dict)
    tokens: dict[str, bytes] = field(default_factory=dict)
    parked: dict[SessionId, str] = field(default_factory=dict)
    stamp: Stamp = NO_STAMP
    offset: float | None = None

    def apply(self, batch: Batch) -> None:
        for id, (schema, at) in batch.opened.items():
            self.schemas[id], self.opened[id] = schema, at
        for id, base in batch.bases.items():
            self.bases.pop(id, None)
            if base is not None:
                self.bases[id] = base
                self.schemas[id] = self.schemas.get(id) or base.schema
        for id, rows in batch.pending.items():
            for row in rows:
                self.rows[id, row.field] = row
                self.schemas.setdefault(id, "")
        for id, newest in batch.acked.items():
            self.rows = {
                key: row
                for key, row in self.rows.items()
                if key[0] != id or row.seq > newest.get(row.field, -1)
            }
        for id, values in batch.local.items():
            for name, value in values.items():
                self.local[id, name] = value
                self.schemas.setdefault(id, "")
        for id, reason in batch.parked.items():
            self.parked[id] = reason
            if reason:
                self.schemas.setdefault(id, "")
        self.tokens = {target: token for target, token in {**self.tokens, **batch.tokens}.items() if token}
        self.stamp = batch.newest_stamp or self.stamp
        self.offset = self.offset if batch.server_offset_ms is None else batch.server_offset_ms

    def session(self, id: SessionId) -> StoredSession | None:
        if id not in self.schemas:
            return None
        pending = sorted(
            (row for key, row in self.rows.items() if key[0] == id), key=lambda row: (row.seq, row.field)
        )
        local = {name: value for (owner, name), value in self.local.items() if owner == id}
        return StoredSession(
            id,
            self.schemas[id],
            self.bases.get(id),
            tuple(pending),
            local,
            self.parked.get(id, ""),
            self.opened.get(id, 0),
        )

    def sessions(self) -> list[StoredSession]:
        return [stored for id in sorted(self.schemas) if (stored := self.session(id))]


class Disk(RuleBasedStateMachine):
    """Whatever is written, in any order, the store says what the model says, after a restart too."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.store: Store = self.first()
        self.device: DeviceId = self.store.identity().device

    def first(self) -> Store:
        raise NotImplementedError

    @rule(batch=batches)
    def write(self, batch: Batch) -> None:
        self.store.write(batch)
        self.model.apply(batch)

    @invariant()
    def says_what_the_model_says(self) -> None:
        expected: Mapping[str, Any] = {
            "sessions": self.model.sessions(),
            "tokens": self.model.tokens,
            "identity": Identity(self.device, self.model.stamp, self.model.offset),
        }
        assert expected == {
            "sessions": list(self.store.sessions()),
            "tokens": dict(self.store.tokens()),
            "identity": self.store.identity(),
        }
        for id in (SessionId(name) for name in "abcd"):
            assert self.model.session(id) == self.store.load(id)

    def teardown(self) -> None:
        self.store.close()


class MemoryDisk(Disk):
    def first(self) -> Store:
        return MemoryStore()

    @rule()
    def restart(self) -> None:
        assert isinstance(self.store, MemoryStore)
        self.store = self.store.reopened()


class SqliteDisk(Disk):
    def first(self) -> Store:
        self.folder = tempfile.TemporaryDirectory()
        return SqliteStore.open(self.folder.name, "alice")

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = SqliteStore.open(self.folder.name, "alice")
        assert [] == self.store.notices

    @rule(batch=batches)
    def write_to_a_full_disk(self, batch: Batch) -> None:
        assert isinstance(self.store, SqliteStore)
        connection = self.store._open_connection()
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
        huge = Batch(
            **{name: getattr(batch, name) for name in batch.__slots__} | {"tokens": {"x": b"x" * 99_000}}
        )
        with pytest.raises(StorageFull):
            self.store.write(huge)
        connection.execute("PRAGMA max_page_count = 1000000")

    @rule(place=st.floats(0, 1), junk=st.binary(min_size=1, max_size=64))
    def spoil_what_lies_beside_it(self, place: float, junk: bytes) -> None:
        """Left-overs of other deaths: none of them may be taken for data."""
        for name in (".building", ".salvage", ".salvage-wal"):
            Path(self.folder.name, f"store.sqlite{name}").write_bytes(junk)

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


MemoryDisk.TestCase.settings = settings(max_examples=60, stateful_step_count=20)
SqliteDisk.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestMemoryDisk = MemoryDisk.TestCase
TestSqliteDisk = SqliteDisk.TestCase
