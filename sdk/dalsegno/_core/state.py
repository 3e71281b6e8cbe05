"""State classes: what a session holds, field by field, each with a type and a merge policy.

    class Reading(State, schema="reading/1"):
        place: Locator | None = latest(default=None)
        furthest: float = highest(default=0.0)
        text_size: float = on_this_device(default=18.0)

A state is immutable, and so is what it holds. What the app writes is checked here, before it goes anywhere;
what the server sends is understood here, and a field that makes no sense keeps its default while the others
still work.
"""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, dataclass_transform

from dalsegno._core import policies
from dalsegno._core.document import SCHEMA
from dalsegno._core.fields import FieldCodec, codec_for
from dalsegno._core.limits import MAX_FIELDS, name_fault
from dalsegno._core.policies import Policy, Restart, Schema
from dalsegno._core.record import record
from dalsegno._core.types import Value
from dalsegno._errors import UsageError

T = TypeVar("T")
N = TypeVar("N", bound=float)
S = TypeVar("S", bound="State")


@dataclass(frozen=True, slots=True)
class _Declared:
    """What stands behind the `=` of a field, until the class is made."""

    policy: Policy
    default: Any


@record(frozen=True, slots=True)
class FieldSpec:
    """One field of a State class; `default` is nobody else's, and never changed."""

    name: str
    policy: Policy
    default: Any
    codec: FieldCodec


def latest(default: T) -> T:
    """A field whose last writer wins, by the time of the edit and never by its arrival."""
    return typing.cast(T, _Declared(policies.LATEST, default))


def highest(default: N) -> N:
    """A number that only grows (furthest read); `restart(value)` begins a new round below it."""
    return typing.cast(N, _Declared(policies.HIGHEST, default))


def on_this_device(default: T) -> T:
    """A field that never leaves this device (a text size)."""
    return typing.cast(T, _Declared(policies.ON_THIS_DEVICE, default))


def restart(value: N) -> N:
    """For a `highest` field: `session.update(furthest=restart(0.0))` lets a re-read begin at 0 again."""
    return typing.cast(N, Restart(value))


# No field specifiers are named: so a checker takes what stands behind the `=` as the default that it is, and
# `Reading(furthest=0.4)` needs no other field.
@dataclass_transform(kw_only_default=True, frozen_default=True)
class State:
    """Base of all State classes; `schema` is its name and version, as it stands in the document.

    One that the app makes names the fields to be written: `session.update(Reading(furthest=0.4))`; the others
    show their defaults. Raises UsageError for an unknown field, or a value that its field does not take.
    """

    __fields__: ClassVar[Mapping[str, FieldSpec]] = {}
    __own__: ClassVar[Mapping[str, FieldSpec]] = {}
    __schema__: ClassVar[Schema]

    def __init_subclass__(cls, *, schema: str = "", **more: Any) -> None:
        super().__init_subclass__(**more)
        if not isinstance(schema, str) or not SCHEMA.fullmatch(schema):
            raise UsageError(
                f"class {cls.__name__}(State, schema={schema!r}): a schema is a name and a version, "
                'such as schema="reading/1"'
            )
        own = cls.__own__ = _own_fields(cls, sys._getframe(1).f_locals)
        cls.__fields__ = {**_inherited(cls), **own}
        _check_fields(cls)
        for name, spec in own.items():
            delattr(cls, name)
            if spec.codec.is_fresh:
                setattr(cls, name, _Fresh(name))
        name, _, version = schema.partition("/")
        cls.__schema__ = Schema(name, int(version), {f.name: f.policy for f in cls.__fields__.values()})

    def __init__(self, /, **values: Any) -> None:
        given = encode(type(self), values)
        shown = {name: policies.plain(value) for name, value in given.items()}
        self.__dict__.update(_decoded(type(self), shown), __given__=given)

    def __setattr__(self, name: str, value: Any) -> None:
        raise UsageError(f"a state does not change: use session.update({name}=…)")

    def __delattr__(self, name: str) -> None:
        raise UsageError(f"a state does not change: {name} cannot be taken out of it")

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, type(self)) and type(self) is type(other) and self._values() == other._values()
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]  # `__eq__` makes it None

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__name__}({values})"

    def _values(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self.__fields__}


class _Fresh:
    """A field whose values can be changed in place: every look at it gives a new one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, state: State | None, owner: type[State]) -> Any:
        if state is None:
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self._name!r}")
        codec = owner.__fields__[self._name].codec
        return codec.decode(codec.encode(state.__dict__[self._name], self._name))

    def __set__(self, state: State, value: Any) -> None:
        """What makes it come before the state's own dict; `State.__setattr__` refuses first."""


# --- writing and reading ------------------------------------------------------------------------------


def encode(cls: type[State], values: Mapping[str, Any]) -> dict[str, Value | Restart]:
    """Checks what an app wants to write. Raises UsageError for an unknown field or a wrong type."""
    check_names(cls, values)
    return {name: _encode(cls.__fields__[name], value) for name, value in values.items()}


def _encode(spec: FieldSpec, value: Any) -> Value | Restart:
    if not isinstance(value, Restart):
        return spec.codec.encode(value, spec.name)
    if spec.policy is not policies.HIGHEST:
        raise UsageError(f"{spec.name} is no `highest` field: restart() is of no use there")
    return Restart(spec.codec.encode(value.value, spec.name))


def edit_of(
    cls: type[State], states: tuple[Any, ...], values: Mapping[str, Any]
) -> dict[str, Value | Restart]:
    """What `update(furthest=0.4)` or `update(Reading(furthest=0.4))` asks for. Raises UsageError."""
    if not states:
        return encode(cls, values)
    state = states[0]
    example = f"{cls.__name__}({next(iter(cls.__fields__), 'field')}=…)"
    if len(states) > 1 or values:
        raise UsageError(f"update() takes either fields or one {example}, not both")
    if type(state) is not cls:
        raise UsageError(f"update() takes {example} here, not {type(state).__name__}")
    given: dict[str, Value | Restart] | None = state.__dict__.get("__given__")
    if given is None:
        raise UsageError(
            f"this {cls.__name__} is what the session shows, and would write all of its fields "
            f"anew: make one of those that change, as update({example})"
        )
    return dict(given)


def decode(
    cls: type[S], values: Mapping[str, Value], fallback: S | None = None, only: Collection[str] | None = None
) -> S:
    """A state from plain values; a field that makes no sense is as in `fallback`, or its default.

    only   the fields to look at, the others are as in `fallback`; default: all
    """
    state = cls.__new__(cls)
    state.__dict__.update(_decoded(cls, values, fallback, only))
    return state


def _decoded(
    cls: type[State],
    values: Mapping[str, Value],
    fallback: State | None = None,
    only: Collection[str] | None = None,
) -> dict[str, Any]:
    return {name: _shown(spec, values, fallback, only) for name, spec in cls.__fields__.items()}


def _shown(
    spec: FieldSpec, values: Mapping[str, Value], fallback: State | None, only: Collection[str] | None
) -> Any:
    before = spec.default if fallback is None else fallback.__dict__[spec.name]
    if only is not None and spec.name not in only:
        return before
    if spec.name not in values:
        return spec.default
    try:
        return spec.codec.decode(values[spec.name])
    except ValueError:
        return before


def changed(before: State, after: State, names: Collection[str]) -> frozenset[str]:
    """Which of these fields the class has, and shows otherwise than before."""
    return frozenset(name for name in before.__fields__ if name in names and _differ(before, after, name))


def with_fields_of(state: S, other: S, names: Collection[str]) -> S:
    """`state`, but these fields as in `other`."""
    made = type(state).__new__(type(state))
    made.__dict__.update(state.__dict__, **{name: other.__dict__[name] for name in names})
    return made


def _differ(before: State, after: State, name: str) -> bool:
    old, new = before.__dict__[name], after.__dict__[name]
    return old is not new and (type(old) is not type(new) or bool(old != new))


def check_names(cls: type[State], names: Collection[str]) -> None:
    """Raises UsageError for fields that the class does not have."""
    unknown = sorted(set(names) - cls.__fields__.keys())
    if unknown:
        known = ", ".join(cls.__fields__)
        raise UsageError(f"{cls.__name__} has no field {', '.join(unknown)}; it has {known}")


_NOTHING = object()


# --- declaring ----------------------------------------------------------------------------------------


def _inherited(cls: type[State]) -> dict[str, FieldSpec]:
    """The fields of all parents; of two that declare the same one, the first parent's counts."""
    fields: dict[str, FieldSpec] = {}
    for parent in reversed(cls.__mro__[1:]):
        if issubclass(parent, State):
            fields |= parent.__own__
        else:
            for name, declared in vars(parent).items():
                if isinstance(declared, _Declared):
                    raise UsageError(
                        f"{parent.__name__}.{name}: only a State class has fields, {parent.__name__} is none"
                    )
    return fields


def _own_fields(cls: type[State], scope: Mapping[str, Any]) -> dict[str, FieldSpec]:
    found = _hints(cls, scope).items()
    hints = {name: hint for name, hint in found if ClassVar not in (hint, typing.get_origin(hint))}
    for name, declared in vars(cls).items():
        if isinstance(declared, _Declared) and name not in hints:
            raise UsageError(f"{cls.__name__}.{name} has no type: write {name}: … = latest(…), with its type")
    return {name: _spec(cls, name, hint, cls.__dict__.get(name), scope) for name, hint in hints.items()}


def _hints(cls: type[State], scope: Mapping[str, Any]) -> dict[str, Any]:
    """The types of the fields that this very class declares."""
    names = {name: value for name, value in vars(cls).items() if not isinstance(value, _Declared)}
    own = {"__module__": cls.__module__, "__annotations__": inspect.get_annotations(cls)}
    try:
        return typing.get_type_hints(type(cls.__name__, (), own), localns={**names, **scope})
    except NameError as error:
        raise UsageError(
            f"the types of {cls.__name__}'s fields cannot be found ({error}): define or import them "
            "before the class"
        ) from error


def _spec(cls: type[State], name: str, hint: Any, declared: Any, scope: Mapping[str, Any]) -> FieldSpec:
    where = f"{cls.__name__}.{name}"
    if not isinstance(declared, _Declared):
        raise UsageError(
            f"{where} has no policy: write {name}: … = latest(default), highest(default) or "
            "on_this_device(default)"
        )
    codec = codec_for(hint, where, scope)
    if declared.policy is policies.HIGHEST and not codec.is_number:
        raise UsageError(f"{where} is `highest`, and so it is an int or a float, and nothing else")
    plain = codec.encode(declared.default, name)
    try:
        default = codec.decode(plain)
    except ValueError as error:
        raise UsageError(f"{where}: its own default cannot be read back ({error})") from error
    return FieldSpec(name, declared.policy, default, codec)


def _check_fields(cls: type[State]) -> None:
    """What the documents and the classes themselves have no place for."""
    shared = [name for name, spec in cls.__fields__.items() if spec.policy.shared]
    if len(shared) > MAX_FIELDS:
        raise UsageError(
            f"{cls.__name__} has {len(shared)} fields, and a session's document holds {MAX_FIELDS}: put "
            "those that change together into one dataclass"
        )
    for name in cls.__fields__:
        if fault := name_fault(name):
            raise UsageError(f"{cls.__name__}.{name} cannot be stored: {fault}")
        if hasattr(State, name):
            raise UsageError(f"{cls.__name__}.{name}: that name is taken by State itself; choose another")
        hidden = inspect.getattr_static(cls, name, _NOTHING)
        if hidden is not _NOTHING and not isinstance(hidden, (_Declared, _Fresh)):
            raise UsageError(f"{cls.__name__}.{name} is a parent's field and something else here: rename it")
