"""Stores for tests: one that restarts after each write, one that is killed after each, and a faulty one."""

from __future__ import annotations

import atexit
import functools
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dalsegno._core.document import Document, Entry, Pending, StoredSession
from dalsegno._core.ports import Batch, Identity, Store
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId, Stamp, Value
from dalsegno._errors import StorageFull
from dalsegno._persistence.sqlite import SqliteStore

BOOK = SessionId("book-1")
SONG = SessionId("song-1")


def stamp(ms: int, device: str = "00000000000000aa") -> Stamp:
    return Stamp(f"{ms:015d}-00000-{device}")


def edit(field: str, value: Value, seq: int, *, device_ms: int | None = None) -> Pending:
    ms = seq if device_ms is None else device_ms
    return Pending(field, Entry(value, stamp(ms), basis=seq), seq, Millis(ms), corrected=True)


def document(values: Mapping[str, Value], rev: int, *, schema: str = "reading/1") -> Document:
    """What the server has at `rev`, written `rev` milliseconds after the epoch."""
    entries = {name: Entry(value, stamp(rev), basis=rev - 1) for name, value in values.items()}
    at = Micros(rev * 1000)
    return Document(schema, entries, rev, Millis(rev), DeviceId("00000000000000bb"), at, at)


class Delegating:
    """Hands every call to `inner`."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner

    def identity(self) -> Identity:
        return self.inner.identity()

    def load(self, session: SessionId) -> StoredSession | None:
        return self.inner.load(session)

    def sessions(self) -> Sequence[StoredSession]:
        return self.inner.sessions()

    def owed(self) -> Sequence[StoredSession]:
        return self.inner.owed()

    def recent(self, limit: int) -> Sequence[StoredSession]:
        return self.inner.recent(limit)

    def prune(self, most: int) -> None:
        self.inner.prune(most)

    def tokens(self) -> Mapping[str, bytes]:
        return self.inner.tokens()

    def token(self, target: str) -> bytes:
        return self.inner.token(target)

    def write(self, batch: Batch) -> None:
        self.inner.write(batch)

    def close(self) -> None:
        self.inner.close()


class Restarting(Delegating):
    """Closes and opens the store again after each write."""

    def __init__(self, reopen: Callable[[Store | None], Store]) -> None:
        super().__init__(reopen(None))
        self._reopen = reopen

    def write(self, batch: Batch) -> None:
        self.inner.write(batch)
        self.inner = self._reopen(self.inner)


class Killed(Delegating):
    """Each write is made by a process of its own, which is killed (SIGKILL) as soon as the write returned."""

    def __init__(self, folder: Path, user: str) -> None:
        super().__init__(SqliteStore.open(folder, user))
        self._folder, self._user = folder, user

    def write(self, batch: Batch) -> None:
        self.inner.close()
        try:
            outcome = write_and_die(self._folder, self._user, batch)
        finally:
            self.inner = SqliteStore.open(self._folder, self._user)
        if outcome is not None:
            raise outcome


def write_and_die(folder: Path, user: str, batch: Batch) -> Exception | None:
    """Writes in another process and kills that; what the write raised, if anything."""
    worker = _store_worker()
    assert worker.stdin is not None
    assert worker.stdout is not None
    pickle.dump((str(folder), user, batch), worker.stdin)
    worker.stdin.flush()
    outcome: Exception | None = pickle.load(worker.stdout)
    return outcome


@functools.cache
def _store_worker() -> subprocess.Popen[bytes]:
    """One for the whole run: it ends when its standard input does."""
    command = [sys.executable, "-m", "tests.support.store_worker"]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(worker.communicate)
    return worker


class Died(BaseException):
    """The process "died" at a write: no handler of the code under test may go on."""


class FaultyStore(Delegating):
    """Fails or dies at chosen writes, counted from 1; after a death nothing works any more.

    full      writes that raise StorageFull, and change nothing
    before    the write before which the process dies;  after: the write after which it dies
    """

    def __init__(
        self, inner: Store, *, full: Sequence[int] = (), before: int | None = None, after: int | None = None
    ) -> None:
        super().__init__(inner)
        self.full, self.before, self.after = set(full), before, after
        self.writes = 0
        self._dead = False

    def write(self, batch: Batch) -> None:
        if self._dead:
            raise Died
        self.writes += 1
        if self.writes == self.before:
            self._die()
        if self.writes in self.full:
            raise StorageFull(f"The disk takes no more (write {self.writes} of this test).")
        self.inner.write(batch)
        if self.writes == self.after:
            self._die()

    def _die(self) -> None:
        self._dead = True
        raise Died
