"""How often somebody may do a thing: a bucket of tries for each, that fills again with time.

Not thread-safe: who uses it holds a lock. Invariant: however many people come, no more than `SIZE` buckets
are kept; those that are given up first are full, or the emptying of the eldest is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

SIZE = 10_000


@dataclass(slots=True)
class Buckets:
    """`most` tries at once, and one more each `refill_s` seconds."""

    most: int
    refill_s: float
    now_s: Callable[[], float]
    _empty_until_s: dict[Hashable, float] = field(default_factory=dict)
    """When each bucket will be full again; a full one is not kept."""

    def wait_s(self, who: Hashable) -> float:
        """How long until the next try; 0 = now."""
        missing = (self._empty_until_s.get(who, 0.0) - self.now_s()) / self.refill_s
        return max(0.0, (missing - (self.most - 1)) * self.refill_s)

    def take(self, who: Hashable) -> None:
        """One try, though there be none left."""
        now_s = self.now_s()
        full_s = max(now_s, self._empty_until_s.pop(who, now_s)) + self.refill_s
        if len(self._empty_until_s) >= SIZE:
            self._forget(now_s)
        self._empty_until_s[who] = full_s

    def _forget(self, now_s: float) -> None:
        for who in [who for who, full_s in self._empty_until_s.items() if full_s <= now_s]:
            del self._empty_until_s[who]
        while len(self._empty_until_s) >= SIZE:
            del self._empty_until_s[next(iter(self._empty_until_s))]
