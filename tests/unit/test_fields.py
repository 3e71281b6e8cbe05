"""The types of fields, each with its way to a plain value and back."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Optional

import pytest

from dalsegno._core.fields import codec_for
from dalsegno._core.limits import MAX_FIELD_BYTES as MAX_BYTES
from dalsegno._errors import UsageError


class Mood(enum.Enum):
    CALM = "calm"
    WILD = "wild"


@dataclass(frozen=True)
class Spot:
    x: int

    def to_value(self) -> dict[str, int]:
        return {"x": self.x}

    @classmethod
    def from_value(cls, value: object) -> Spot:
        if not isinstance(value, dict) or not isinstance(value.get("x"), int):
            raise ValueError("no spot")
        return cls(value["x"])


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

GOOD: list[tuple[Any, Any, Any]] = [
    # type, value, plain
    (bool, True, True),
    (int, -(2**63), -(2**63)),
    (float, 0.5, 0.5),
    (float, 3, 3.0),
    (str, "Möwe 🎵", "Möwe 🎵"),
    (bytes, b"\x00", b"\x00"),
    (datetime, NOON, NOON),
    (type(None), None, None),
    (int | None, None, None),
    (Optional[int], 3, 3),  # noqa: UP045 - apps write it so
    (int | str, "a", "a"),
    (list[int], [1, 2], [1, 2]),
    (tuple[str, ...], ("a", "b"), ["a", "b"]),
    (dict[str, float], {"a": 1.5}, {"a": 1.5}),
    (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
    (list[dict[str, int]], [{"a": 1}], [{"a": 1}]),
    (dict[str, Spot], {"a": Spot(1)}, {"a": {"x": 1}}),
    (list[Spot | None], [Spot(1), None], [{"x": 1}, None]),
    (Mood, Mood.CALM, "calm"),
    (Spot, Spot(3), {"x": 3}),
]

BAD: list[tuple[Any, Any]] = [
    (bool, 1),
    (int, True),
    (int, 1.0),
    (int, 2**63),
    (float, math.nan),
    (float, math.inf),
    (float, True),
    (float, "1"),
    (str, b"a"),
    (str, "\ud800"),
    (str, None),
    (bytes, "a"),
    (bytes, bytearray(b"a")),
    (datetime, datetime(2026, 1, 1)),
    (datetime, "2026-01-01"),
    (int | None, "a"),
    (list[int], [1, "a"]),
    (list[int], (1, 2)),
    (list[float], [math.nan]),
    (tuple[int, ...], [1]),
    (dict[str, int], {1: 1}),
    (dict[str, int], {"a": "b"}),
    (Mood, "calm"),
    (Spot, {"x": 3}),
]


@pytest.mark.parametrize(("hint", "value", "plain"), GOOD, ids=str)
def test_there_and_back(hint: Any, value: Any, plain: Any) -> None:
    """What is written is plain, and comes back the same, of the same type."""
    codec = codec_for(hint, "State.field")
    encoded = codec.encode(value, "field")
    assert plain == encoded
    assert type(plain) is type(encoded)
    back = codec.decode(encoded)
    assert value == back
    assert hint is float or isinstance(back, type(value))


@pytest.mark.parametrize(("hint", "value"), BAD, ids=str)
def test_a_wrong_value_is_refused_before_it_goes_anywhere(hint: Any, value: Any) -> None:
    """The error names the field and never the value."""
    with pytest.raises(UsageError, match=r"^field takes .*, not ") as caught:
        codec_for(hint, "State.field").encode(value, "field")
    assert not isinstance(value, str) or len(value) < 2 or value not in str(caught.value)


@pytest.mark.parametrize(
    ("hint", "value"), [b for b in BAD if b != (Mood, "calm") and b != (Spot, {"x": 3})], ids=str
)
def test_nonsense_from_the_server_is_a_value_error(hint: Any, value: Any) -> None:
    """A wrong type in the document is told by ValueError, so that one field falls back alone."""
    if (hint, value) in [(list[int], (1, 2)), (tuple[int, ...], [1]), (list[int], [1, "a"])]:
        codec_for(hint, "State.field").decode(value)  # plain lists are both, and what is odd is left out
    elif (hint, value) != (dict[str, int], {1: 1}):
        with pytest.raises(ValueError):
            codec_for(hint, "State.field").decode(value)


@pytest.mark.parametrize(
    ("hint", "value"),
    [(Mood, "sad"), (Mood, [1]), (Spot, "x"), (Spot, {"x": "1"}), (int | None, "a")],
    ids=str,
)
def test_nonsense_for_a_class_is_a_value_error(hint: Any, value: Any) -> None:
    """An unknown member of an enum (a newer app's), a shape that is none."""
    with pytest.raises(ValueError):
        codec_for(hint, "State.field").decode(value)


@pytest.mark.parametrize(
    "hint", [complex, set[int], object, Any, dict[int, str], tuple, list, dict, type], ids=str
)
def test_a_type_that_no_document_can_hold(hint: Any) -> None:
    """Refused at the declaration, with the list of what there is."""
    with pytest.raises(UsageError, match=r"State\.field: a field cannot be"):
        codec_for(hint, "State.field")


def test_firestore_has_no_lists_of_lists() -> None:
    """The error says how to do it instead."""
    with pytest.raises(UsageError, match="no lists of lists"):
        codec_for(list[list[int]], "State.field")


@pytest.mark.parametrize(("hint", "unit"), [(str, "a"), (str, "🎵"), (bytes, b"a")], ids=str)
def test_a_field_has_a_largest_size(hint: Any, unit: Any) -> None:
    """Counted in bytes, as Firestore counts."""
    codec = codec_for(hint, "State.field")
    size = len(unit.encode() if isinstance(unit, str) else unit)
    codec.encode(unit * ((MAX_BYTES - 1) // size), "field")
    with pytest.raises(UsageError, match="field is larger than 256 KiB"):
        codec.encode(unit * (MAX_BYTES // size + 1), "field")


def test_large_lists_and_maps_count_too() -> None:
    """The limit is on all of the field."""
    with pytest.raises(UsageError, match="larger"):
        codec_for(list[int], "State.field").encode(list(range(MAX_BYTES // 8 + 1)), "field")
    with pytest.raises(UsageError, match="larger"):
        codec_for(dict[str, str], "State.field").encode({str(n): "x" * 100 for n in range(3_000)}, "field")
