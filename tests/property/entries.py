"""Entries, stamps and documents for Hypothesis; from small pools, so that ties happen."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dalsegno._core.clock import stamp
from dalsegno._core.document import NO_STAMP, Document, Entry
from dalsegno._core.types import DeviceId, Micros, Millis
from tests.support.values import exact, values

DEVICES = [DeviceId(f"{n:016x}") for n in (1, 2, 0xFEDCBA9876543210)]
devices = st.sampled_from(DEVICES)
stamps = st.just(NO_STAMP) | st.builds(
    stamp,
    st.integers(0, 3) | st.integers(0, 999_999_999_999_999),
    st.integers(0, 2) | st.integers(0, 99_999),
    devices,
)
few_values = st.sampled_from(
    [0, 0.0, -0.0, 1, True, False, None, "", "1", "b'x'", b"x", float("nan"), float("inf"), 2**53, 2**53 + 1]
)
rounds = st.sampled_from([{}, {"round": 1}, {"round": 2}, {"round": -1}, {"round": "1"}, {"round": True}])
ranks = st.fixed_dictionaries({}, optional={"lease": stamps, "act": stamps, "released": st.booleans()})
extras = rounds | ranks
entries = st.builds(Entry, few_values | values, stamps, st.integers(0, 3), extras)
fields = st.dictionaries(st.sampled_from("abcd"), entries, max_size=4)


@st.composite
def documents(draw: st.DrawFn, schema: str = "reading/1") -> Document:
    """A document as a server may have it; its stamps are not ahead of its commit."""
    found = draw(fields)
    newest = max((int(e.stamp[:15]) for e in found.values()), default=0)
    time_us = Micros(newest * 1000 + draw(st.integers(0, 3)))
    return Document(schema, found, draw(st.integers(1, 9)), Millis(newest), draw(devices), time_us, time_us)


def exactly(entry: Entry) -> Any:
    """A form of an entry in which 1, 1.0 and True differ, and NaN equals NaN."""
    return exact(entry.value), entry.stamp, entry.basis, exact(entry.extra)
