"""What `update` accepts, to the very bounds, the server takes: official emulator, real rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._core.limits import MAX_DEPTH, MAX_FIELD_BYTES, MAX_FIELDS, MAX_PATH_BYTES, MAX_STATE_BYTES


class Anything:
    """Any plain value as a field."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def to_value(self) -> Any:
        return self.value

    @classmethod
    def from_value(cls, value: Any) -> Anything:
        return cls(value)


class Bounds(ds.State, schema="bounds/1"):
    value: Anything = ds.latest(Anything(None))
    furthest: int = ds.highest(0)
    a: str = ds.latest("")
    b: str = ds.latest("")
    c: str = ds.latest("")


LONG = "n" * MAX_PATH_BYTES
Long: Any = type(
    "Long",
    (ds.State,),
    {LONG: ds.highest(0), "__annotations__": {LONG: int}, "__module__": __name__},
    schema="long/1",
)
Most: Any = type(
    "Most",
    (ds.State,),
    {
        **{f"größe_{n}": ds.highest(0) for n in range(MAX_FIELDS)},
        "__annotations__": {f"größe_{n}": int for n in range(MAX_FIELDS)},
        "__module__": __name__,
    },
    schema="most/1",
)


@pytest.fixture
def phone(tmp_path: Path, project: str, emulator_host: str) -> Iterator[ds.Client]:
    user = ds.Unsigned("alice")
    with ds.connect(project, user=user, home=tmp_path, emulator=emulator_host) as client:
        yield client


def nested(kind: str, depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if kind == "lists" and level % 2 else {"a": value}
    return value


VALUES: dict[str, Any] = {
    "deep maps": nested("maps", MAX_DEPTH),
    "deep lists": nested("lists", MAX_DEPTH),
    "long key": {"é" * ((MAX_PATH_BYTES - 6) // 2): 1},
    "long path": [{"k" * 690: {"k" * (MAX_PATH_BYTES - 697): 1}}],
    "odd keys": {"`": 1, "\\": 2, ".": 3, "..": 4, "__x": 5, "\x00": 6, "/": 7, "[]*~": 8, " ": 9},
    "whole numbers": [-(2**63), 2**63 - 1],
    "floats": [5e-324, -1.7976931348623157e308, -0.0],
    "times": [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
    "empty": {"list": [], "map": {}, "text": "", "bytes": b""},
    "many": list(range(MAX_FIELD_BYTES // 8)),
}


def test_each_extreme_value_is_taken(phone: ds.Client) -> None:
    """Depth, keys, numbers, times and counts: nothing that was accepted stays in the outbox."""
    sessions = {name: phone.open(name.replace(" ", "-"), Bounds) for name in VALUES}
    for name, session in sessions.items():
        session.update(value=Anything(VALUES[name]), furthest=2**63 - 1)
    assert dict.fromkeys(VALUES, True) == {name: s.wait_saved(60.0) for name, s in sessions.items()}


def test_the_largest_session_is_taken(phone: ds.Client) -> None:
    """As many bytes as fit into the bound on the whole state, and the next ones are refused here."""
    session = phone.open("large", Bounds)
    session.update(a="x" * (MAX_FIELD_BYTES - 1), b="x" * (MAX_FIELD_BYTES - 1))
    rest = MAX_STATE_BYTES - 2 * MAX_FIELD_BYTES - 1_000
    session.update(c="x" * rest)
    with pytest.raises(ds.UsageError, match="value would make this session larger"):
        session.update(value=Anything("x" * 1_000))
    assert session.wait_saved(60.0)


def test_as_many_fields_as_a_class_may_have_are_taken(phone: ds.Client) -> None:
    """All of them at once, each with a policy's own bookkeeping; and the longest name."""
    session, long = phone.open("most", Most), phone.open("long", Long)
    session.update(**{name: ds.restart(n) for n, name in enumerate(Most.__fields__)})
    long.update(**{LONG: ds.restart(1)})
    assert (True, True) == (session.wait_saved(60.0), long.wait_saved(60.0))
