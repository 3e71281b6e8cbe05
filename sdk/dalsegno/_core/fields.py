"""The types that a field may have, and the way of each to a plain Firestore value and back. Pure.

bool, int, float, str, bytes, datetime, None; unions, `list[…]`, `tuple[…, ...]`, `tuple[int, str]`,
`dict[str, …]`, `Ordered[…]`, Literals, NewTypes, Annotated, enums and frozen dataclasses of those; and any
class with `to_value()` and `from_value(value)`, as Locator and Playhead are.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import math
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dalsegno._core import class_converters as classes
from dalsegno._core import converters
from dalsegno._core.converters import SCALARS, Converter
from dalsegno._core.limits import MAX_DEPTH, MAX_FIELD_BYTES, MAX_PATH_BYTES, size_of, storable
from dalsegno._core.locator import Locator
from dalsegno._core.ordered import Ordered
from dalsegno._core.playhead import Playhead
from dalsegno._core.record import record
from dalsegno._core.sequence_fields import ordered
from dalsegno._core.types import Value
from dalsegno._errors import UsageError

_Alias: Any = getattr(typing, "TypeAliasType", ())  # `type X = …`, Python 3.12
_IMMUTABLE = {bool, int, float, str, bytes, datetime, type(None), Ellipsis, Locator, Playhead}


@record(frozen=True, slots=True)
class FieldCodec:
    """Encodes and checks one field's values."""

    converter: Converter

    @property
    def is_number(self) -> bool:
        """Whether all its values are numbers."""
        return self.converter.is_number

    @property
    def is_fresh(self) -> bool:
        """Whether a value can be changed in place, so that each reader needs one of its own."""
        return self.converter.is_fresh

    @property
    def is_ordered(self) -> bool:
        """Whether its values are `Ordered`; the bookkeeping holds some of their items, three levels
        deeper."""
        return self.converter.item is not None

    def encode(self, value: Any, field: str) -> Value:
        """The plain value, a copy. Raises UsageError that names the field, and says what to do."""
        if not self.converter.accepts(value):
            raise UsageError(f"{field} takes {self.converter.name}, not {_named(value)}")
        try:
            room = MAX_PATH_BYTES - len(field.encode()) - 1
            plain = storable(self.converter.to_plain(value), room, MAX_DEPTH - 3 * self.is_ordered)
        except ValueError as error:
            raise UsageError(f"{field} cannot be stored: {error}") from error
        if size_of(plain) > MAX_FIELD_BYTES:
            raise UsageError(
                f"{field} is larger than {MAX_FIELD_BYTES // 1024} KiB: keep it elsewhere, and a link here"
            )
        return plain

    def decode(self, value: Value) -> Any:
        """The typed value, without what is odd in it. Raises ValueError if nothing of this type is left."""
        return converters.read(self.converter, value)


def codec_for(hint: Any, where: str, scope: Mapping[str, Any] | None = None) -> FieldCodec:
    """The codec of an annotation; `scope` has the names that stand where the class does.

    Raises UsageError for a type that no document can hold.
    """
    return FieldCodec(_Types(where, scope or {}).converter(hint))


class _Types:
    """From annotations to converters, for one field."""

    def __init__(self, where: str, scope: Mapping[str, Any]) -> None:
        self._where, self._scope = where, scope
        self._within: list[Any] = []

    def converter(self, hint: Any) -> Converter:
        simple = SCALARS.get(hint) if isinstance(hint, type) or hint is None else None
        if simple is not None:
            return simple
        if hint is None:
            return SCALARS[type(None)]
        if isinstance(hint, typing.NewType):
            return self.converter(hint.__supertype__)
        if _Alias and isinstance(hint, _Alias):
            with self._entering(hint):
                return self.converter(hint.__value__)
        if isinstance(hint, type) and typing.get_origin(hint) is None:
            return self._class(hint)
        return self._generic(hint, typing.get_origin(hint), typing.get_args(hint))

    def _generic(self, hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Converter:
        if origin is typing.Annotated:
            return self.converter(arguments[0])
        if origin is typing.Literal:
            return classes.literal(arguments, self._where)
        if origin in (typing.Union, types.UnionType):
            found = {a: self.converter(a) for a in arguments}
            return converters.union(
                list(found.values()), [found[a] for a in sorted(arguments, key=_narrower(arguments))]
            )
        if origin is list and len(arguments) == 1:
            return converters.series(list, self.converter(arguments[0]), self._where)
        if origin is Ordered:
            return ordered(self.converter(arguments[0]), self._where)
        if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
            return converters.series(tuple, self.converter(arguments[0]), self._where)
        if origin is tuple:
            return converters.fixed([self.converter(a) for a in arguments], self._where)
        if origin is dict and len(arguments) == 2 and arguments[0] is str:
            return converters.mapping(self.converter(arguments[1]))
        raise self._unknown(hint)

    def _class(self, kind: type[Any]) -> Converter:
        if issubclass(kind, enum.Enum):
            return classes.enumeration(kind, self._where)
        if hasattr(kind, "to_value") and hasattr(kind, "from_value"):
            return classes.opaque(kind, not self._is_immutable(kind), is_ours=kind in (Locator, Playhead))
        if dataclasses.is_dataclass(kind):
            return self._dataclass(kind)
        raise self._unknown(kind)

    def _dataclass(self, kind: type[Any]) -> Converter:
        if not _is_frozen(kind):
            raise UsageError(
                f"{self._where}: declare {kind.__name__} as @dataclass(frozen=True): a change in place would "
                "never be sent"
            )
        with self._entering(kind):
            parts = {name: self.converter(hint) for name, hint in self._hints(kind).items()}
        return classes.dataclass_map(kind, parts, self._where)

    @contextlib.contextmanager
    def _entering(self, hint: Any) -> Iterator[None]:
        if hint in self._within:
            raise UsageError(f"{self._where}: {hint.__name__} holds itself, which no field can")
        self._within.append(hint)
        yield
        self._within.pop()

    def _hints(self, kind: type[Any]) -> dict[str, Any]:
        try:
            hints = typing.get_type_hints(kind, localns=dict(self._scope))
        except NameError as error:
            raise UsageError(
                f"{self._where}: the types of {kind.__name__} cannot be found ({error}): define or import "
                "them before the class"
            ) from error
        return {f.name: hints[f.name] for f in dataclasses.fields(kind) if f.init}

    def _is_immutable(self, hint: Any) -> bool:
        """Whether a value of this type can be shown to everybody: nobody can change it in place."""
        if hint in _IMMUTABLE:
            return True
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return True
        if isinstance(hint, type) and dataclasses.is_dataclass(hint) and _is_frozen(hint):
            try:
                return hint not in self._within and all(map(self._is_immutable, self._hints(hint).values()))
            except (UsageError, RecursionError):
                return False
        origin = typing.get_origin(hint)
        if origin is typing.Literal:
            return True
        return origin in (typing.Union, types.UnionType, tuple, frozenset) and all(
            map(self._is_immutable, typing.get_args(hint))
        )

    def _unknown(self, hint: Any) -> UsageError:
        return UsageError(
            f"{self._where}: a field cannot be {hint!r}; use bool, int, float, str, bytes, datetime, None, "
            "list[…], tuple[…], dict[str, …], Literal[…], an Enum, a frozen dataclass, or a class with "
            "to_value() and from_value()"
        )


def _is_frozen(kind: type[Any]) -> bool:
    return bool(kind.__dataclass_params__.frozen)


def _narrower(arguments: tuple[Any, ...]) -> Any:
    """The order in which a union's members are tried: those that take few values first, then as declared.

    float takes whole numbers too, so it comes after int.
    """

    def rank(hint: Any) -> int:
        if hint in (None, type(None)):
            return 0
        if typing.get_origin(hint) is typing.Literal:
            return 1
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return 2
        return 4 if hint is float and int in arguments else 3

    return rank


def _named(value: Any) -> str:
    """The type alone: values are the user's, and do not belong into messages."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "an infinite one"
    return type(value).__name__
