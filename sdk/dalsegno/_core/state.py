"""State classes: what a session holds, field by field, each with a type and a merge policy.

    class Reading(State, schema="reading/1"):
        place: Locator | None = latest(None)
        furthest: float = highest(0.0)
        text_size: float = on_this_device(18.0)

A state is immutable. What the app writes is checked here, before it goes anywhere; what the server sends is
understood here, and a field that makes no sense keeps its default while the others still work.
"""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, dataclass_transform

from dalsegno._core import policies
from dalsegno._core.document import SCHEMA
from dalsegno._core.fields import FieldCodec, codec_for
from dalsegno._core.policies import Policy, Restart, Schema
from dalsegno._core.types import Value
from dalsegno._errors import UsageError

T = TypeVar("T")
S = TypeVar("S", bound="State")


@dataclass(frozen=True, slots=True)
class _Declared:
    """What stands behind the `=` of a field, until the class is made."""

    policy: Policy
    default: Any


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a State class."""

    name: str
    policy: Policy
    default: Any
    codec: FieldCodec


def latest(default: T) -> T:
    """A field whose last writer wins, by the time of the edit and never by its arrival."""
    return typing.cast(T, _Declared(policies.LATEST, default))


def highest(default: T) -> T:
    """A number that only grows (furthest read); `restart(value)` begins a new round below it."""
    return typing.cast(T, _Declared(policies.HIGHEST, default))


def on_this_device(default: T) -> T:
    """A field that never leaves this device (a text size)."""
    return typing.cast(T, _Declared(policies.ON_THIS_DEVICE, default))


def restart(value: T) -> T:
    """For a `highest` field: `session.update(furthest=restart(0.0))` lets a re-read begin at 0 again."""
    return typing.cast(T, Restart(typing.cast(Value, value)))


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(latest, highest, on_this_device)
)
class State:
    """Base of all State classes; `schema` is its name and version, as it stands in the document."""

    __fields__: ClassVar[Mapping[str, FieldSpec]] = {}
    __schema__: ClassVar[Schema]

    def __init_subclass__(cls, *, schema: str = "", **more: Any) -> None:
        super().__init_subclass__(**more)
        if not SCHEMA.fullmatch(schema):
            raise UsageError(
                f"class {cls.__name__}(State, schema={schema!r}): a schema is a name and a version, "
                'such as schema="reading/1"'
            )
        hints = _hints(cls, sys._getframe(1).f_locals)
        fields = {
            name: _spec(cls, name, hint, cls.__dict__.get(name))
            for name, hint in hints.items()
            if typing.get_origin(hint) is not ClassVar and not name.startswith("__")
        }
        for name in fields:
            if name in cls.__dict__:
                delattr(cls, name)
        name, _, version = schema.partition("/")
        cls.__fields__ = {**cls.__fields__, **fields}
        cls.__schema__ = Schema(name, int(version), {f.name: f.policy for f in cls.__fields__.values()})

    def __init__(self, **values: Any) -> None:
        unknown = values.keys() - self.__fields__.keys()
        if unknown:
            raise UsageError(_unknown(type(self), sorted(unknown)))
        for name, spec in self.__fields__.items():
            object.__setattr__(self, name, values.get(name, spec.default))

    def __setattr__(self, name: str, value: Any) -> None:
        raise UsageError(f"a state does not change: use session.update({name}=…)")

    def __delattr__(self, name: str) -> None:
        raise UsageError(f"a state does not change: {name} cannot be taken out of it")

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, type(self)) and type(self) is type(other) and self._values() == other._values()
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__name__}({values})"

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__fields__}


def encode(cls: type[State], values: Mapping[str, Any]) -> dict[str, Value | Restart]:
    """Checks what an app wants to write. Raises UsageError for an unknown field or a wrong type."""
    unknown = sorted(values.keys() - cls.__fields__.keys())
    if unknown:
        raise UsageError(_unknown(cls, unknown))
    return {name: _encode(cls.__fields__[name], value) for name, value in values.items()}


def _encode(spec: FieldSpec, value: Any) -> Value | Restart:
    if not isinstance(value, Restart):
        return spec.codec.encode(value, spec.name)
    if spec.policy is not policies.HIGHEST:
        raise UsageError(f"{spec.name} is no `highest` field: restart() is of no use there")
    return Restart(spec.codec.encode(value.value, spec.name))


def decode(cls: type[S], values: Mapping[str, Value], fallback: S | None = None) -> S:
    """A state from plain values; a field that makes no sense is as in `fallback`, or its default."""
    found: dict[str, Any] = {}
    for name, spec in cls.__fields__.items():
        if name in values:
            try:
                found[name] = spec.codec.decode(values[name])
            except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
                if fallback is not None:
                    found[name] = getattr(fallback, name)
    return cls(**found)


def _unknown(cls: type[State], names: list[str]) -> str:
    known = ", ".join(cls.__fields__)
    return f"{cls.__name__} has no field {', '.join(names)}; it has {known}"


def _hints(cls: type[State], scope: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {n: h for n, h in typing.get_type_hints(cls, localns=dict(scope)).items() if _owns(cls, n)}
    except NameError as error:
        raise UsageError(
            f"the types of {cls.__name__}'s fields cannot be found ({error}): define or import them "
            "before the class"
        ) from error


def _owns(cls: type[State], name: str) -> bool:
    return name in inspect.get_annotations(cls)


def _spec(cls: type[State], name: str, hint: Any, declared: Any) -> FieldSpec:
    if not isinstance(declared, _Declared):
        raise UsageError(
            f"{cls.__name__}.{name} has no policy: write {name}: … = latest(default), highest(default) "
            "or on_this_device(default)"
        )
    codec = codec_for(hint, f"{cls.__name__}.{name}")
    codec.encode(declared.default, name)
    return FieldSpec(name, declared.policy, declared.default, codec)
