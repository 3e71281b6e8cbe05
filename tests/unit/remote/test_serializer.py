"""Values on the wire ↔ plain Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core.types import Micros, Value
from dalsegno._remote import protos
from dalsegno._remote.serializer import (
    MAX_DEPTH,
    GeoPoint,
    Reference,
    decode,
    decode_fields,
    encode_fields,
    encode_into,
    micros,
    set_micros,
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)),
    st.builds(Reference, st.text(st.characters(exclude_categories=["Cs"]))),
    st.builds(lambda x, y: GeoPoint(latitude=x, longitude=y), st.floats(-90, 90), st.floats(-180, 180)),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
MAPS = st.dictionaries(KEYS, SCALARS, max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.dictionaries(KEYS, inner, max_size=3), st.lists(st.one_of(SCALARS, MAPS), max_size=3)
    ),
    max_leaves=10,
)


def round_trip(value: Value) -> Value:
    message = protos.Value()
    encode_into(message, value)
    return decode(protos.Value.FromString(message.SerializeToString()))


@given(VALUES)
def test_what_is_written_is_read(value: Value) -> None:
    """Every value that Firestore can store comes back equal, and of the same type."""
    back = round_trip(value)
    assert (value, type(value)) == (back, type(back))


@given(st.integers(-(10**15), 10**16))
def test_times_are_exact_to_the_microsecond(time: int) -> None:
    """An update_time must be handed back exactly as it came, or compare-and-set fails for ever."""
    message = protos.Document()
    set_micros(message.update_time, Micros(time))
    assert 0 <= message.update_time.nanos < 10**9
    assert time == micros(message.update_time)


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    """Firestore keeps moments, not zones."""
    here = datetime(2026, 11, 23, 10, 0, 0, 123456, timezone(timedelta(hours=5)))
    assert here == round_trip(here)


def test_floats_stay_floats_and_infinity_stays() -> None:
    """1.0 does not become 1, and what has no number is kept as such."""
    assert [1.0, float("inf")] == (back := round_trip([1.0, float("inf")]))
    assert float is type(back[0])  # type: ignore[index]
    assert (nan := round_trip(float("nan"))) != nan


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (2**63, "64 bits"),
        ("\ud800", "surrogate"),
        ([[1]], "directly in an array"),
        (datetime(2026, 1, 1), "time zone"),
        ({"": 1}, "name"),
        ({"\udfff": 1}, "surrogate"),
        ({1: 1}, "name"),
        (object(), "object"),
        ({"a": {1, 2}}, "set"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_the_reason(value: Any, why: str) -> None:
    """It fails here, where somebody can act, and not as a refusal of the server's."""
    with pytest.raises(ValueError, match=why):
        encode_into(protos.Value(), value)


def nested(depth: int) -> Value:
    value: Value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_depth_is_limited_both_ways() -> None:
    """Twenty levels are Firestore's limit; more is refused before the stack is."""
    assert nested(MAX_DEPTH) == round_trip(nested(MAX_DEPTH))
    with pytest.raises(ValueError, match="deeper"):
        encode_into(protos.Value(), nested(MAX_DEPTH + 1))
    message = inner = protos.Value()
    for _ in range(MAX_DEPTH + 1):
        inner = inner.map_value.fields["a"]
    with pytest.raises(ValueError, match="deeper"):
        decode(message)


def test_a_value_that_contains_itself_is_refused() -> None:
    """A circle ends at the depth limit."""
    circle: dict[str, Any] = {}
    circle["a"] = circle
    with pytest.raises(ValueError, match="deeper"):
        encode_into(protos.Value(), circle)


def test_a_time_that_no_calendar_has_is_refused() -> None:
    """A hostile timestamp is a ValueError like all nonsense, not an OverflowError that nobody expects."""
    message = protos.Value()
    message.timestamp_value.seconds = 2**62
    with pytest.raises(ValueError, match="years"):
        decode(message)


def test_kinds_that_no_stored_document_holds_are_nothing() -> None:
    """A value without a kind, or of a kind that only queries use, reads as None."""
    reference = protos.Value(field_reference_value="a.b")
    assert [None, None] == [decode(protos.Value()), decode(reference)]


def test_a_document_larger_than_firestore_allows_is_refused() -> None:
    """Ten megabytes are not decoded into a hundred."""
    document = protos.Document()
    encode_fields(document.fields, {"a": "x" * (5 * 1024 * 1024)})
    with pytest.raises(ValueError, match="larger"):
        decode_fields(document)
