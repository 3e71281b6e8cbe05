"""The look at the whole database, too slow for a start: some seconds later, on a thread of its own.

It reads the file beside the running store, without a lock and without the log, so that nobody waits. What it
finds is therefore only a suspicion (the file may be changing under it), and the store looks again by itself.
Invariant: this thread changes nothing, neither on disk nor in the store.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dalsegno._core.ports import Timers
from dalsegno._persistence.set_aside import is_whole, scanned
from dalsegno._persistence.sqlite_error import FAULTS, is_damage

AFTER_MS = 10_000.0
"""After the app's own start: its first picture and the first connection need the processor and the disk."""


REST_EVERY, REST_S = 200, 0.002
"""After so many rows the interpreter is left to the app's own thread."""


class ThoroughCheck:
    """Once in the life of a client. `post` runs a task on the worker; `check` is the store's own look."""

    def __init__(
        self,
        database: Path,
        timers: Timers,
        post: Callable[[Callable[[], None]], None],
        check: Callable[[], None],
    ) -> None:
        self._database, self._timers, self._post, self._check = database, timers, post, check
        self._thread: threading.Thread | None = None

    def begin(self, after_ms: float = AFTER_MS) -> None:
        """Worker thread."""
        self._timers.set("thorough check", after_ms, self._start)

    def join(self, timeout_s: float) -> None:
        """Waits for a look that is under way."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="dalsegno-check", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # Twice: what was only being written at the one moment is not at the other.
        if looks_damaged(self._database) and looks_damaged(self._database):
            self._post(self._check)


def looks_damaged(database: Path) -> bool:
    """Whether the file, read as it is at this moment, seems damaged. Any thread; changes nothing."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as connection:
            return bool(is_whole(connection)) or _any_flawed(connection)
    except FAULTS as fault:
        # Tables that are only in the log yet are no damage.
        return is_damage(fault, opening=False) and not str(fault).startswith("no such")
    except OSError:
        return False


def _any_flawed(connection: sqlite3.Connection) -> bool:
    for number, found in enumerate(scanned(connection), 1):
        if found is not None:
            return True
        if number % REST_EVERY == 0:
            time.sleep(REST_S)
    return False
