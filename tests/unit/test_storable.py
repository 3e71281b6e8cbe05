"""What the server would refuse is refused here, by name, before it is anywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import pytest

import dalsegno as ds
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.fields import codec_for
from dalsegno._core.limits import MAX_DEPTH, MAX_FIELD_BYTES, MAX_STATE_BYTES, DocumentSize, size_of
from dalsegno._errors import UsageError
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.waiting import until


class Anything:
    """A class of the app's own that gives what it was told to."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def to_value(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    @classmethod
    def from_value(cls, value: Any) -> Anything:
        return cls(value)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


class Nowhere(tzinfo):
    """A time zone that does not know its offset."""

    def utcoffset(self, moment: datetime | None) -> None:
        return None

    def dst(self, moment: datetime | None) -> None:
        return None

    def tzname(self, moment: datetime | None) -> None:
        return None


EARLY = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
itself: list[Any] = []
itself.append({"a": itself})

REFUSED: list[tuple[Any, str]] = [
    (object(), "a document holds no object"),
    ({1, 2}, "a document holds no set"),
    ([[1]], "a list stands directly in a list"),
    ({"a": [(1, 2)]}, "a list stands directly in a list"),
    (nested(MAX_DEPTH + 1), "nested deeper than 18"),
    (itself, "nested deeper than 18"),
    (math.nan, "a float is not finite"),
    ([math.inf], "a float is not finite"),
    (2**63, "an integer has more than 64 bits"),
    ("\ud800", "half of a surrogate pair"),
    ({"\udfff": 1}, "half of a surrogate pair"),
    ({3: 1}, "a key is int, not str"),
    ({"": 1}, "a key is empty"),
    ({"a": {"__x__": 1}}, "a key is like __this__"),
    ({"__\n__": 1}, "a key is like __this__"),
    ({"k" * 1401: 1}, "longer than 1400 bytes"),
    ({"é" * 701: 1}, "longer than 1400 bytes"),
    ({"k" * 700: [{"k" * 700: 1}]}, "longer than 1400 bytes, with the field and the keys"),
    (datetime(2026, 1, 1), "no time zone"),
    (datetime(2026, 1, 1, tzinfo=Nowhere()), "no time zone"),
    (EARLY, "outside the years 1 to 9999"),
    (KeyError("secret"), "failed with KeyError"),
]


@pytest.mark.parametrize(("plain", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_a_class_of_the_app_gives_what_no_document_holds(plain: Any, why: str) -> None:
    """The field and the reason are named; the value is not."""
    message = rf"^field cannot be stored: (Anything\.to_value\(\) )?.*{why}"
    with pytest.raises(UsageError, match=message) as caught:
        codec_for(Anything, "State.field").encode(Anything(plain), "field")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("hint", "value", "why"),
    [
        (dict[str, int], {"__x__": 1}, "a key is like __this__"),
        (dict[str, int], {"k" * 2000: 1}, "longer than 1400 bytes"),
        (dict[str, int], {"": 1}, "a key is empty"),
        (dict[str, int], {"\ud800": 1}, "half of a surrogate pair"),
        (list[dict[str, dict[str, int]]], [{"a": {"__x__": 1}}], "a key is like __this__"),
    ],
)
def test_a_key_that_firestore_refuses(hint: Any, value: Any, why: str) -> None:
    """In whatever depth."""
    with pytest.raises(UsageError, match=f"^field cannot be stored: {why}|^field cannot be stored: .*{why}"):
        codec_for(hint, "State.field").encode(value, "field")


@pytest.mark.parametrize("value", [EARLY, datetime(2026, 1, 1, tzinfo=Nowhere())])
def test_a_time_that_firestore_refuses(value: datetime) -> None:
    """Outside of the years 1 to 9999, or nowhere in time."""
    with pytest.raises(UsageError, match="field takes datetime with a time zone"):
        codec_for(datetime, "State.field").encode(value, "field")


def test_what_is_stored_is_nobody_elses() -> None:
    """An app that changes what it has written changes nothing of what is sent; times are in UTC."""
    inner = {"a": [1]}
    codec = codec_for(Anything, "State.field")
    plain = codec.encode(Anything(inner), "field")
    inner["a"].append(2)
    assert {"a": [1]} == plain
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    stored = codec_for(datetime, "State.field").encode(noon, "field")
    assert isinstance(stored, datetime)
    assert (noon, UTC) == (stored, stored.tzinfo)


def test_the_deepest_value_that_is_stored() -> None:
    """What is just not too deep goes out."""
    codec = codec_for(Anything, "State.field")
    assert nested(MAX_DEPTH) == codec.encode(Anything(nested(MAX_DEPTH)), "field")


# --- the whole document -------------------------------------------------------------------------------


def test_sizes_are_never_less_than_firestore_counts() -> None:
    """By the documented sizes: text + 1, numbers and times 8, bytes, map keys as text."""
    value: dict[str, Any] = {
        "text": "né",
        "list": [1, 0.5, True, None],
        "bytes": b"abc",
        "at": datetime.now(UTC),
    }
    firestore = (5 + 4) + (5 + 8 + 8 + 1 + 1) + (6 + 3) + (3 + 8)
    assert firestore <= size_of(value) <= firestore + 32 + 2 * 7


def test_a_document_has_a_largest_size() -> None:
    """Whatever grows it beyond that is refused, with its name; what makes it smaller may pass."""
    size = DocumentSize({"a": Entry("x" * (MAX_STATE_BYTES + 100), NO_STAMP)})
    with pytest.raises(UsageError, match=r"^b would make this session larger than 768 KiB in all"):
        size.check({"b": Entry(1, NO_STAMP)})
    with pytest.raises(UsageError, match=r"^a would"):
        size.check({"a": Entry("x" * (MAX_STATE_BYTES + 101), NO_STAMP)})
    size.check({"a": Entry("x" * MAX_STATE_BYTES, NO_STAMP)})
    size.measure({"a": Entry("", NO_STAMP)}, ["a"])
    size.check({"b": Entry("x" * MAX_FIELD_BYTES, NO_STAMP)})


def test_a_document_has_so_many_fields() -> None:
    """The rules take 64; newer apps may have filled them."""
    size = DocumentSize({f"f{n}": Entry(n, NO_STAMP) for n in range(64)})
    size.check({"f3": Entry(4, NO_STAMP)})
    with pytest.raises(UsageError, match=r"^extra: a session's document holds 64 fields"):
        size.check({"extra": Entry(1, NO_STAMP)})


class Large(ds.State, schema="large/1"):
    a: str = ds.latest("")
    b: str = ds.latest("")
    c: str = ds.latest("")
    d: str = ds.latest("")
    e: str = ds.latest("")
    here: str = ds.on_this_device("")


@pytest.fixture
def phone(cloud: SimulatedFirestore, tmp_path: Path) -> Iterator[Any]:
    with cloud.client(tmp_path, "phone") as client:
        yield client


def test_five_fields_of_250_kib_are_refused_where_they_are_written(
    phone: Any, cloud: SimulatedFirestore
) -> None:
    """The edit that would make the document too large raises and changes nothing; all others go out."""
    session, text = phone.open("large", Large), "x" * 250 * 1024
    for name in "abc":
        session.update(**{name: text})
    with pytest.raises(UsageError, match=r"^d would make this session larger"):
        session.update(d=text, here="not either")
    assert ("", "") == (session.state.d, session.state.here)
    session.update(here=text)
    session.update(a="small")
    session.update(d=text)
    assert session.wait_saved(30.0)
    assert ["a", "b", "c", "d"] == sorted((cloud.session("large") or {})["state"])


def test_what_others_wrote_counts(phone: Any, cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """A document that another device has filled takes no more, and it is known here before sending."""
    session, text = phone.open("large", Large), "x" * 250 * 1024
    session.update(e="mine")
    with cloud.client(tmp_path, "laptop") as laptop:
        other = laptop.open("large", Large)
        other.update(a=text, b=text)
        other.update(c=text)
        assert other.wait_saved(30.0)
    until(lambda: session.state.c)
    with pytest.raises(UsageError, match=r"^e would make this session larger"):
        session.update(e=text)
    session.update(e="small", c="")
    session.update(e=text)


def test_a_class_of_seventy_fields_is_refused(phone: Any) -> None:
    """Where it is declared; what stays on this device does not count."""
    fields = {f"f{n}": ds.latest(0) for n in range(64)}
    local = {f"l{n}": ds.on_this_device(0) for n in range(9)}
    most = type("Most", (ds.State,), {**_annotated({**fields, **local})}, schema="most/1")
    assert 73 == len(most.__fields__)  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="Many has 70 fields, and a session's document holds 64"):
        many = {f"f{n}": ds.latest(0) for n in range(70)}
        type("Many", (ds.State,), _annotated(many), schema="many/1")


def _annotated(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "__annotations__": dict.fromkeys(fields, int), "__module__": __name__}
