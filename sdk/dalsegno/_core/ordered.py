"""`Ordered`: the value of an `ordered` field, a sequence whose items keep their identity. Pure; any thread.

Invariant: an `Ordered` never changes; whatever edits it gives a new one, which remembers what the app saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, SupportsIndex, TypeVar, overload

from dalsegno._core.wishes import ItemId

T = TypeVar("T")


class Named(list[Any]):
    """A plain list as a session shows it, with the names of its items."""

    __slots__ = ("names",)

    def __init__(self, values: Iterable[Any], names: tuple[ItemId, ...]) -> None:
        super().__init__(values)
        self.names = names


class Ordered(Sequence[T], Generic[T]):
    """A sequence of small items, such as a queue: the value of a field that is declared with `ordered`.

    It does not change; each method gives a new one, for
    `session.update(queue=session.state.queue.append("c1"))`. What that says is the one step, not the whole
    list: other devices' steps, made at the same time or since this one was read, are kept. It is equal to
    lists and tuples of the same items.
    """

    __slots__ = ("_items", "_moved", "_origins", "_seen", "_seen_names")

    def __init__(self, items: Iterable[T] = ()) -> None:
        """A sequence of new items; `update` compares it with the one that the session shows."""
        self._items: tuple[T, ...] = tuple(items)
        self._origins: tuple[int | None, ...] | None = None
        """For each item its index in `_seen`; None = a new one. None as a whole: made of nothing."""
        self._moved: frozenset[int] = frozenset()
        """Indexes in `_seen` of what was moved by itself."""
        self._seen: tuple[T, ...] = ()
        self._seen_names: tuple[ItemId, ...] | None = None

    @classmethod
    def _shown(cls, items: Iterable[T], names: tuple[ItemId, ...] | None) -> Ordered[T]:
        """As a session shows it."""
        made = cls(items)
        made._seen, made._seen_names = made._items, names
        made._origins = tuple(range(len(made._items)))
        return made

    def _with(self, items: Sequence[T], origins: Sequence[int | None]) -> Ordered[T]:
        made: Ordered[T] = Ordered(items)
        made._seen, made._seen_names, made._moved = self._seen, self._seen_names, self._moved
        made._origins = None if self._origins is None else tuple(origins)
        return made

    @property
    def _from(self) -> Sequence[int | None]:
        return [None] * len(self._items) if self._origins is None else self._origins

    def append(self, item: T) -> Ordered[T]:
        """With this item behind the last."""
        return self.extend((item,))

    def extend(self, items: Iterable[T]) -> Ordered[T]:
        """With these items behind the last."""
        return self._put(len(self), tuple(items))

    def insert(self, index: int, item: T) -> Ordered[T]:
        """With this item before the one at `index`, as a list does it."""
        return self._put(index, (item,))

    def _put(self, index: int, items: tuple[T, ...]) -> Ordered[T]:
        mine, origins = list(self._items), list(self._from)
        mine[index:index] = items
        origins[index:index] = [None] * len(items)
        return self._with(mine, origins)

    def move(self, index: int, to: int) -> Ordered[T]:
        """With the item at `index` taken out, and put in again so that it stands at `to`. Raises
        IndexError."""
        mine, origins = list(self._items), list(self._from)
        item, origin = mine.pop(index), origins.pop(index)
        mine.insert(to if to >= 0 else len(self) + to, item)
        origins.insert(to if to >= 0 else len(self) + to, origin)
        made = self._with(mine, origins)
        made._moved |= frozenset() if origin is None else {origin}
        return made

    def remove(self, item: T) -> Ordered[T]:
        """Without the first item that is equal to this one. Raises ValueError if there is none."""
        return self.pop(self._items.index(item))

    def pop(self, index: int = -1) -> Ordered[T]:
        """Without the item at `index`, by default the last; it is read beforehand. Raises IndexError."""
        mine, origins = list(self._items), list(self._from)
        del mine[index], origins[index]
        return self._with(mine, origins)

    def replace(self, index: int, item: T) -> Ordered[T]:
        """With the item at `index` changed into this one; it stays the same item. Raises IndexError."""
        mine = list(self._items)
        mine[index] = item
        return self._with(mine, self._from)

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Ordered[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | Ordered[T]:
        if isinstance(index, slice):
            return self._with(self._items[index], self._from[index])
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __reversed__(self) -> Iterator[T]:
        return reversed(self._items)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Ordered):
            return self._items == other._items
        return self._items == tuple(other) if isinstance(other, (list, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Ordered({list(self._items)!r})"

    def __reduce__(self) -> tuple[type[Ordered[T]], tuple[tuple[T, ...]]]:
        """A copy for elsewhere is a sequence of its own."""
        return Ordered, (self._items,)
