"""Firestore's values ↔ plain Python. Pure; any thread.

Invariant: whatever arrives is decoded, or refused with ValueError, in bounded time and memory; what was
decoded encodes to the same value again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dalsegno._core.types import Micros, Value

MAX_DEPTH = 20
"""Firestore's own limit for maps and arrays in each other."""
MAX_BYTES = 4 * 1024 * 1024
"""Firestore's limit of 1 MiB is at most four times that on the wire (for an array of booleans)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT64 = range(-(2**63), 2**63)


class Reference(str):
    """A reference to another document: its resource name. On disk it becomes plain text."""

    __slots__ = ()


class GeoPoint(dict[str, float]):
    """A place on Earth: `latitude` and `longitude`, in degrees. On disk it becomes a plain map."""

    __slots__ = ()


# --- decoding -----------------------------------------------------------------------------------------


def decode_fields(document: Any) -> dict[str, Value]:
    """The fields of a plain protobuf `Document` (anything with a `fields` map).

    Raises:
        ValueError: the document is too large, too deep, or holds a time that no calendar has.
    """
    if document.ByteSize() > MAX_BYTES:
        raise ValueError("the document is larger than Firestore allows")
    return {name: decode(value) for name, value in document.fields.items()}


def decode(value: Any, depth: int = MAX_DEPTH) -> Value:
    """One plain protobuf `Value`; kinds that a stored document cannot hold become None.

    Raises:
        ValueError: it is nested too deep, or holds a time that no calendar has.
    """
    kind = value.WhichOneof("value_type")
    plain = _PLAIN.get(kind)
    if plain is not None:
        return getattr(value, plain)  # type: ignore[no-any-return]
    if kind == "map_value":
        _check_depth(depth)
        return {name: decode(item, depth - 1) for name, item in value.map_value.fields.items()}
    if kind == "array_value":
        _check_depth(depth)
        return [decode(item, depth - 1) for item in value.array_value.values]
    if kind == "timestamp_value":
        return _datetime(value.timestamp_value)
    if kind == "reference_value":
        return Reference(value.reference_value)
    if kind == "geo_point_value":
        point = value.geo_point_value
        return GeoPoint(latitude=point.latitude, longitude=point.longitude)
    return None


_PLAIN = {
    name: name for name in ("boolean_value", "integer_value", "double_value", "string_value", "bytes_value")
}


def _check_depth(depth: int) -> None:
    if depth <= 0:
        raise ValueError(f"maps and arrays are nested deeper than {MAX_DEPTH}")


def micros(timestamp: Any) -> Micros:
    """A protobuf timestamp in whole microseconds: Firestore keeps no finer ones, so this is exact."""
    return Micros(timestamp.seconds * 1_000_000 + timestamp.nanos // 1000)


def set_micros(timestamp: Any, value: Micros) -> None:
    """Writes whole microseconds into a protobuf timestamp."""
    timestamp.seconds, rest = divmod(value, 1_000_000)
    timestamp.nanos = rest * 1000


def _datetime(timestamp: Any) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=micros(timestamp))
    except OverflowError:
        raise ValueError("a timestamp is outside the years 1 to 9999") from None


# --- encoding -----------------------------------------------------------------------------------------


def encode_into(target: Any, value: Value, depth: int = MAX_DEPTH, within: str = "map") -> None:
    """Writes `value` into the plain protobuf `Value` `target`.

    Raises:
        ValueError: Firestore could not store it; the text says why.
    """
    match value:
        case None:
            target.null_value = 0
        case bool():
            target.boolean_value = value
        case int():
            if value not in _INT64:
                raise ValueError("an integer has more than 64 bits")
            target.integer_value = value
        case float():
            target.double_value = value
        case Reference():
            target.reference_value = _text(value)
        case str():
            target.string_value = _text(value)
        case bytes():
            target.bytes_value = value
        case datetime():
            _encode_time(target.timestamp_value, value)
        case GeoPoint():
            point = target.geo_point_value
            point.latitude, point.longitude = value["latitude"], value["longitude"]
        case Mapping():
            _check_depth(depth)
            target.map_value.SetInParent()
            encode_fields(target.map_value.fields, value, depth - 1)
        case Sequence():
            _check_depth(depth)
            if within == "array":
                raise ValueError("an array stands directly in an array, which Firestore does not store")
            array = target.array_value
            array.SetInParent()
            for item in value:
                encode_into(array.values.add(), item, depth - 1, "array")
        case _:
            raise ValueError(f"Firestore stores no {type(value).__name__}")


def encode_fields(fields: Any, values: Mapping[str, Value], depth: int = MAX_DEPTH) -> None:
    """Writes a mapping into a protobuf map of `Value`s; the same errors as `encode_into`."""
    for name, item in values.items():
        if not isinstance(name, str) or not name:
            raise ValueError("a field's name must be text and not empty")
        encode_into(fields[_text(name)], item, depth)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half of a surrogate pair, which is no Unicode character") from None
    return str(value)


def _encode_time(timestamp: Any, value: datetime) -> None:
    if value.tzinfo is None:
        raise ValueError("a datetime has no time zone")
    set_micros(timestamp, Micros((value - _EPOCH) // _MICROSECOND))
