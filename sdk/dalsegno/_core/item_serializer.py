"""Between the items of a sequence and what a document holds of them: the values under `state`, all else under
`merge`. Pure.

    devices  ["0000000000000001", …]    who made any of it
    seen     ["18c2f0a1b2c", …]         for each, how far its versions are known; "" = none of its own
    items    ["0.18c2f0a1b2c 0.400 18c2f0a1b2c.0.0 3*400", …]    in the order of the values
    hidden   [{version, value}, …]      versions that another one stands before

A version is its name, its position, the stamp of its value; for what was changed or moved later, the stamp of
its place, and which item it is; for neighbours that were made together, how many, and how far apart, so that
a page that is pasted or indented is one line. Numbers are hexadecimal, devices are counted from 0, and `=` is
the stamp of the line before.

Invariant: what is decoded is what was encoded. What makes no sense raises ValueError, after time and memory
in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from dalsegno._core.clock import is_stamp
from dalsegno._core.items import NOBODY, Item, Items, Version
from dalsegno._core.orders import order_of
from dalsegno._core.positions import Position
from dalsegno._core.types import Stamp, Value
from dalsegno._core.wishes import ItemId

_Named: TypeAlias = "tuple[ItemId, Version]"
_DEVICE = re.compile("[0-9a-f]{16}", re.ASCII)
_MOST = 1 << 200
"""Of any number: the name of what has none is a stamp and an index, 151 bits."""
_MOST_LEVELS = 64
"""Of a position that somebody else made; ours have eight."""


def encode(items: Items) -> tuple[list[Value], dict[str, Value]]:
    """The values in their order, and the bookkeeping."""
    firsts = [(_first(item, items.versions), item) for item in items.shown]
    shown = {name for name, _ in firsts}
    hidden = sorted(name for name in items.versions if name not in shown)
    writer = _Writer(items)
    extra: dict[str, Value] = {
        "devices": list(writer.devices),
        "seen": [f"{items.seen[d]:x}" if d in items.seen else "" for d in writer.devices],
        "items": [writer.line(run) for run in _runs([(name, items.versions[name]) for name, _ in firsts])],
    }
    if hidden:
        versions = [(name, items.versions[name]) for name in hidden]
        extra["hidden"] = [{"version": writer.line([one]), "value": one[1].value} for one in versions]
    return [item.value for _, item in firsts], extra


def _first(item: Item, versions: Mapping[ItemId, Version]) -> ItemId:
    """The version whose value shows."""
    if len(item.names) == 1:
        return item.names[0]
    return max(item.names, key=lambda n: (versions[n].written, order_of(versions[n].value), n))


def _runs(versions: Sequence[_Named]) -> Iterator[list[_Named]]:
    run: list[_Named] = []
    for one in versions:
        if run and not _goes_on(run, one):
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _goes_on(run: list[_Named], one: _Named) -> bool:
    """Whether this version was made with those of the run, right behind the last of them."""
    name, version = one
    last_name, last = run[-1]
    if version.written != last.written or version.placed != last.placed:
        return False
    if name != _next(last_name) or version.item != _next(last.item):
        return False
    if _is_untouched(name, version) != _is_untouched(last_name, last):
        return False
    if version.position[:-1] != last.position[:-1] or version.position[-1][0] != last.position[-1][0]:
        return False
    return len(run) == 1 or _step(last, version) == _step(run[0][1], run[1][1])


def _next(name: ItemId) -> ItemId:
    return name[0], name[1] + 1


def _is_untouched(name: ItemId, version: Version) -> bool:
    return version.item == name and version.placed == version.written


def _step(one: Version, other: Version) -> int:
    return other.position[-1][1] - one.position[-1][1]


class _Writer:
    """Writes versions with their devices by number."""

    def __init__(self, items: Items) -> None:
        self.devices = sorted(_devices(items))
        self._index = {device: n for n, device in enumerate(self.devices)}
        self._stamp = ""

    def line(self, run: list[_Named]) -> str:
        name, version = run[0]
        written = self._written(version.written)
        parts = [self._name(name), "/".join(map(self._name, version.position)), written]
        if not _is_untouched(name, version):
            parts += [self._text(version.placed), self._name(version.item)]
        if len(run) > 1:
            parts.append(f"{len(run):x}*{_step(version, run[1][1]):x}")
        return " ".join(parts)

    def _name(self, name: tuple[str, int]) -> str:
        return f"{self._index[name[0]]:x}.{name[1]:x}"

    def _written(self, stamp: Stamp) -> str:
        text = self._text(stamp)
        before, self._stamp = self._stamp, text
        return "=" if text == before else text

    def _text(self, stamp: Stamp) -> str:
        return f"{int(stamp[:15]):x}.{int(stamp[16:21]):x}.{self._index[stamp[22:]]:x}"


def _devices(items: Items) -> set[str]:
    found = set(items.seen)
    for (device, _), version in items.versions.items():
        found |= {device, version.item[0], version.written[22:], version.placed[22:]}
        found.update(beside for beside, _ in version.position)
    return found


def decode(
    extra: Mapping[str, Value], values_of: Callable[[int], Sequence[Value]], may_be: Callable[[Value], bool]
) -> Items:
    """The items as `encode` wrote them. Raises ValueError for what it did not write.

    values_of  the values, of which there should be so many;  may_be: whether an item can have this value
    """
    devices, counts = _texts(extra.get("devices")), _texts(extra.get("seen"))
    if len(devices) != len(counts) or not all(d == NOBODY or _DEVICE.fullmatch(d) for d in devices):
        raise ValueError("devices and what is seen of them do not fit")
    seen = {device: _number(n) for device, n in zip(devices, counts, strict=True) if n}
    reader, lines = _Reader(devices), [line.split(" ") for line in _texts(extra.get("items"))]
    total = sum(_count(line) for line in lines)
    values = values_of(total)
    if total != len(values):
        raise ValueError("as many items as values, or it is another sequence")
    found = [one for line in lines for one in reader.versions(line)]
    named = [(name, version(value)) for (name, version), value in zip(found, values, strict=True)]
    named += _hidden(extra.get("hidden", []), reader, may_be)
    versions = dict(named)
    if len(versions) != len(named) or not all(n <= seen.get(device, -1) for device, n in versions):
        raise ValueError("a version is there twice, or was never seen")
    return Items(versions, seen)


def _hidden(value: Value, reader: _Reader, may_be: Callable[[Value], bool]) -> Iterator[_Named]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("no list")
    for one in value:
        if not isinstance(one, Mapping) or not isinstance(line := one.get("version"), str):
            raise ValueError("no version")
        if not may_be(shown := one.get("value")) or _count(parts := line.split(" ")) != 1:
            raise ValueError("no single version")
        for name, version in reader.versions(parts):
            yield name, version(shown)


def _texts(value: Value) -> list[str]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("no list")
    texts = [one for one in value if isinstance(one, str)]
    if len(texts) != len(value):
        raise ValueError("no texts")
    return texts


def _count(line: Sequence[str]) -> int:
    """How many versions a line is of: known before any of them is made."""
    count = _number(line[-1].partition("*")[0]) if len(line) in (4, 6) else 1
    if count < 1:
        raise ValueError("a line of no versions")
    return count


def _number(text: str) -> int:
    number = int(text, 16) if len(text) <= 64 else _MOST
    if not -_MOST < number < _MOST:
        raise ValueError("no such number is ever made")
    return number


class _Reader:
    """Reads versions, whose values come later."""

    def __init__(self, devices: Sequence[str]) -> None:
        self._devices = devices
        self._stamp = Stamp("")

    def versions(self, line: Sequence[str]) -> Iterable[tuple[ItemId, Callable[[Value], Version]]]:
        if not 3 <= len(line) <= 6:
            raise ValueError("a line has three to six parts")
        name, position = self._name(line[0]), self._position(line[1])
        written = self._stamp = self._written(line[2])
        touched = len(line) > 4
        placed, item = (self._text(line[3]), self._name(line[4])) if touched else (written, name)
        step = _number(line[-1].partition("*")[2]) if len(line) in (4, 6) else 0
        return [self._nth(n, name, item, position, step, (written, placed)) for n in range(_count(line))]

    @staticmethod
    def _nth(
        n: int, name: ItemId, item: ItemId, position: Position, step: int, stamps: tuple[Stamp, Stamp]
    ) -> tuple[ItemId, Callable[[Value], Version]]:
        *above, (device, number) = position
        place, one = (*above, (device, number + step * n)), (item[0], item[1] + n)
        return (name[0], name[1] + n), lambda value: Version(one, value, stamps[0], place, stamps[1])

    def _name(self, text: str) -> tuple[str, int]:
        device, _, number = text.partition(".")
        return self._device(device), _number(number)

    def _device(self, text: str) -> str:
        index = _number(text)
        if not 0 <= index < len(self._devices):
            raise ValueError("no such device")
        return self._devices[index]

    def _position(self, text: str) -> Position:
        parts = text.split("/", _MOST_LEVELS)
        if len(parts) > _MOST_LEVELS:
            raise ValueError("a path that long is never made")
        return tuple(self._name(part) for part in parts)

    def _written(self, text: str) -> Stamp:
        return self._stamp if text == "=" and self._stamp else self._text(text)

    def _text(self, text: str) -> Stamp:
        millis, counter, device = text.split(".")
        found = f"{_number(millis):015d}-{_number(counter):05d}-{self._device(device)}"
        if not is_stamp(found):
            raise ValueError("no stamp")
        return Stamp(found)
