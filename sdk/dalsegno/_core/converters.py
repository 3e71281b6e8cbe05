"""Between one type's values and plain Firestore values: scalars, lists, maps and unions. Pure.

What comes from a document is read twice if need be: `from_plain` takes it as a whole or not at all; `salvage`
leaves out what is odd in a composite value and keeps the rest. Both raise ValueError where nothing is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from dalsegno._core.limits import INT64, is_unicode, utc
from dalsegno._core.read_only import ReadOnlyDict, ReadOnlyList
from dalsegno._core.record import record
from dalsegno._core.types import Value
from dalsegno._errors import UsageError

T = TypeVar("T")
ODD = (ValueError, TypeError, KeyError, OverflowError, RecursionError)
"""What reading nonsense raises; a class of the app's own may raise anything, and gives ValueError."""


@record(frozen=True, slots=True)
class Converter:
    """One type's way into a document and back.

    accepts     whether a value is of this type, so that `to_plain` takes it
    is_exactly  whether it is of this type and no other: decides between the members of a union
    is_scalar   its plain values are no lists, no maps, and known from their Python type
    is_list     its plain value may be a list, which cannot stand in another one
    is_number   int or float
    is_fresh    values can be changed in place: each reader gets one of its own
    item        of an `Ordered`: the converter of its items
    """

    name: str
    accepts: Callable[[Any], bool]
    to_plain: Callable[[Any], Value]
    from_plain: Callable[[Value], Any]
    salvage: Callable[[Value], Any]
    is_exactly: Callable[[Any], bool]
    is_scalar: bool = False
    is_list: bool = False
    is_number: bool = False
    is_fresh: bool = False
    item: Converter | None = None


def read(converter: Converter, value: Value) -> Any:
    """What a document says; without what is odd in it. Raises ValueError: there is nothing of use."""
    try:
        return converter.from_plain(value)
    except ODD:
        pass
    try:
        return converter.salvage(value)
    except ODD as error:
        raise ValueError(f"not {converter.name}") from error


# --- scalars ------------------------------------------------------------------------------------------


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in INT64


def _is_float(value: Any) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and is_unicode(value)


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, datetime) and utc(value) is not None
    except ValueError:
        return False


def _scalar(
    kind: type,
    name: str,
    accepts: Callable[[Any], bool],
    convert: Callable[[Any], Any],
    is_number: bool = False,
) -> Converter:
    def from_plain(value: Value) -> Any:
        if not accepts(value):
            raise ValueError(f"not {name}")
        return convert(value)

    return Converter(
        name,
        accepts,
        convert,
        from_plain,
        from_plain,
        lambda v: type(v) is kind and accepts(v),
        is_scalar=True,
        is_number=is_number,
    )


SCALARS: Mapping[Any, Converter] = {
    bool: _scalar(bool, "bool", lambda v: isinstance(v, bool), bool),
    int: _scalar(int, "int (64 bits)", _is_int, int, is_number=True),
    float: _scalar(float, "float (finite)", _is_float, float, is_number=True),
    str: _scalar(str, "str", _is_text, str.__str__),
    bytes: _scalar(bytes, "bytes", lambda v: isinstance(v, bytes), bytes),
    datetime: _scalar(datetime, "datetime with a time zone", _is_time, utc),
    type(None): _scalar(type(None), "None", lambda v: v is None, lambda v: v),
}


# --- lists and maps -----------------------------------------------------------------------------------


def _items(value: Value) -> Sequence[Value]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("no list")
    return value


def _pairs(value: Value) -> Iterable[tuple[str, Value]]:
    if not isinstance(value, Mapping):
        raise ValueError("no map")
    return value.items()


def _survivors(converter: Converter, values: Iterable[tuple[T, Value]]) -> Iterator[tuple[T, Any]]:
    """Those that make sense; ValueError if there were some and none does."""
    asked, found = 0, 0
    for asked, (key, value) in enumerate(values, 1):  # noqa: B007 - counted
        try:
            one = read(converter, value)
        except ValueError:
            continue
        found += 1
        yield key, one
    if asked and not found:
        raise ValueError("nothing in it makes sense")


def series(kind: type[list[Any]] | type[tuple[Any, ...]], item: Converter, where: str) -> Converter:
    """`list[item]` and `tuple[item, ...]`; the lists that are handed out are read-only."""
    _check_no_list(item, where)
    make: Callable[[Iterable[Any]], Any] = ReadOnlyList if kind is list else tuple

    def accepts(value: Any) -> bool:
        return isinstance(value, kind) and all(map(item.accepts, value))

    return Converter(
        f"{kind.__name__} of {item.name}",
        accepts,
        lambda value: [item.to_plain(i) for i in value],
        lambda value: make([item.from_plain(i) for i in _items(value)]),
        lambda value: make([i for _, i in _survivors(item, enumerate(_items(value)))]),
        accepts,
        is_list=True,
        is_fresh=item.is_fresh,
    )


def fixed(items: Sequence[Converter], where: str) -> Converter:
    """`tuple[int, str]`: a list of so many, each of its own type; all are needed."""
    for item in items:
        _check_no_list(item, where)

    def accepts(value: Any) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) == len(items)
            and all(i.accepts(v) for i, v in zip(items, value, strict=True))
        )

    return Converter(
        f"tuple of ({', '.join(i.name for i in items)})",
        accepts,
        lambda value: [i.to_plain(v) for i, v in zip(items, value, strict=True)],
        lambda value: tuple(i.from_plain(v) for i, v in zip(items, _items(value), strict=True)),
        lambda value: tuple(read(i, v) for i, v in zip(items, _items(value), strict=True)),
        accepts,
        is_list=True,
        is_fresh=any(i.is_fresh for i in items),
    )


def mapping(item: Converter) -> Converter:
    """`dict[str, item]`, with keys that Firestore takes; the dicts that are handed out are read-only."""

    def accepts(value: Any) -> bool:
        return isinstance(value, dict) and all(
            isinstance(k, str) and item.accepts(i) for k, i in value.items()
        )

    return Converter(
        f"dict of str to {item.name}",
        accepts,
        lambda value: {k: item.to_plain(i) for k, i in value.items()},
        lambda value: ReadOnlyDict({k: item.from_plain(i) for k, i in _pairs(value)}),
        lambda value: ReadOnlyDict(_survivors(item, _pairs(value))),
        accepts,
        is_fresh=item.is_fresh,
    )


def _check_no_list(item: Converter, where: str) -> None:
    if item.is_list:
        raise UsageError(f"{where}: Firestore has no lists of lists; put a dict or a class in between")


# --- unions -------------------------------------------------------------------------------------------


def union(declared: Sequence[Converter], members: Sequence[Converter]) -> Converter:
    """`A | B`: a value is written by the member that it is exactly, else by the first that takes it.

    It is read by the first member that takes it whole, in the order of `members`; which of them wrote
    it, a plain value does not say. A value that would come back as another type is refused.
    """
    ambiguous = sum(m.name != "None" for m in members) > 1 and not all(m.is_scalar for m in members)

    def accepts(value: Any) -> bool:
        return any(m.accepts(value) for m in members)

    def from_plain(value: Value) -> Any:
        return _first(value, [m.from_plain for m in members])

    def to_plain(value: Any) -> Value:
        exact = (m for m in members if m.is_exactly(value))
        member = next(exact, None) or next(m for m in members if m.accepts(value))
        plain = member.to_plain(value)
        if ambiguous:
            _check_same(members, value, from_plain(plain))
        return plain

    return Converter(
        " or ".join(m.name for m in declared),
        accepts,
        to_plain,
        from_plain,
        lambda value: _first(value, [m.salvage for m in members]),
        lambda value: any(m.is_exactly(value) for m in members),
        is_scalar=all(m.is_scalar for m in members),
        is_list=any(m.is_list for m in members),
        is_number=all(m.is_number for m in members),
        is_fresh=any(m.is_fresh for m in members),
    )


def _check_same(members: Sequence[Converter], value: Any, back: Any) -> None:
    """Text that an Enum takes may come back as its member; a map must not come back as another class."""
    composite = any(m.accepts(each) for m in members if not m.is_scalar for each in (value, back))
    if composite and not isinstance(back, type(value)):
        raise ValueError(
            f"a {type(value).__name__} would come back as {type(back).__name__}: name the narrower type "
            "first in the union"
        )


def _first(value: Value, ways: Iterable[Callable[[Value], Any]]) -> Any:
    for way in ways:
        try:
            return way(value)
        except ODD:
            continue
    raise ValueError("fits no type of the union")
