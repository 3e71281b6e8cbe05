"""How long to wait before trying again: the numbers of Google's own mobile SDKs. Pure.

The first retry goes at once, then 1 s × 1.5 up to 60 s, each ±50 %; a server that is out of quota gets the
longest wait right away.
"""

from __future__ import annotations

from collections.abc import Callable

FIRST_MS = 1_000.0
FACTOR = 1.5
MOST_MS = 60_000.0
JITTER = 0.5


class Backoff:
    """One series of retries. `random` gives 0 ≤ x < 1."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._base_ms = 0.0

    def next_ms(self) -> float:
        """How long to wait now, in milliseconds; the wait after it is longer."""
        wait = self._base_ms * (1 + JITTER * (2 * self._random() - 1))
        self._base_ms = min(max(self._base_ms * FACTOR, FIRST_MS), MOST_MS)
        return wait

    def reset(self) -> None:
        """The server answered: begin anew."""
        self._base_ms = 0.0

    def soften(self) -> None:
        """The server answered, but not for long: begin anew, though not at once."""
        self._base_ms = min(self._base_ms, FIRST_MS) or FIRST_MS

    def to_most(self) -> None:
        """RESOURCE_EXHAUSTED: no use in asking soon."""
        self._base_ms = MOST_MS
