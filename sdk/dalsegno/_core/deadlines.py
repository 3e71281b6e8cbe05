"""How long to wait for an answer: by the size of what is sent, and by how fast the link was. Pure.

A small call that is not answered in ten seconds is lost. A large commit on a slow uplink is only under way:
it gets as long as its bytes may take, and so do the calls beside it, whose answers may stand in line behind
what the server sends back of the document (its echo on the stream).
"""

from __future__ import annotations

LARGE_BYTES = 16 * 1024
"""From here on a commit goes on a connection of its own: it fills a slow uplink (15 KB/s) for a second."""

SLOWEST_BYTES_PER_S = 10_000.0
"""What a link is trusted with before it has shown how fast it is: a poor mobile uplink."""

SLACK = 2.0
"""A link that is shared, or grows slower, may take so many times as long as it should."""

MOST_S = 180.0
"""Whatever its size: a commit of 1 MiB at 10 KB/s, and then some."""

MOST_PATIENCE = 4
"""After each call in vain the next gets twice as long, up to so many times."""


class Deadlines:
    """One device's link. All times are of one steady clock, in seconds."""

    def __init__(self) -> None:
        self._bytes_per_s = 0.0
        self._patience = 1
        self._echo_until_s = 0.0
        self._under_way: list[int] = []

    @property
    def busy(self) -> bool:
        """Whether a large commit is under way."""
        return bool(self._under_way)

    def of(self, size: int, least_s: float, now_s: float) -> float:
        """For a call of so many bytes; a small one on an idle link gets `least_s`."""
        beside_s = sum(self._takes_s(other) for other in self._under_way)
        beside_s += max(self._echo_until_s - now_s, 0.0)
        own_s = SLACK * self._takes_s(size)
        return min(least_s * self._patience + own_s + beside_s, max(MOST_S, least_s))

    def began(self, size: int) -> None:
        """A call is under way; each ends by `answered` or `ended`."""
        if size >= LARGE_BYTES:
            self._under_way.append(size)

    def answered(self, size: int, took_s: float, now_s: float) -> None:
        self._over(size)
        self._patience = 1
        if size >= LARGE_BYTES:
            self._bytes_per_s = size / max(took_s, 1e-3)
            self._echo_until_s = now_s + took_s  # a link is seldom slower down than up

    def ended(self, size: int, *, in_vain: bool) -> None:
        """It failed; `in_vain`: after all its time, so that the link is slower than was thought, or dead."""
        self._over(size)
        if in_vain:
            self._bytes_per_s = 0.0
            self._patience = min(2 * self._patience, MOST_PATIENCE)

    def _takes_s(self, size: int) -> float:
        return size / (self._bytes_per_s or SLOWEST_BYTES_PER_S) if size >= LARGE_BYTES else 0.0

    def _over(self, size: int) -> None:
        if size in self._under_way:
            self._under_way.remove(size)
