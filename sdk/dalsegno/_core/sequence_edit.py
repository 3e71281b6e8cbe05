"""An edit of a sequence: what it does to the items as they stand, and nothing beyond that. Pure.

The app gives the sequence as it wants it, made of the one that it saw (`Revised`). The difference of these
two is the edit: items that are new, gone, moved, changed. It is done to the newest items, whatever other
devices have done to them meanwhile: what the app had not seen stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from dalsegno._core.items import Item, Items, Version
from dalsegno._core.orders import is_same
from dalsegno._core.positions import Position, between, row
from dalsegno._core.record import record
from dalsegno._core.sequence_diff import longest_rise, sources
from dalsegno._core.types import DeviceId, Stamp, Value
from dalsegno._core.wishes import ItemId, Revised


@record(frozen=True, slots=True)
class Difference:
    """What an app did to the sequence that it saw.

    wanted   what it gave, in order: which item, None = a new one; and its value, if that is new
    removed  items that it left out
    moved    items that stand elsewhere among the others than it saw them
    """

    wanted: Sequence[tuple[ItemId | None, Value]]
    removed: frozenset[ItemId]
    moved: frozenset[ItemId]
    changed: frozenset[ItemId]


def difference(
    now: Sequence[Item], seen: Sequence[Value], given: Sequence[Value], wish: Revised, lines: bool
) -> Difference:
    """`seen`, `given`: what the wish says, item by item. `lines`: it is a text."""
    origins = wish.sources
    if origins is None or len(origins) != len(given):
        origins = tuple(sources(seen, given, moves=not lines, pairs=lines))
    ids = _ids(now, seen, wish, lines)
    wanted: list[tuple[ItemId | None, Value]] = []
    changed: set[ItemId] = set()
    for value, origin in zip(given, origins, strict=True):
        name = None if origin is None else ids[origin]
        is_new = origin is None or not is_same(value, seen[origin])
        if name is not None and is_new:
            changed.add(name)
        if name is not None or is_new:  # else another device removed it, and here nobody touched it
            wanted.append((name, value))
    kept = {origin: name for origin in origins if origin is not None and (name := ids[origin]) is not None}
    gone = {name for name in ids if name is not None} - set(kept.values())
    moved = {kept[origin] for origin in _moved(list(kept), wish.moved)}
    return Difference(wanted, frozenset(gone), frozenset(moved), frozenset(changed))


def _moved(kept: Sequence[int], named: Set[int]) -> set[int]:
    """Of items in their new order, by their places in the old one: those that have to be moved for that. They
    are the ones that the app has moved; of the rest, as few as possible."""
    others = [origin for origin in kept if origin not in named]
    still = {others[n] for n in longest_rise(others)}
    apart = {origin for origin in kept if origin not in still}
    return apart if apart and list(kept) != sorted(kept) else set()


def _ids(now: Sequence[Item], seen: Sequence[Value], wish: Revised, lines: bool) -> list[ItemId | None]:
    """Which items the app saw; None for those that are not there any more. A sequence without names is
    compared with what stands there now."""
    found: list[ItemId | None] = [None] * len(seen)
    if wish.seen_ids is not None and len(wish.seen_ids) == len(seen):
        present = {item.id for item in now}
        return [name if name in present else None for name in wish.seen_ids]
    if wish.seen is None:
        return [item.id for item in now]
    origins = sources(seen, [item.value for item in now], moves=not lines, pairs=lines)
    for item, origin in zip(now, origins, strict=True):
        if origin is not None:
            found[origin] = item.id
    return found


def revised(items: Items, edit: Difference, stamp: Stamp) -> Items:
    """The items after the edit; the very same ones, if it changes nothing."""
    now = {item.id: item for item in items.shown}
    still = [name for name in now if name not in edit.removed and name not in edit.moved]
    line = _line(still, edit)
    touched = edit.moved | edit.changed
    if not edit.removed and not touched and len(line) == len(still):
        return items
    device = DeviceId(stamp[22:])
    places = _places(line, now, edit, device)
    gone = {version for name in edit.removed | touched for version in now[name].names}
    versions = {name: v for name, v in items.versions.items() if name not in gone}
    count = _counted(items, stamp)
    for index, (name, value) in enumerate(line):
        known = now.get(name) if name is not None else None
        if known is None or known.id in touched:
            count += 1
            versions[device, count] = _version((device, count), known, value, places.get(index), edit, stamp)
        elif index in places:
            versions |= _replaced(known, items.versions, places[index], stamp)
    return Items(versions, {**items.seen, device: count})


def _counted(items: Items, stamp: Stamp) -> int:
    """How far this device's names have come. They go with the time, a thousand and more in each millisecond:
    those of an edit that the app discarded, which may be on its way all the same, are not given again."""
    return max(items.seen.get(stamp[22:], 0), int(stamp[:15]) << 10)


def _replaced(
    item: Item, versions: Mapping[ItemId, Version], place: Position, stamp: Stamp
) -> dict[ItemId, Version]:
    """An item that nobody moved, at its place in a new numbering. Under its old names: it must not come back
    where another device removes it at the same time."""
    return {name: replace(versions[name], position=place, placed=stamp) for name in item.names}


def _version(
    name: ItemId, known: Item | None, value: Value, place: Position | None, edit: Difference, stamp: Stamp
) -> Version:
    if known is None:
        assert place is not None
        return Version(name, value, stamp, place, stamp)
    written = (value, stamp) if known.id in edit.changed else (known.value, known.written)
    placed = (known.position, known.placed) if place is None else (place, stamp)
    return Version(known.id, *written, *placed)


def _line(still: Sequence[ItemId], edit: Difference) -> list[tuple[ItemId | None, Value]]:
    """All items in their order: those that stay, and behind each the new and moved ones that the app put
    there.

    What was put first goes to the very front, and what was put last to the very end.
    """
    values = {name: value for name, value in edit.wanted if name is not None}
    staying = set(still)
    behind: dict[ItemId | None, list[tuple[ItemId | None, Value]]] = {None: []}
    anchor: ItemId | None = None
    for name, value in edit.wanted:
        if name is not None and name in staying:
            anchor = name
        else:
            behind.setdefault(anchor, []).append((name, value))
    last = behind.pop(anchor, [])
    line = behind.get(None, [])
    for name in still:
        line += [(name, values.get(name)), *behind.get(name, [])]
    return line + last


def _places(
    line: Sequence[tuple[ItemId | None, Value]],
    now: Mapping[ItemId, Item],
    edit: Difference,
    device: DeviceId,
) -> dict[int, Position]:
    """Index → position of what is new there. All of them, where there is no room in between."""
    fixed = [
        (index, now[name].position)
        for index, (name, _) in enumerate(line)
        if name is not None and name not in edit.moved
    ]
    found: dict[int, Position] = {}
    left: tuple[int, Position] = (-1, ())
    right: tuple[int, Position | None]
    for right in [*fixed, (len(line), None)]:
        count = right[0] - left[0] - 1
        made = between(left[1], right[1], device, count) if count else []
        if made is None:
            return dict(enumerate(row(device, len(line))))
        found |= {left[0] + 1 + n: place for n, place in enumerate(made)}
        if right[1] is not None:
            left = (right[0], right[1])
    return found


def anew(items: Items, stamp: Stamp) -> Items:
    """The same values as items that are all new, in one run, which takes next to no bookkeeping.

    What other devices change in the old ones at the same time stays, beside the new ones.
    """
    device, values = DeviceId(stamp[22:]), [item.value for item in items.shown]
    first = _counted(items, stamp) + 1
    versions: dict[ItemId, Version] = {
        (device, first + n): Version((device, first + n), value, stamp, place, stamp)
        for n, (value, place) in enumerate(zip(values, row(device, len(values)), strict=True))
    }
    return Items(versions, {**items.seen, device: first + len(values)})
