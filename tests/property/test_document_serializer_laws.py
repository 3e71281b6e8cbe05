"""What others send: understood or refused, never an exception; and what we write is what we read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core.clock import millis_of, stamp
from dalsegno._core.document import NO_STAMP, Document, Entry
from dalsegno._core.document_serializer import Garbled, after_commit, decode, hlc_of, write_of
from dalsegno._core.messages import Snapshot, Write
from dalsegno._core.types import Micros, SessionId
from tests.property.entries import DEVICES, documents, entries, exactly
from tests.support.values import exact, values

BOOK = SessionId("book")
PATH = ("sessions", "book")
NOW = Micros(1_800_000_000_000_000)

own_fields = st.dictionaries(
    st.sampled_from("abcd"), entries.filter(lambda e: int(e.stamp[:15]) < 1_800_000_000_000), min_size=1
)
shapes = {
    "schema": st.sampled_from(["reading/1", "reading/0", "Reading/1", "reading/1 ", "r/1\n", ""]) | values,
    "state": st.dictionaries(st.sampled_from("abc"), values, max_size=3) | values,
    "stamps": st.dictionaries(st.sampled_from("abc"), st.just(stamp(9, 9, DEVICES[0])) | values) | values,
    "basis": st.dictionaries(st.sampled_from("abc"), values, max_size=3) | values,
    "merge": st.dictionaries(st.sampled_from("abc"), values, max_size=3) | values,
    "rev": st.integers(0, 3) | values,
    "hlc": st.integers(0, 3) | values,
    "device": st.sampled_from(DEVICES) | values,
    "at": st.datetimes(timezones=st.just(UTC)) | values,
    "holder": values,
}
needed = {"schema": st.just("reading/1"), "rev": st.integers(0, 3), "state": shapes["state"]}
plausible = st.fixed_dictionaries(needed, optional={k: v for k, v in shapes.items() if k not in needed})
nonsense = (
    plausible | st.fixed_dictionaries({}, optional=shapes) | st.dictionaries(st.text(max_size=5), values)
)


def applied(write: Write, before: Mapping[str, Any], time_us: Micros) -> dict[str, Any]:
    """The document's fields after a write, as a server makes them."""
    fields: dict[str, Any] = {k: dict(v) if isinstance(v, Mapping) else v for k, v in before.items()}
    for path, value in write.fields.items():
        if len(path) == 1:
            fields[path[0]] = value
        else:
            fields.setdefault(path[0], {})[path[1]] = value
    fields["rev"] = fields.get("rev", 0) + write.increments["rev",]
    fields["at"] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return fields


def _exactly(document: Document) -> Any:
    found = {name: exactly(entry) for name, entry in document.entries.items()}
    return found, document.schema, document.rev, document.hlc, document.device, document.at


@given(own_fields, own_fields, st.sampled_from(DEVICES))
def test_what_is_written_is_what_is_read(first: dict[str, Entry], then: dict[str, Entry], us: str) -> None:
    """Two commits, applied as a server does, decode to just what `after_commit` foretold."""
    device = DEVICES[DEVICES.index(us)]  # type: ignore[arg-type]
    fields = applied(write_of(BOOK, "reading/1", None, first, device), {}, NOW)
    base = decode(Snapshot(PATH, fields, NOW))
    assert isinstance(base, Document)
    assert _exactly(after_commit("reading/1", None, first, device, NOW)) == _exactly(base)

    later = Micros(NOW + 5_000_000)
    fields = applied(write_of(BOOK, "reading/1", base, then, device), fields, later)
    read = decode(Snapshot(PATH, fields, later))
    assert isinstance(read, Document)
    assert _exactly(after_commit("reading/1", base, then, device, later)) == _exactly(read)


@given(own_fields)
def test_the_rules_get_what_they_check(first: dict[str, Entry]) -> None:
    """Each field of the state has its stamp and basis, `hlc` is the newest stamp, `rev` grows by one."""
    write = write_of(BOOK, "reading/1", None, first, DEVICES[0])
    for part in ("state", "stamps", "basis"):
        assert set(first) == {path[1] for path in write.fields if path[0] == part}
    assert max(millis_of(e.stamp) for e in first.values()) == write.fields["hlc",]
    assert {("rev",): 1} == write.increments
    assert [("at",)] == list(write.server_times)


@given(nonsense, st.booleans())
def test_nonsense_is_a_document_or_garbled(fields: dict[str, Any], garbled: bool) -> None:
    """Whatever stands in a document: decoding says what it is, and never raises."""
    found = decode(Snapshot(PATH, fields, NOW, garbled=garbled))
    assert isinstance(found, Garbled if garbled else (Document, Garbled))
    if isinstance(found, Document):
        assert {k: exact(v) for k, v in fields["state"].items()} == {
            k: exact(e.value) for k, e in found.entries.items()
        }


@given(plausible, st.datetimes(min_value=datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_no_document_can_push_our_clock_ahead(fields: dict[str, Any], at: datetime) -> None:
    """A stamp further ahead of the server's commit time than the rules allow counts as none."""
    far = stamp(int(at.timestamp() * 1000), 0, DEVICES[0])
    found = decode(Snapshot(PATH, {**fields, "state": {"a": 1}, "stamps": {"a": far}, "at": at}, NOW))
    assert isinstance(found, Document)
    assert NO_STAMP == found.entries["a"].stamp


@given(documents(), own_fields)
def test_hlc_never_goes_down(base: Document, then: dict[str, Entry]) -> None:
    """The rules refuse an `hlc` below the document's."""
    assert hlc_of(base, then) >= base.hlc
