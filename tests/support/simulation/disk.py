"""A disk that can be full, and a process that can die at each of its writes. Around any `Store`."""

from __future__ import annotations

from collections.abc import Callable

from dalsegno._core.document import StoredSession
from dalsegno._core.ports import Batch, Store
from dalsegno._core.types import SessionId
from dalsegno._errors import StorageFull
from tests.support.stores import Delegating, Died

Wrote = Callable[[Batch, dict[SessionId, StoredSession | None]], None]


class Disk(Delegating):
    """`wrote` is told of each batch that is on disk now, and of how its sessions were before."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.full = False
        self.was_full = False
        self.writes = 0
        self.dies_before: int | None = None
        self.dies_after: int | None = None
        self.wrote: Wrote = lambda _batch, _before: None

    def write(self, batch: Batch) -> None:
        self.writes += 1
        if self.dies_before is not None and self.writes >= self.dies_before:
            raise Died
        if self.full:
            self.was_full = True
            raise StorageFull("The disk takes no more: free space and try again.")
        before = {session: self.inner.load(session) for session in (*batch.pending, *batch.acked)}
        self.inner.write(batch)
        self.wrote(batch, before)
        if self.dies_after is not None and self.writes >= self.dies_after:
            raise Died
