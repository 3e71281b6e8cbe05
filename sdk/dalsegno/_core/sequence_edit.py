"""An edit of a sequence: what it does to the items as they stand, and nothing beyond that. Pure.

The app gives the sequence as it wants it, made of the one that it saw (`Revised`). The difference of these
two is the edit: items that are new, gone, moved, changed. It is done to the newest items, whatever other
devices have done to them meanwhile: what the app had not seen stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dalsegno._core.items import Item, Items, Version
from dalsegno._core.orders import is_same
from dalsegno._core.positions import Position, between, row
from dalsegno._core.record import record
from dalsegno._core.sequence_diff import longest_rise, sources
from dalsegno._core.types import DeviceId, Stamp, Value
from dalsegno._core.wishes import ItemId


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
    now: Sequence[Item],
    seen: Sequence[Value],
    seen_ids: Sequence[ItemId | None] | None,
    given: Sequence[Value],
    origins: Sequence[int | None] | None,
    lines: bool,
) -> Difference:
    """`origins`: for each item of `given` its index in `seen`, if that is known. `lines`: it is a text."""
    if origins is None:
        origins = sources(seen, given, moves=not lines, pairs=lines)
    ids = _ids(now, seen, lines) if seen_ids is None else list(seen_ids)
    present = {item.id for item in now}
    ids = [name if name in present else None for name in ids]
    wanted: list[tuple[ItemId | None, Value]] = []
    changed: set[ItemId] = set()
    for value, origin in zip(given, origins, strict=True):
        if origin is None:
            wanted.append((None, value))
            continue
        name, is_new = ids[origin], not is_same(value, seen[origin])
        if name is not None and is_new:
            changed.add(name)
        if name is not None or is_new:  # else another device removed it, and here nobody touched it
            wanted.append((name, value))
    kept = [origin for origin in origins if origin is not None and ids[origin] is not None]
    still = {kept[n] for n in longest_rise(kept)}
    moved = frozenset(name for origin in kept if origin not in still and (name := ids[origin]) is not None)
    gone = frozenset(name for name in ids if name is not None) - {ids[origin] for origin in kept}
    return Difference(wanted, frozenset(gone), moved, frozenset(changed))


def _ids(now: Sequence[Item], seen: Sequence[Value], lines: bool) -> list[ItemId | None]:
    """Which items a sequence without names shows: by comparison with what stands there now."""
    found: list[ItemId | None] = [None] * len(seen)
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
    count = max(items.seen.get(device, 0), int(stamp[:15]))
    for index, (name, value) in enumerate(line):
        known = now.get(name) if name is not None else None
        if known is None or known.id in touched:
            count += 1
            versions[device, count] = _version((device, count), known, value, places.get(index), edit, stamp)
        elif index in places:
            versions |= _replaced(known, items.versions, places[index], stamp)
    return Items(versions, {**items.seen, device: count})


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
