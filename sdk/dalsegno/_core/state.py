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
from typing import Any, ClassVar, TypeVar, dataclass_transform

from dalsegno._core import policies
from dalsegno._core.declared import Declared, misfit
from dalsegno._core.descriptors import Fresh, Noted
from dalsegno._core.document import SCHEMA
from dalsegno._core.fields import FieldCodec, codec_for
from dalsegno._core.limits import MAX_FIELDS, name_fault
from dalsegno._core.policies import Extreme, Policy, Schema
from dalsegno._core.record import record
from dalsegno._core.sequence_fields import made_upon, wish_for
from dalsegno._core.sequences import Sequenced
from dalsegno._core.types import Value
from dalsegno._core.wishes import Add, Kept, Restart, Revised, Wish
from dalsegno._errors import UsageError

S = TypeVar("S", bound="State")


@record(frozen=True, slots=True)
class FieldSpec:
    """One field of a State class; `default` is nobody else's, and never changed. `start`: as a plain
    value."""

    name: str
    policy: Policy
    default: Any
    start: Value
    codec: FieldCodec


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
                setattr(cls, name, Fresh(name))
            elif isinstance(spec.policy, Sequenced):
                setattr(cls, name, Noted(name))
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


# --- writing and reading ------------------------------------------------------------------------------


def encode(cls: type[State], values: Mapping[str, Any]) -> dict[str, Wish]:
    """Checks what an app wants to write. Raises UsageError for an unknown field or a wrong type."""
    check_names(cls, values)
    return {name: _encode(cls.__fields__[name], value) for name, value in values.items()}


def _encode(spec: FieldSpec, value: Any) -> Wish:
    if isinstance(value, Restart):
        if not isinstance(spec.policy, Extreme):
            raise UsageError(
                f"{spec.name} is no `highest` field, and no `lowest` one: restart() is of no use there"
            )
        return Restart(spec.codec.encode(value.value, spec.name))
    if isinstance(value, Add) or spec.policy is policies.COUNTER:
        return _added(spec, value)
    plain = spec.codec.encode(value, spec.name)
    if spec.policy is policies.ORDERED and spec.codec.converter.item is not None:
        return wish_for(spec.codec.converter.item, value, plain, spec.start)
    return Revised(plain, start=spec.start) if spec.policy is policies.TEXT else plain


def _added(spec: FieldSpec, value: Any) -> Add:
    if spec.policy is not policies.COUNTER:
        raise UsageError(f"{spec.name} is no `counter` field: add() is of no use there")
    if not isinstance(value, Add):
        raise UsageError(
            f"{spec.name} is a counter, which cannot be set: say how much more with "
            f"update({spec.name}=add(1)), or add(-1)"
        )
    amount = spec.codec.encode(value.amount, spec.name)
    assert isinstance(amount, (int, float)) and isinstance(spec.start, (int, float))
    return Add(amount, spec.start)


def edit_of(
    cls: type[State],
    states: tuple[Any, ...],
    values: Mapping[str, Any],
    noted: Mapping[str, Any] | None = None,
) -> dict[str, Wish]:
    """What `update(furthest=0.4)` or `update(Reading(furthest=0.4))` asks for. Raises UsageError.

    noted   what the app read last of the fields whose edits are differences
    """
    wishes = encode(cls, values) if not states else _given(cls, states, values)
    for name, wish in wishes.items():
        if isinstance(wish, Revised):
            item = cls.__fields__[name].codec.converter.item
            wishes[name] = made_upon(item, wish, (noted or {}).get(name))
    return wishes


def with_line(cls: type[State], wishes: Mapping[str, Wish], *, always: bool) -> dict[str, Wish]:
    """The same with all other fields of the line as they stand, if one of them is edited, or `always`."""
    held = cls.__schema__.held
    if not always and held.isdisjoint(wishes):
        return dict(wishes)
    return {**{name: Kept(cls.__fields__[name].start) for name in held}, **wishes}


def note(cls: type[State], wishes: Mapping[str, Wish], noted: dict[str, Any]) -> None:
    """An edit was made: the app has before its eyes what it gave, and not yet what came of it."""
    for name, wish in wishes.items():
        if isinstance(wish, Revised):
            noted[name] = cls.__fields__[name].codec.decode(wish.given)


def _given(cls: type[State], states: tuple[Any, ...], values: Mapping[str, Any]) -> dict[str, Wish]:
    state = states[0]
    example = f"{cls.__name__}({next(iter(cls.__fields__), 'field')}=…)"
    if len(states) > 1 or values:
        raise UsageError(f"update() takes either fields or one {example}, not both")
    if type(state) is not cls:
        raise UsageError(f"update() takes {example} here, not {type(state).__name__}")
    given: dict[str, Wish] | None = state.__dict__.get("__given__")
    if given is None:
        raise UsageError(
            f"this {cls.__name__} is what the session shows, and would write all of its fields "
            f"anew: make one of those that change, as update({example})"
        )
    return dict(given)


def decode(
    cls: type[S],
    values: Mapping[str, Value],
    fallback: S | None = None,
    only: Collection[str] | None = None,
) -> S:
    """A state from plain values; a field that makes no sense is as in `fallback`, or its default.

    only   the fields to look at, the others are as in `fallback`; default: all
    """
    state = cls.__new__(cls)
    state.__dict__.update(_decoded(cls, values, fallback, only))
    return state


def noting(state: S, noted: dict[str, Any]) -> S:
    """The state of a session: `noted` takes down what is read of it, where that matters to an edit."""
    state.__dict__["__noted__"] = noted
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
        found = spec.codec.decode(values[spec.name])
    except ValueError:
        return before
    beyond = isinstance(spec.policy, Extreme) and spec.policy.beyond(found, spec.start)
    return spec.default if beyond else found


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
                if isinstance(declared, Declared):
                    raise UsageError(
                        f"{parent.__name__}.{name}: only a State class has fields, {parent.__name__} is none"
                    )
    return fields


def _own_fields(cls: type[State], scope: Mapping[str, Any]) -> dict[str, FieldSpec]:
    found = _hints(cls, scope).items()
    hints = {name: hint for name, hint in found if ClassVar not in (hint, typing.get_origin(hint))}
    for name, declared in vars(cls).items():
        if isinstance(declared, Declared) and name not in hints:
            raise UsageError(f"{cls.__name__}.{name} has no type: write {name}: … = latest(…), with its type")
    return {name: _spec(cls, name, hint, cls.__dict__.get(name), scope) for name, hint in hints.items()}


def _hints(cls: type[State], scope: Mapping[str, Any]) -> dict[str, Any]:
    """The types of the fields that this very class declares."""
    names = {name: value for name, value in vars(cls).items() if not isinstance(value, Declared)}
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
    if not isinstance(declared, Declared):
        raise UsageError(
            f"{where} has no policy: write {name}: … = latest(default), held(default), highest(default), "
            "on_this_device(default), lowest(default), counter(), ordered(type) or text()"
        )
    codec = codec_for(hint, where, scope)
    if fault := misfit(declared, hint, codec):
        raise UsageError(f"{where} {fault}")
    plain = codec.encode(declared.default, name)
    try:
        default = codec.decode(plain)
    except ValueError as error:
        raise UsageError(f"{where}: its own default cannot be read back ({error})") from error
    return FieldSpec(name, declared.policy, default, plain, codec)


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
        if hidden is not _NOTHING and not isinstance(hidden, (Declared, Fresh, Noted)):
            raise UsageError(f"{cls.__name__}.{name} is a parent's field and something else here: rename it")
