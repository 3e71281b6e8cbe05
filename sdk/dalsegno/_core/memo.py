"""What was worked out last, for the very same values: by identity. Pure; any thread.

For values that never change, and are asked about again and again: entries of a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """Keeps the newest few results, and the values that they are of, so that no other takes on their
    identity."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}

    def has(self, values: tuple[object, ...]) -> bool:
        """Whether it was asked about these lately."""
        return tuple(map(id, values)) in self._known

    def of(self, values: tuple[object, ...], make: Callable[[], T]) -> T:
        """What `make` gives, or gave."""
        name = tuple(map(id, values))
        found = self._known.get(name)
        if found is not None:
            return found[1]
        made = make()
        newest = list(self._known.items())[1 - self._most :]
        self._known = dict([*newest, (name, (values, made))])
        return made
