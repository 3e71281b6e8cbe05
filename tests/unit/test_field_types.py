"""Composite types of fields: what is told apart, what an odd part costs, and the app's own classes."""

from __future__ import annotations

import enum
import sys
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NewType

import pytest

import dalsegno as ds
from dalsegno._core.fields import codec_for
from dalsegno._errors import UsageError


class Mood(enum.Enum):
    CALM = "calm"
    WILD = "wild"


class Level(enum.IntEnum):
    LOW = 1


class Shade(str, enum.Enum):  # noqa: UP042 - apps for Python 3.10 wrote it so
    DARK = "dark"


@dataclass(frozen=True)
class Style:
    """A dataclass of the app's own, in a map of its fields."""

    size: float = 18.0
    shade: Literal["light", "dark"] = "light"
    fonts: list[str] = field(default_factory=list)
    within: ds.Locator | None = None


@dataclass(frozen=True)
class Span:
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("it ends before it begins")


class Strict:
    """A class whose `from_value` raises whatever comes."""

    def __init__(self, number: int) -> None:
        self.number = number

    def to_value(self) -> dict[str, int]:
        return {"number": self.number}

    @classmethod
    def from_value(cls, value: Any) -> Strict:
        return cls(value["number"] + 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Strict) and self.number == other.number

    __hash__ = None  # type: ignore[assignment]


class Name(str):
    """A text that is kept as a text."""

    def to_value(self) -> str:
        return str.__str__(self)

    @classmethod
    def from_value(cls, value: Any) -> Name:
        if not isinstance(value, str):
            raise ValueError("no text")
        return cls(value)


BookId = NewType("BookId", str)
Tag = NewType("Tag", BookId)
PLACE = ds.Locator("a.xhtml")


# --- there and back -----------------------------------------------------------------------------------

GOOD: list[tuple[Any, Any, Any]] = [
    # type, value, plain
    (Literal["a", 1, True, None], True, True),
    (Literal["a", 1, True, None], 1, 1),
    (Literal["a", 1, True, None], None, None),
    (Literal[Mood.CALM], Mood.CALM, "calm"),
    (BookId, BookId("b"), "b"),
    (Tag, "t", "t"),
    (Annotated[int, "pages"], 3, 3),
    (Annotated[Tag | None, "t"], "t", "t"),
    (tuple[int, str], (1, "a"), [1, "a"]),
    (tuple[int, Mood, ds.Locator], (1, Mood.WILD, PLACE), [1, "wild", PLACE.to_value()]),
    (tuple[()], (), []),
    (list[Literal["a", "b"]], ["a"], ["a"]),
    (Style, Style(), {"size": 18.0, "shade": "light", "fonts": [], "within": None}),
    (
        dict[str, Style | None],
        {"a": Style(9, "dark", ["x"], PLACE), "b": None},
        {"a": {"size": 9.0, "shade": "dark", "fonts": ["x"], "within": PLACE.to_value()}, "b": None},
    ),
    (Level, Level.LOW, 1),
    (Shade, Shade.DARK, "dark"),
    # Unions give the member back that was written, in whatever order they are declared.
    (str | Mood, Mood.CALM, "calm"),
    (Mood | str, "other", "other"),
    (str | Shade, Shade.DARK, "dark"),
    (int | Level, Level.LOW, 1),
    (int | float, 3, 3),
    (float | int, 3, 3),
    (float | int, 3.0, 3.0),
    (int | bool, True, True),
    (ds.Locator | str | None, "a", "a"),
    (str | ds.Locator | None, PLACE, PLACE.to_value()),
    (ds.Locator | str | None, None, None),
    (Strict | None, None, None),
    (None | Strict, Strict(3), {"number": 3}),
    (Strict | ds.Locator, PLACE, PLACE.to_value()),
    (dict[str, int] | list[int], [1], [1]),
    (Name | None, Name("n"), "n"),
]


@pytest.mark.parametrize(("hint", "value", "plain"), GOOD)
def test_there_and_back(hint: Any, value: Any, plain: Any) -> None:
    """What is written is plain, of plain types alone, and comes back the same, of the same type."""
    codec = codec_for(hint, "State.field")
    encoded = codec.encode(value, "field")
    assert (plain, repr(plain)) == (encoded, repr(encoded))
    back = codec.decode(encoded)
    assert value == back
    assert isinstance(back, type(value))


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Literal["a", 1], "b"),
        (Literal["a", 1], True),
        (Literal["a", 1], [1]),
        (tuple[int, str], (1,)),
        (tuple[int, str], ["a", 1]),
        (Style, Style(size="x")),  # type: ignore[arg-type]
        (Style, {"size": 3.0}),
        (Mood | int, "calm"),
    ],
)
def test_what_a_type_does_not_take(hint: Any, value: Any) -> None:
    """The error names the field and what it takes."""
    with pytest.raises(UsageError, match=r"^field takes .*, not "):
        codec_for(hint, "State.field").encode(value, "field")


if sys.version_info >= (3, 12):  # before, `type X = …` is no Python

    def test_an_alias_is_what_it_stands_for() -> None:
        """`type Text = str`; and one that holds itself is refused."""
        names: dict[str, Any] = {}
        exec("type Text = str | None\ntype Tree = dict[str, Tree] | str", names)
        assert "a" == codec_for(names["Text"], "State.field").encode("a", "field")
        with pytest.raises(UsageError, match="holds itself"):
            codec_for(names["Tree"], "State.field")


# --- what an odd part costs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "plain", "value"),
    [
        (list[int], [1, "x", 2], [1, 2]),
        (tuple[int, ...], [1, None], (1,)),
        (list[Mood], ["calm", "new"], [Mood.CALM]),
        (dict[str, int], {"a": 1, "b": "x"}, {"a": 1}),
        (list[Strict], [{"number": 1}, {}, None], [Strict(1)]),
        (tuple[Style, int], [{"size": "x"}, 3], (Style(), 3)),
        (Style, {}, Style()),
        (Style, {"size": "x", "shade": "dark", "newer": True}, Style(shade="dark")),
        (Style, {"fonts": ["a", 3]}, Style(fonts=["a"])),
        (Style | None, {"shade": "purple"}, Style()),
        (Style, {"within": {"href": "a.xhtml", "title": 3}}, Style(within=PLACE)),
        (list[dict[str, int]], [{"a": 1, "b": None}], [{"a": 1}]),
        (list[int] | list[float], [1, 0.5], [1.0, 0.5]),
    ],
)
def test_an_odd_part_is_left_out_and_the_rest_is_kept(hint: Any, plain: Any, value: Any) -> None:
    """Another client's or a newer app's: whoever writes over a default would erase what was good."""
    assert value == codec_for(hint, "State.field").decode(plain)


@pytest.mark.parametrize(
    ("hint", "plain"),
    [
        (list[int], ["a", "b"]),
        (dict[str, int], {"a": "b"}),
        (tuple[int, str], [1]),
        (tuple[int, str], [1, 2]),
        (Span, {"start": 1}),
        (Span, {"start": "x", "end": 2}),
        (Span, {"start": 3, "end": 2}),
        (Span, []),
        (Strict, {"number": "x"}),
        (Strict, None),
        (Mood, True),
        (Level, True),
        (int | Mood, "new"),
    ],
)
def test_where_nothing_is_left_it_is_a_value_error(hint: Any, plain: Any) -> None:
    """Then the field is as it was; whatever a class of the app's raises, it harms no other field."""
    with pytest.raises(ValueError):
        codec_for(hint, "State.field").decode(plain)


# --- what cannot be declared --------------------------------------------------------------------------


@dataclass
class Loose:
    x: int = 0


@dataclass(frozen=True)
class Tree:
    children: dict[str, Tree]


@dataclass(frozen=True)
class Holder:
    __kept__: int = 0


class Odd(enum.Enum):
    ONE = (1, 2)


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (Loose, r"State\.field: declare Loose as @dataclass\(frozen=True\)"),
        (Tree, "Tree holds itself"),
        (Holder, "__kept__ cannot be stored"),
        (Odd, r"Odd\.ONE cannot stand in a document: a value is a tuple"),
        (Literal[2**70], "a Literal cannot stand in a document: an integer has more than 64 bits"),
        (list[tuple[int, str]], "no lists of lists"),
        (list[list[int] | None], "no lists of lists"),
        (tuple[int, list[int]], "no lists of lists"),
        (list[Annotated[list[int], "x"]], "no lists of lists"),
    ],
)
def test_what_no_document_can_hold_is_refused_at_the_declaration(hint: Any, message: str) -> None:
    """With the class's and the field's name."""
    with pytest.raises(UsageError, match=message):
        codec_for(hint, "State.field")


@pytest.mark.parametrize(
    ("hint", "value"),
    [(str | Name, Name("n")), (list[int] | tuple[int, ...], (1,))],
)
def test_what_would_come_back_as_another_type_is_refused(hint: Any, value: Any) -> None:
    """A plain value does not say which member of a union wrote it: then the app hears of it at once."""
    with pytest.raises(UsageError, match=r"field cannot be stored: a .* would come back as"):
        codec_for(hint, "State.field").encode(value, "field")
