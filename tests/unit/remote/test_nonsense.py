"""Whatever bytes arrive: an event, nothing, or one known error; never anything else."""

from __future__ import annotations

from contextlib import suppress

from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from dalsegno._core.messages import DocumentChange, ReadDone, Snapshot
from dalsegno._core.types import Micros, ProjectId, UserId
from dalsegno._remote import protos
from dalsegno._remote.commit import read_done
from dalsegno._remote.listen_call import parsed
from dalsegno._remote.resource_path import ResourceNames
from dalsegno._remote.serializer import encode_fields, set_micros

NAMES = ResourceNames(ProjectId("demo-unit"), UserId("alice"))


def change(text: str = "Call me Ishmael") -> bytes:
    response = protos.ListenResponse()
    document = response.document_change.document
    document.name = NAMES.name(("sessions", "moby"))
    encode_fields(document.fields, {"state": {"place": {"n": [1, None, text]}}, "rev": 3})
    set_micros(document.update_time, Micros(5))
    response.document_change.target_ids.append(1)
    return bytes(response.SerializeToString())


@given(st.binary(max_size=200))
@example(b"")
def test_any_bytes_are_an_event_or_a_decode_error(raw: bytes) -> None:
    """Noise ends in one of two ways that the stream knows."""
    with suppress(DecodeError):
        parsed(raw, 1, NAMES)
    with suppress(DecodeError):
        read_done(1, NAMES, raw)


@given(st.integers(0, len(change()) - 1), st.binary(min_size=1, max_size=4))
def test_a_damaged_document_is_an_event_or_a_decode_error(at: int, damage: bytes) -> None:
    """A document with bytes overwritten anywhere in it, length fields included, raises nothing else."""
    whole = change()
    raw = whole[:at] + damage + whole[at + len(damage) :]
    with suppress(DecodeError):
        parsed(raw, 1, NAMES)


def test_damage_inside_the_fields_leaves_name_time_and_targets() -> None:
    """Text that is no Unicode costs the document its fields, and nobody else anything."""
    expected = Snapshot(("sessions", "moby"), {}, Micros(5), garbled=True)
    assert DocumentChange(1, expected, (1,)) == parsed(
        change("POISON").replace(b"POISON", b"\xff" * 6), 1, NAMES
    )


def test_damage_in_a_document_that_is_read_leaves_its_time() -> None:
    """A read of such a document is answered: it is there, and makes no sense."""
    response = protos.BatchGetDocumentsResponse()
    response.found.name = NAMES.name(("sessions", "moby"))
    encode_fields(response.found.fields, {"state": {"POISON": 1}})
    set_micros(response.found.update_time, Micros(5))
    set_micros(response.read_time, Micros(7))
    raw = bytes(response.SerializeToString()).replace(b"POISON", b"\xff" * 6)
    expected = Snapshot(("sessions", "moby"), {}, Micros(5), garbled=True)
    assert ReadDone(2, expected, Micros(7)) == read_done(2, NAMES, raw)


def test_nesting_without_end_is_garbled_not_a_crash() -> None:
    """A thousand maps in each other are refused before any stack is exhausted."""
    value = b""
    for _ in range(1000):
        value = _bytes(6, _bytes(1, _bytes(1, b"a") + _bytes(2, value)))  # Value.map_value.fields[a]
    document = _bytes(1, NAMES.name(("sessions", "moby")).encode()) + _bytes(
        2, _bytes(1, b"a") + _bytes(2, value)
    )
    event = parsed(_bytes(3, _bytes(1, document)), 1, NAMES)
    expected = Snapshot(("sessions", "moby"), {}, Micros(0), garbled=True)
    assert DocumentChange(1, expected, ()) == event
    assert ReadDone(2, expected, Micros(0)) == read_done(2, NAMES, _bytes(1, document))


def _bytes(number: int, content: bytes) -> bytes:
    """A protobuf field of bytes, of any length."""
    length, out = len(content), bytearray([number * 8 + 2])
    while length > 127:
        out.append(length % 128 + 128)
        length //= 128
    out.append(length)
    return bytes(out) + content
