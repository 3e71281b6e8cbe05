"""Edits against power cuts: one flush of the disk for a burst of edits, on a thread of its own.

`edited` runs on the worker thread. Invariant: after an edit a flush begins within `POWER_CUT_MS`, however
long the burst goes on; nobody ever waits for it. (The death of the process alone loses nothing.)
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from dalsegno._core.ports import Timers
from dalsegno._errors import DalSegnoError

log = logging.getLogger("dalsegno")

POWER_CUT_MS = 1_000.0
"""An edit survives the process's death at once, and a power cut this much later. A flush collides with the
next write to the same log: four flushes a second showed in the 95th percentile of `update()`."""

RIPE_MS = 700.0
"""From here on the flush begins right after an edit, when the next one is farthest away."""


class DiskFlush:
    """Calls `sync` a moment after edits."""

    def __init__(self, sync: Callable[[], None], timers: Timers) -> None:
        self._sync, self._timers = sync, timers
        self._due = self._ripe = False
        self._thread: threading.Thread | None = None

    def edited(self) -> None:
        """Something was written that no server has yet."""
        if not self._due:
            self._due = True
            self._timers.set("power cut is ripe", RIPE_MS, self._ripen)
            self._timers.set("power cut", POWER_CUT_MS, self._flush)
        elif self._ripe:
            self._timers.set("power cut", 0, self._flush)

    def join(self, timeout_s: float) -> None:
        """Waits for a flush that is under way."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _ripen(self) -> None:
        self._ripe = True

    def _flush(self) -> None:
        """Not on the worker: a phone's memory takes up to a tenth of a second, and an `update` would wait."""
        self._due = self._ripe = False
        self._thread = threading.Thread(target=self._run, name="dalsegno-disk", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._sync()
        except DalSegnoError as error:
            log.warning("edits would not survive a power cut yet: %s", error)
