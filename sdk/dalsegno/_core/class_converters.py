"""Between an app's own classes and plain values: enums, Literals, dataclasses, `to_value()`/`from_value()`.

Pure. Invariant: whatever a class of the app's does with a value, it does with a copy of its own, and whatever
it raises while it reads one counts as a value that makes no sense.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import Any

from dalsegno._core.converters import ODD, Converter, read
from dalsegno._core.limits import name_fault, storable
from dalsegno._core.types import Value
from dalsegno._errors import UsageError

_CONSTANTS = (bool, int, float, str, bytes, type(None))


def enumeration(kind: type[enum.Enum], where: str) -> Converter:
    """An Enum, by its members' values. Raises UsageError for values that are no constants of a document."""
    for member in kind:
        _check_constant(member.value, f"{where}: {kind.__name__}.{member.name}")

    def from_plain(value: Value) -> Any:
        member = kind(value)  # ValueError for one that only a newer app knows
        if isinstance(value, bool) is not isinstance(member.value, bool):
            raise ValueError("another type than the member's")
        return member

    def is_one(value: Any) -> bool:
        return isinstance(value, kind)

    return Converter(
        kind.__name__, is_one, lambda v: storable(v.value), from_plain, from_plain, is_one, is_scalar=True
    )


def literal(options: tuple[Any, ...], where: str) -> Converter:
    """`Literal["a", 1, None]`, and Literals of enum members by their values."""
    plain = {(type(o), o): o.value if isinstance(o, enum.Enum) else o for o in options}
    for value in plain.values():
        _check_constant(value, f"{where}: a Literal")
    back = {(type(p), p): key[1] for key, p in plain.items()}

    def is_one(value: Any) -> bool:
        return isinstance(value, (*_CONSTANTS, enum.Enum)) and (type(value), value) in plain

    def from_plain(value: Value) -> Any:
        if not isinstance(value, _CONSTANTS) or (type(value), value) not in back:
            raise ValueError("none of the literals")
        return back[type(value), value]

    names = ", ".join(repr(o) for o in options)
    return Converter(
        f"one of {names}", is_one, lambda v: plain[type(v), v], from_plain, from_plain, is_one, is_scalar=True
    )


def _check_constant(value: Any, where: str) -> None:
    try:
        if not isinstance(value, _CONSTANTS):
            raise ValueError(f"a value is a {type(value).__name__}")
        storable(value)
    except ValueError as error:
        raise UsageError(f"{where} cannot stand in a document: {error}; use a str or an int") from error


def opaque(kind: type[Any], is_fresh: bool, is_ours: bool = False) -> Converter:
    """A class with `to_value()` and `from_value(value)`. `is_ours`: it changes nothing of what it reads."""

    def to_plain(value: Any) -> Value:
        try:
            plain: Value = value.to_value()
        except Exception as error:
            raise ValueError(f"{kind.__name__}.to_value() failed with {type(error).__name__}") from error
        return plain  # `FieldCodec.encode` copies it, and looks what is in it

    def from_plain(value: Value) -> Any:
        try:
            return kind.from_value(value if is_ours else _own(value))
        except Exception as error:
            raise ValueError(f"{kind.__name__}.from_value() failed") from error

    return Converter(
        kind.__name__,
        lambda v: isinstance(v, kind),
        to_plain,
        from_plain,
        from_plain,
        lambda v: type(v) is kind,
        is_list=False,  # if it is one all the same, `storable` says so
        is_fresh=is_fresh,
    )


def _own(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {key: _own(item) for key, item in value.items()}
    return [_own(item) for item in value] if isinstance(value, (list, tuple)) else value


# --- dataclasses --------------------------------------------------------------------------------------


def dataclass_map(kind: type[Any], parts: Mapping[str, Converter], where: str) -> Converter:
    """A frozen dataclass, as a map of its fields. An odd part counts as its default, if it has one."""
    for name in parts:
        if name_fault(name):
            raise UsageError(f"{where}: {kind.__name__}.{name} cannot be stored: {name_fault(name)}")
    optional = {
        f.name
        for f in dataclasses.fields(kind)
        if f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING
    }

    def is_one(value: Any) -> bool:
        return type(value) is kind and all(c.accepts(getattr(value, name)) for name, c in parts.items())

    def made(
        value: Value, reading: Callable[[Converter, Value], Any], forgiven: tuple[type[Exception], ...]
    ) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError("no map")
        found: dict[str, Any] = {}
        for name, converter in parts.items():
            if name in value:
                try:
                    found[name] = reading(converter, value[name])
                except forgiven:
                    if name not in optional:
                        raise
        try:
            return kind(**found)
        except Exception as error:
            raise ValueError(f"{kind.__name__} takes no such values") from error

    return Converter(
        f"{kind.__name__} ({', '.join(f'{name}: {c.name}' for name, c in parts.items())})",
        is_one,
        lambda value: {name: c.to_plain(getattr(value, name)) for name, c in parts.items()},
        lambda value: made(value, lambda c, v: c.from_plain(v), ()),
        lambda value: made(value, read, ODD),
        is_one,
        is_fresh=any(c.is_fresh for c in parts.values()),
    )
