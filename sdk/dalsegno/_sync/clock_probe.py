"""Asks the server's time on each new stream. Runs on the worker thread.

It is asked by a read of the device's own card, whose round trip is shorter than the opening of a stream: two
devices must agree where a moving playhead stands.
"""

from __future__ import annotations

from dalsegno._core.messages import ReadDone, ReadFailed
from dalsegno._core.ports import Remote, Time
from dalsegno._sync.local_store import LocalStore

EXACT_MS = 5.0
"""Two devices that are each so exact show a moving playhead within 10 ms of each other."""

MOST_QUESTIONS = 5
"""Each is billed as a read; a link that is too slow for `EXACT_MS` is asked so often and no more."""

PROBE = -1
"""The ticket of our reads: there is never more than one on its way."""


class ClockProbe:
    """`begin` on each new stream; it asks again if the answer leaves too much open."""

    def __init__(self, local_store: LocalStore, time: Time) -> None:
        self._local_store, self._time = local_store, time
        self._remote: Remote | None = None
        self._asked_ms: float | None = None
        self._questions = 0

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    def begin(self) -> None:
        self._questions = MOST_QUESTIONS
        self._ask()

    def stop(self) -> None:
        """Whatever is still answered, nothing more is asked."""
        self._questions = 0

    def _ask(self) -> None:
        """One question at a time, so that no answer is taken for another's."""
        exact = self._local_store.server.error_ms <= EXACT_MS
        if self._remote is None or self._asked_ms is not None or not self._questions or exact:
            return
        self._questions -= 1
        self._asked_ms = self._time.steady_ms()
        self._remote.read(PROBE, ("devices", self._local_store.device))

    def handle_read(self, event: ReadDone | ReadFailed) -> None:
        """The answer, if it is one. A failure costs precision until the next stream: no retry now."""
        if event.ticket != PROBE:
            return
        asked_ms, self._asked_ms = self._asked_ms, None
        if isinstance(event, ReadDone) and asked_ms is not None:
            self._local_store.heard(event.read_time, asked_ms)
            self._ask()
