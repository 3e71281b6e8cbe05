"""The items of a sequence as replicas join them: no edit gets lost, and no removed item comes back. Pure.

This is the optimized OR-Set (Bieniusa, Zawirski, Preguiça, Shapiro, Baquero, Balegas, Duarte: An Optimized
Conflict-Free Replicated Set, 2012). Each write of an item is a version with a name of its own, and `seen`
says up to which name a replica has heard of each device. Of a version that one replica has and the other
lacks, the other's `seen` tells whether it is news there, or was removed. So a removal leaves no tombstone,
however many items have come and gone. A version goes through three states, unknown, there, gone, and a join
takes the later one: therefore it is commutative, associative and idempotent.

Who removes an item removes the versions that they have seen. One that another device has changed or moved
meanwhile stays: no edit is lost without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dalsegno._core.clock import is_stamp
from dalsegno._core.orders import is_same, order_of
from dalsegno._core.positions import Position, row
from dalsegno._core.record import record
from dalsegno._core.types import Stamp, Value
from dalsegno._core.wishes import ItemId

NOBODY = ""
"""The device of items that have no names of their own: what stood there without bookkeeping."""
_MOST_NAMELESS = 1 << 20
"""Items of one sequence without bookkeeping: a document of 1 MiB has no more."""


@record(frozen=True, slots=True)
class Version:
    """One write of an item. Its value and its place have stamps of their own: another device may have changed
    the one while this one moved the other.

    item      which item it is, the name of its first version
    written   the stamp of its value;  placed: of its position
    """

    item: ItemId
    value: Value
    written: Stamp
    position: Position
    placed: Stamp


@record(frozen=True, slots=True)
class Item:
    """An item as it shows: the newest of its values, at the newest of its places.

    names   of all its versions; more than one while nobody has written it since it was written twice at once
    """

    id: ItemId
    value: Value
    written: Stamp
    position: Position
    placed: Stamp
    names: tuple[ItemId, ...]


class Items:
    """All versions that are there, by name; `seen`: device → the newest count that was heard of."""

    __slots__ = ("_shown", "seen", "versions")

    def __init__(self, versions: Mapping[ItemId, Version], seen: Mapping[str, int]) -> None:
        self.versions, self.seen = versions, seen
        self._shown: list[Item] | None = None

    @property
    def shown(self) -> list[Item]:
        """The items in their order, which is the same everywhere."""
        if self._shown is None:
            self._shown = sorted(_items(self.versions), key=lambda item: (item.position, item.id))
        return self._shown

    def knows(self, name: ItemId) -> bool:
        """Whether this version was ever heard of; if it is not there, it was removed or written over."""
        return name[1] <= self.seen.get(name[0], -1)


def _items(versions: Mapping[ItemId, Version]) -> Iterable[Item]:
    several: dict[ItemId, list[ItemId]] = {}
    for name, version in versions.items():
        several.setdefault(version.item, []).append(name)
    for item, names in several.items():
        if len(names) == 1:
            v = versions[names[0]]
            yield Item(item, v.value, v.written, v.position, v.placed, (names[0],))
        else:
            yield _newest(item, sorted(names), versions)


def _newest(item: ItemId, names: list[ItemId], versions: Mapping[ItemId, Version]) -> Item:
    found = [versions[name] for name in names]
    value = max(found, key=lambda v: (v.written, order_of(v.value)))
    place = max(found, key=lambda v: (v.placed, v.position))
    return Item(item, value.value, value.written, place.position, place.placed, tuple(names))


def nameless(values: Iterable[Value], stamp: Stamp) -> Items:
    """A sequence that stands there without bookkeeping: the last writer's, whole, as a `latest` field has it.

    The same on every device that finds it, so that two who begin upon it do not have everything twice.
    """
    listed = list(values)
    first = number_of(stamp) * _MOST_NAMELESS
    places = row(NOBODY, len(listed))
    versions = {
        (NOBODY, first + n): Version((NOBODY, first + n), value, stamp, places[n], stamp)
        for n, value in enumerate(listed)
    }
    return Items(versions, {NOBODY: first + _MOST_NAMELESS - 1})


def number_of(stamp: Stamp) -> int:
    """A stamp as a number; later ones are higher."""
    return int(stamp[:15] + stamp[16:21]) << 64 | int(stamp[22:], 16) if is_stamp(stamp) else 0


def joined(ours: Items, theirs: Items) -> Items:
    """What both know together."""
    both = ours.versions.keys() & theirs.versions.keys()
    versions = {name: v for name, v in ours.versions.items() if name not in both and not theirs.knows(name)}
    versions |= {name: v for name, v in theirs.versions.items() if name not in both and not ours.knows(name)}
    versions |= {name: _one_of(ours.versions[name], theirs.versions[name]) for name in both}
    return Items(versions, _later(ours.seen, theirs.seen))


def _later(ours: Mapping[str, int], theirs: Mapping[str, int]) -> dict[str, int]:
    return {
        device: max(ours.get(device, 0), theirs.get(device, 0))
        for device in sorted(ours.keys() | theirs.keys())
    }


def _one_of(ours: Version, theirs: Version) -> Version:
    """One name and two versions: somebody changed them by hand. Part by part, the higher one."""
    if _is_same_version(ours, theirs):
        return ours
    value = max((v.written, order_of(v.value), n) for n, v in enumerate((ours, theirs)))[-1]
    place = max((v.placed, v.position, n) for n, v in enumerate((ours, theirs)))[-1]
    written, placed = (ours, theirs)[value], (ours, theirs)[place]
    item = max(ours.item, theirs.item)
    return Version(item, written.value, written.written, placed.position, placed.placed)


def _is_same_version(ours: Version, theirs: Version) -> bool:
    return ours is theirs or (
        ours.written == theirs.written
        and ours.placed == theirs.placed
        and ours.position == theirs.position
        and ours.item == theirs.item
        and is_same(ours.value, theirs.value)
    )


def contains(ours: Items, theirs: Items) -> bool:
    """Whether `theirs` has no news for `ours`: no version, no change, no removal."""
    return (
        all(count <= ours.seen.get(device, -1) for device, count in theirs.seen.items())
        and all(name in theirs.versions or not theirs.knows(name) for name in ours.versions)
        and all(
            _is_same_version(v, _one_of(v, theirs.versions[name]))
            for name, v in ours.versions.items()
            if name in theirs.versions
        )
    )
