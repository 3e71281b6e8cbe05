"""The types that a field may have, and the way of each to a plain Firestore value and back. Pure.

bool, int, float, str, bytes, datetime, None; unions, `list[…]`, `tuple[…, ...]`, `dict[str, …]` and enums of
those; and any class with `to_value()` and `from_value(value)`, as Locator and Playhead are.
"""

from __future__ import annotations

import enum
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dalsegno._core.types import Value
from dalsegno._errors import UsageError

MAX_BYTES = 256 * 1024
"""A field larger than this does not belong into a document that may hold 1 MiB in all."""

MAX_INT = 2**63


@dataclass(frozen=True, slots=True)
class _Way:
    """One type's way: `accepts` a value, `out` to plain, `back` from plain (ValueError on nonsense)."""

    name: str
    accepts: Callable[[Any], bool]
    out: Callable[[Any], Value]
    back: Callable[[Value], Any]


@dataclass(frozen=True, slots=True)
class FieldCodec:
    """Encodes and checks one field's values."""

    way: _Way

    def encode(self, value: Any, field: str) -> Value:
        """The plain value. Raises UsageError that names the field, what it takes and what it was given."""
        if not self.way.accepts(value):
            raise UsageError(f"{field} takes {self.way.name}, not {_named(value)}")
        plain = self.way.out(value)
        if _size(plain) > MAX_BYTES:
            raise UsageError(
                f"{field} is larger than {MAX_BYTES // 1024} KiB: keep it elsewhere, and a link here"
            )
        return plain

    def decode(self, value: Value) -> Any:
        """The typed value. Raises ValueError if it is not of this type."""
        return self.way.back(value)


def codec_for(hint: Any, where: str) -> FieldCodec:
    """The codec of an annotation. Raises UsageError for a type that no document can hold."""
    return FieldCodec(_way(hint, where))


def _way(hint: Any, where: str) -> _Way:
    simple = _SIMPLE.get(hint)
    if simple is not None:
        return simple
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union([_way(a, where) for a in arguments])
    if (origin is list and len(arguments) == 1) or (origin is tuple and arguments[1:] == (Ellipsis,)):
        if typing.get_origin(arguments[0]) in (list, tuple):
            raise UsageError(f"{where}: Firestore has no lists of lists; put a dict or a class in between")
        return _series(origin, _way(arguments[0], where))
    if origin is dict and len(arguments) == 2 and arguments[0] is str:
        return _mapping(_way(arguments[1], where))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _enum(hint)
    if isinstance(hint, type) and hasattr(hint, "to_value") and hasattr(hint, "from_value"):
        return _Way(
            hint.__name__,
            lambda v: isinstance(v, hint),
            lambda v: typing.cast(Value, v.to_value()),
            hint.from_value,
        )
    raise UsageError(
        f"{where}: a field cannot be {hint!r}; use bool, int, float, str, bytes, datetime, None, list[…], "
        "tuple[…, ...], dict[str, …], an Enum, or a class with to_value() and from_value()"
    )


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -MAX_INT <= value < MAX_INT


def _is_float(value: Any) -> bool:
    return _is_int(value) or (isinstance(value, float) and not math.isnan(value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)


def _same(value: Any) -> Any:
    return value


def _plain_way(name: str, accepts: Callable[[Any], bool], convert: Callable[[Any], Any] = _same) -> _Way:
    def back(value: Value) -> Any:
        if not accepts(value):
            raise ValueError(f"not {name}")
        return convert(value)

    return _Way(name, accepts, convert, back)


_SIMPLE: Mapping[Any, _Way] = {
    bool: _plain_way("bool", lambda v: isinstance(v, bool)),
    int: _plain_way("int (64 bits)", _is_int),
    float: _plain_way("float (no NaN)", _is_float, float),
    str: _plain_way("str", _is_text),
    bytes: _plain_way("bytes", lambda v: isinstance(v, bytes)),
    datetime: _plain_way(
        "datetime with a time zone", lambda v: isinstance(v, datetime) and v.tzinfo is not None
    ),
    type(None): _plain_way("None", lambda v: v is None),
}


def _union(ways: list[_Way]) -> _Way:
    def out(value: Any) -> Value:
        return next(w for w in ways if w.accepts(value)).out(value)

    def back(value: Value) -> Any:
        for way in ways:
            try:
                return way.back(value)
            except ValueError:
                continue
        raise ValueError("fits no type of the union")

    return _Way(" or ".join(w.name for w in ways), lambda v: any(w.accepts(v) for w in ways), out, back)


def _series(kind: type[list[Any]] | type[tuple[Any, ...]], item: _Way) -> _Way:
    def back(value: Value) -> Any:
        if not isinstance(value, (list, tuple)):
            raise ValueError("no list")
        return kind(item.back(v) for v in value)

    return _Way(
        f"{kind.__name__} of {item.name}",
        lambda v: isinstance(v, kind) and all(item.accepts(i) for i in v),
        lambda v: [item.out(i) for i in v],
        back,
    )


def _mapping(item: _Way) -> _Way:
    def back(value: Value) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError("no map")
        return {str(k): item.back(v) for k, v in value.items()}

    return _Way(
        f"dict of str to {item.name}",
        lambda v: isinstance(v, dict) and all(_is_text(k) and k and item.accepts(i) for k, i in v.items()),
        lambda v: {k: item.out(i) for k, i in v.items()},
        back,
    )


def _enum(kind: type[enum.Enum]) -> _Way:
    return _Way(kind.__name__, lambda v: isinstance(v, kind), lambda v: typing.cast(Value, v.value), kind)


def _named(value: Any) -> str:
    """The type alone: values are the user's, and do not belong into messages."""
    return "NaN" if isinstance(value, float) and math.isnan(value) else type(value).__name__


def _size(value: Value) -> int:
    """Bytes, about as Firestore counts them."""
    if isinstance(value, str):
        return len(value.encode()) + 1
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(k.encode()) + 1 + _size(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return sum(_size(v) for v in value)
    return 8
