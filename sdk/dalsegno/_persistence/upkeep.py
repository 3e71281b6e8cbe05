"""What keeps a store well while its client lives: the flush after edits, and the thorough look later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dalsegno._core.ports import Timers
from dalsegno._persistence.disk_flush import DiskFlush
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno._persistence.thorough import ThoroughCheck


class Tasks(Timers, Protocol):
    """The worker: timers, and tasks from other threads."""

    def post(self, task: Callable[[], None]) -> None: ...


class Upkeep:
    """Worker thread, but for `join`."""

    def __init__(self, store: SqliteStore, tasks: Tasks) -> None:
        self._flush = DiskFlush(store.sync, tasks)
        self._check = ThoroughCheck(store.database, tasks, tasks.post, store.check)

    def begin(self) -> None:
        self._check.begin()

    def edited(self) -> None:
        """Something was written that no server has yet."""
        self._flush.edited()

    def join(self, timeout_s: float) -> None:
        """Waits for what is under way on threads of its own."""
        self._flush.join(timeout_s)
        self._check.join(timeout_s)
