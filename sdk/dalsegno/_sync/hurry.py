"""Whether edits are sent without being collected: the app flushes, or is about to leave. Worker thread."""

from __future__ import annotations

from collections.abc import Callable

from dalsegno._core.ports import Time

_NEVER = float("-inf")


class Hurry:
    """A flush is over when nothing is owed any more; a leave lasts, as the last edits are yet to come."""

    def __init__(self, time: Time, owes: Callable[[], bool]) -> None:
        self._time, self._owes = time, owes
        self._until_ms = _NEVER
        self._leaving = False

    def begin(self, for_ms: float, *, leaving: bool) -> None:
        """For so long at the most."""
        self._until_ms, self._leaving = self._time.steady_ms() + for_ms, leaving
        self.look()

    def look(self) -> None:
        """Something was sent, or let go of."""
        if not (self._leaving or self._owes()):
            self._until_ms = _NEVER

    @property
    def on(self) -> bool:
        return self._time.steady_ms() < self._until_ms
