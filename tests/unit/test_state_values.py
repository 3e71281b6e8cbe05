"""What a State holds: nobody can change it in place, no two share it, and nothing else is read into it."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._core import state as states
from dalsegno._core.policies import HIGHEST, LATEST
from dalsegno._errors import UsageError


class Point:
    """A class of the app's own whose objects can be changed."""

    def __init__(self, x: int, path: list[int] | None = None) -> None:
        self.x, self.path = x, path or []

    def to_value(self) -> Any:
        return {"x": self.x, "path": self.path}

    @classmethod
    def from_value(cls, value: Any) -> Point:
        return cls(value["x"], value["path"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and (self.x, self.path) == (other.x, other.path)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Spot:
    """Frozen, with `to_value`: one object may be everybody's."""

    x: int = 0

    def to_value(self) -> int:
        return self.x

    @classmethod
    def from_value(cls, value: Any) -> Spot:
        return cls(value)


@dataclass(frozen=True)
class Path:
    """Frozen, and what it holds is not."""

    steps: list[int] = field(default_factory=list)

    def to_value(self) -> Any:
        return self.steps

    @classmethod
    def from_value(cls, value: Any) -> Path:
        return cls(value)


@dataclass(frozen=True)
class Style:
    fonts: list[str] = field(default_factory=list)


class Book(ds.State, schema="book/1"):
    tags: list[str] = ds.latest(default=[])
    notes: dict[str, list[int]] = ds.latest({})
    style: Style = ds.latest(Style())
    point: Point = ds.latest(Point(0))
    points: list[Point] | None = ds.latest(None)
    spot: Spot = ds.latest(Spot())
    path: Path = ds.latest(Path())
    place: ds.Locator | None = ds.latest(None)
    count: int | float = ds.highest(0)


FULL: dict[str, Any] = {
    "tags": ["a"],
    "notes": {"n": [1]},
    "style": Style(["serif"]),
    "point": Point(1, [1]),
    "points": [Point(2, [2])],
    "spot": Spot(3),
    "path": Path([4]),
    "place": ds.Locator("a", extra={"marks": [1]}),
}


def received() -> Book:
    """A state as a session shows it."""
    return states.decode(Book, states.encode(Book, FULL))  # type: ignore[arg-type]


# --- nothing is changed in place ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.tags.append("b"),
        lambda s: s.tags.extend(["b"]),
        lambda s: s.tags.__setitem__(0, "b"),
        lambda s: s.tags.__iadd__(["b"]),
        lambda s: s.tags.clear(),
        lambda s: s.tags.sort(),
        lambda s: s.notes.update(m=[]),
        lambda s: s.notes.setdefault("m", []),
        lambda s: s.notes.pop("n"),
        lambda s: s.notes["n"].append(2),
        lambda s: s.style.fonts.append("sans"),
        lambda s: s.place.extra.clear(),
        lambda s: s.place.extra["marks"].reverse(),
    ],
)
@pytest.mark.parametrize("make", [received, lambda: Book(**FULL)], ids=["received", "made"])
def test_lists_and_maps_of_a_state_say_what_to_do_instead(make: Any, change: Any) -> None:
    """A change in place would look saved and never be sent: it is refused, and nothing is changed."""
    state = make()
    with pytest.raises(UsageError, match=r"does not change in place: copy it with (list|dict)\(…\).*update"):
        change(state)
    assert Book(**FULL) == state


@pytest.mark.parametrize("make", [received, lambda: Book(**FULL)], ids=["received", "made"])
def test_objects_that_can_be_changed_are_the_readers_own(make: Any) -> None:
    """Whoever changes one changes nobody's state, at whatever depth."""
    state = make()
    state.point.x = 9
    state.point.path.append(9)
    state.points[0].path.append(9)
    state.path.steps.append(9)
    assert Book(**FULL) == state
    assert (1, [1], [2], [4]) == (state.point.x, state.point.path, state.points[0].path, state.path.steps)


def test_objects_that_cannot_be_changed_are_the_same_at_each_look() -> None:
    """A place and a frozen dataclass cost nothing to read again."""
    state = received()
    assert state.spot is state.spot
    assert state.place is state.place
    assert state.tags is state.tags


def test_a_state_is_not_changed_by_what_it_was_made_from() -> None:
    """An app that goes on with its own list changes that list alone."""
    tags, point = ["a"], Point(1, [1])
    state = Book(tags=tags, point=point)
    given = states.edit_of(Book, (state,), {})
    tags.append("b")
    point.path.append(2)
    assert Book(tags=["a"], point=Point(1, [1])) == state
    assert {"tags": ["a"], "point": {"x": 1, "path": [1]}} == given


def test_defaults_are_shared_by_nobody() -> None:
    """Not between sessions, not between users, not with the class, not with the list that was declared."""
    declared: list[str] = []

    class Other(ds.State, schema="other/1"):
        tags: list[str] = ds.latest(declared)
        point: Point = ds.latest(Point(0))

    declared.append("x")
    Other().point.path.append(1)
    with pytest.raises(UsageError):
        Other().tags.append("y")
    assert (Other(), []) == (states.decode(Other, {}), Other().tags)
    assert Point(0) == Other().point == states.decode(Other, {}).point


def test_lists_and_maps_are_like_any_other_to_a_reader() -> None:
    """`isinstance`, `==`, JSON, copies and sums; copies can be changed."""
    state = received()
    tags, notes = state.tags, state.notes
    assert isinstance(tags, list) and isinstance(notes, dict)
    assert '{"tags": ["a"], "notes": {"n": [1]}}' == json.dumps({"tags": tags, "notes": notes})
    lists = (list(tags), tags[:], [*tags], tags.copy(), copy.copy(tags), copy.deepcopy(tags), tags * 1)
    for each in (*lists, pickle.loads(pickle.dumps(tags))):
        each.append("b")
        assert ["a", "b"] == each
    maps = (dict(notes), {**notes}, notes.copy(), copy.copy(notes), copy.deepcopy(notes), notes | {})
    for other in (*maps, pickle.loads(pickle.dumps(notes))):
        other["m"] = []
        assert {"n": [1], "m": []} == other
    assert state == copy.deepcopy(state)


# --- what is read -------------------------------------------------------------------------------------


def test_only_what_changed_is_read_anew() -> None:
    """The other fields are the same objects as before, without a look at their values."""
    before = received()
    after = states.decode(Book, {"tags": ["b"], "place": "no place"}, before, only={"tags"})
    assert ["b"] == after.tags
    assert (before.place, before.notes) == (after.place, after.notes)
    assert before.notes is after.notes


def test_what_changed_is_what_the_class_has_and_shows_otherwise() -> None:
    """Not a field of a newer app, not nonsense that is not shown."""
    before = states.decode(Book, {"tags": ["a"], "count": 3, "place": {"href": "a"}})
    plain = {"tags": ["a", 7], "count": 3, "place": "x", "newer": 1, "notes": {"n": [1]}}
    after = states.decode(Book, plain, before)  # type: ignore[arg-type]
    assert {"notes"} == states.changed(before, after, plain.keys())
    assert frozenset() == states.changed(before, after, {"tags"})


# --- declaring ----------------------------------------------------------------------------------------


class Placed(ds.State, schema="placed/1"):
    place: str = ds.latest("")
    shared: int = ds.latest(1)


class Counted(ds.State, schema="counted/1"):
    count: int = ds.highest(0)
    shared: int = ds.highest(2)


class Both(Placed, Counted, schema="both/1"):
    own: bool = ds.latest(False)


class Lower(Both, Counted, schema="lower/1"):
    place: str = ds.latest("lower")


def test_a_class_has_the_fields_of_all_its_parents() -> None:
    """In Python's order: of two that declare the same field, the first parent's counts."""
    assert {"place", "count", "shared", "own"} == set(Both.__fields__)
    assert (LATEST, HIGHEST) == (Both.__fields__["shared"].policy, Both.__fields__["count"].policy)
    assert ("", 1, 0, False) == (Both().place, Both().shared, Both().count, Both().own)
    assert ("lower", 1) == (Lower().place, Lower().shared)


def declare(**names: Any) -> type[ds.State]:
    """class Bad with these attributes; `hints` are its annotations."""
    hints, bases = names.pop("hints", {}), names.pop("bases", (ds.State,))
    return type("Bad", bases, {**names, "__annotations__": hints, "__module__": __name__}, schema="bad/1")


highest: Any = ds.highest  # a checker refuses what is wrong here


class Mixin:
    place: int = ds.latest(0)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"place": ds.latest(0)}, r"Bad\.place has no type: write place: … = latest"),
        ({"place": ds.latest(0), "bases": (Placed,)}, r"Bad\.place has no type"),
        ({"place": 3, "bases": (Placed,)}, r"Bad\.place is a parent's field and something else here"),
        ({"place": property(lambda self: 3), "bases": (Placed,)}, r"Bad\.place is a parent's field"),
        ({"bases": (Mixin, ds.State)}, r"Mixin\.place: only a State class has fields"),
        ({"__x__": ds.latest(0), "hints": {"__x__": int}}, r"Bad\.__x__ cannot be stored: a key is like"),
        ({"x" * 1501: ds.latest(0), "hints": {"x" * 1501: int}}, r"longer than 1400 bytes"),
        ({"_values": ds.latest(0), "hints": {"_values": int}}, r"Bad\._values: that name is taken by State"),
        ({"far": highest(""), "hints": {"far": str}}, r"Bad\.far is `highest`, and so it is an int or"),
        ({"far": highest(None), "hints": {"far": float | None}}, r"Bad\.far is `highest`"),
        ({"far": ds.highest(False), "hints": {"far": bool}}, r"Bad\.far is `highest`"),
        ({"far": highest(ds.Locator("a")), "hints": {"far": ds.Locator}}, r"Bad\.far is `highest`"),
        (
            {"far": ds.highest(float("inf")), "hints": {"far": float}},
            r"far takes float .*, not an infinite",
        ),
        ({"far": ds.latest(float("nan")), "hints": {"far": float}}, r"far takes float \(finite\), not NaN"),
        ({"far": ds.latest([0]), "hints": {"far": "list[Nowhere]"}}, "define or import them"),
    ],
)
def test_a_declaration_that_would_do_nothing_or_harm_is_refused(names: dict[str, Any], message: str) -> None:
    """Where it is written, with the name of the field."""
    with pytest.raises(UsageError, match=message):
        declare(**names)


def test_a_default_that_cannot_be_read_back_is_refused() -> None:
    """A class whose `from_value` does not understand its own `to_value` would never show what was written."""

    class Broken(Spot):
        def to_value(self) -> int:
            return 3

        @classmethod
        def from_value(cls, value: Any) -> Spot:
            raise LookupError

    with pytest.raises(UsageError, match=r"Bad\.spot: its own default cannot be read back"):
        declare(spot=ds.latest(Broken()), hints={"spot": Broken})


def test_a_field_may_be_named_as_its_type_is() -> None:
    """And as the parameters of `update` and of the class are."""
    from datetime import date as date_type  # noqa: F401 - only that the name is there

    class Fine(ds.State, schema="fine/1"):
        Spot: Spot = ds.latest(Spot(1))
        self: int = ds.latest(0)
        state: str = ds.latest("")

    assert (Spot(1), 2, "x") == (Fine().Spot, Fine(self=2).self, Fine(state="x").state)


# --- a State as an edit -------------------------------------------------------------------------------


def test_a_state_that_the_app_makes_names_the_fields_to_write() -> None:
    """Those that it was given, and no default; `restart` too."""
    assert {"tags": ["a"]} == states.edit_of(Book, (Book(tags=["a"]),), {})
    assert {} == states.edit_of(Book, (Book(),), {})
    edit = states.edit_of(Book, (Book(count=ds.restart(0)),), {})
    assert {"count": ds.restart(0)} == edit
    assert 0 == Book(count=ds.restart(0)).count


@pytest.mark.parametrize(
    ("given", "fields", "message"),
    [
        ((received(),), {}, r"this Book is what the session shows.*as update\(Book\(tags=…\)\)"),
        ((Book(tags=[]),), {"count": 1}, "either fields or one Book"),
        ((Book(), Book()), {}, "either fields or one Book"),
        ((Placed(),), {}, r"update\(\) takes Book\(tags=…\) here, not Placed"),
        (({"tags": []},), {}, r"update\(\) takes Book\(tags=…\) here, not dict"),
        ((None,), {}, r"update\(\) takes Book\(tags=…\) here, not NoneType"),
    ],
)
def test_what_is_no_edit_is_refused(given: Any, fields: Any, message: str) -> None:
    """The error shows how an edit is written."""
    with pytest.raises(UsageError, match=message):
        states.edit_of(Book, given, fields)


def test_a_state_is_checked_when_it_is_made() -> None:
    """Not only when it is written."""
    with pytest.raises(UsageError, match="tags takes list of str, not str"):
        Book(tags="a")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no `highest` field"):
        Book(tags=ds.restart(["a"]))  # type: ignore[type-var]
