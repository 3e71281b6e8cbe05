"""Any value that a Firestore field can hold, for Hypothesis; and a comparison that overlooks nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

_zones = st.sampled_from([None, UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=3))])
keys = st.text(max_size=8) | st.sampled_from(["$bytes", "$time", "$map", "$", "at", "position"])
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(['"$', '{"$bytes":"AA=="}', "\ud800", "\x00"])
    | st.binary(max_size=12)
    | st.datetimes(timezones=_zones)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def exact(value: Any) -> Any:
    """A form in which equal means the same kind and the same bits: 1, 1.0 and True differ, NaN equals NaN."""
    match value:
        case Mapping():
            return ("map", {key: exact(item) for key, item in value.items()})
        case list() | tuple():
            return ("list", [exact(item) for item in value])
        case datetime():
            return ("datetime", value.isoformat())
        case _:
            return (type(value).__name__, repr(value))
