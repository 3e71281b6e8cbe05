"""The remote adapter against a scripted server: what goes over a stream, and how a stream ends."""

from __future__ import annotations

import pytest

from dalsegno._core.messages import (
    DocumentChange,
    DocumentGone,
    ExistenceFilter,
    ReadDone,
    RpcError,
    Snapshot,
    StreamEnded,
    TargetChange,
)
from dalsegno._core.types import Micros
from dalsegno._remote import protos
from tests.integration.scripted_remote.targets import MOBY, RECENT, moby
from tests.support.remotes import Listening
from tests.support.scripted_server import ScriptedServer, doc


def test_targets_are_asked_for_in_order_with_their_resume_tokens(
    server: ScriptedServer, client: Listening
) -> None:
    """A stream opens with all its targets on one call: documents by name, collections as a query."""
    client.listen(7, moby(b"t0"), RECENT)
    call = server.next_listen()
    first, second = call.next_target(), call.next_target()

    assert (1, b"t0", [server.names.name(MOBY)]) == (
        first.target_id,
        first.resume_token,
        list(first.documents.documents),
    )
    query = second.query.structured_query
    assert (2, server.names.root, "sessions", "at", 20) == (
        second.target_id,
        second.query.parent,
        query.from_[0].collection_id,
        query.order_by[0].field.field_path,
        query.limit.value,
    )
    assert server.names.database == call.metadata["google-cloud-resource-prefix"]


def test_what_the_server_says_arrives_as_the_ports_events(server: ScriptedServer, client: Listening) -> None:
    """Every message of the wire becomes one event, with the number of its stream and exact times."""
    client.listen(7, moby(), RECENT)
    call = server.next_listen()
    call.document(doc(MOBY, {"rev": 1}, 1_700_000_000_123_456), 1, removed=(2,))
    call.existence_filter(2, 5).delete(MOBY, 1).forget(MOBY, 2).reset(1)
    call.heartbeat(token=b"t1", read_time=1_700_000_000_000_001).target_change("ADD", 1, 2)
    call.remove(2, cause=RpcError("PERMISSION_DENIED", "false for 'list' @ L8"))

    expected = Snapshot(MOBY, {"rev": 1}, Micros(1_700_000_000_123_456))
    assert DocumentChange(7, expected, (1,), (2,)) == client.next(DocumentChange)
    assert ExistenceFilter(7, 2, 5) == client.next(ExistenceFilter)
    assert (MOBY, (1,)) == ((gone := client.next(DocumentGone)).path, gone.removed)
    assert (2,) == client.next(DocumentGone).removed
    assert TargetChange(7, "RESET", (1,)) == client.next(TargetChange)
    assert TargetChange(7, "NO_CHANGE", (), Micros(1_700_000_000_000_001), b"t1") == client.next(TargetChange)
    assert TargetChange(7, "ADD", (1, 2)) == client.next(TargetChange)
    denied = RpcError("PERMISSION_DENIED", "false for 'list' @ L8")
    assert TargetChange(7, "REMOVE", (2,), cause=denied) == client.next(TargetChange)


def test_targets_come_and_go_on_the_open_stream(server: ScriptedServer, client: Listening) -> None:
    """A target that is added or removed later goes out on the same call."""
    client.listen(7, moby())
    call = server.next_listen()
    call.next_target()
    client.remote.add_target(RECENT)
    client.remote.remove_target(1)

    assert (2, 1) == (call.next_target().target_id, call.next_removal())
    assert 1 == len(server.listens)


@pytest.mark.parametrize(
    "code",
    [
        "OK",
        "UNAUTHENTICATED",
        "RESOURCE_EXHAUSTED",
        "PERMISSION_DENIED",
        "UNAVAILABLE",
        "INTERNAL",
        "ABORTED",
    ],
)
def test_the_end_of_a_stream_is_told_with_its_code(
    server: ScriptedServer, client: Listening, code: str
) -> None:
    """However the server ends a stream, exactly one StreamEnded says so, and a new stream can be opened."""
    client.listen(7, moby())
    server.next_listen().answer(1).end(code)
    ended = client.next(StreamEnded)
    assert (7, code) == (ended.stream, ended.fault.code)

    client.listen(8, moby())
    server.next_listen().answer(1)
    assert 8 == client.next(TargetChange).stream


def test_a_new_stream_ends_the_one_before_and_late_events_are_numbered(
    server: ScriptedServer, client: Listening
) -> None:
    """What still comes of an old stream is told apart by its number; the server sees it closed."""
    client.listen(7, moby())
    old = server.next_listen()
    old.answer(1)
    client.next(TargetChange, kind="CURRENT")
    client.listen(8, moby())
    server.next_listen().answer(1)

    assert "CANCELLED" == client.next(StreamEnded, stream=7).fault.code
    assert old.closed.wait(30)


def test_nonsense_on_the_wire_ends_the_stream_with_a_fault(server: ScriptedServer, client: Listening) -> None:
    """Bytes that are no message at all end the stream, and nothing else."""
    client.listen(7, moby())
    server.next_listen().raw(b"\xff\xff\xff\xff\xff").answer(1)
    ended = client.next(StreamEnded)
    assert (7, "INTERNAL") == (ended.stream, ended.fault.code)
    assert isinstance(client.read(*MOBY), ReadDone)


def poisoned(server: ScriptedServer) -> bytes:
    """A `Document` with text that is no Unicode: protobuf will not parse it."""
    document = protos.Document()
    doc(MOBY, {"state": "POISON", "rev": 7}, 1_700_000_000_000_009).write_into(document, server.names)
    return bytes(document.SerializeToString().replace(b"POISON", b"\xff" * 6))


def framed(number: int, content: bytes) -> bytes:
    """A protobuf field that holds bytes or a message (of less than 16 KiB)."""
    length = bytes([len(content) % 128 + 128, len(content) // 128])
    return bytes([number * 8 + 2]) + length + content


def test_a_poisoned_document_harms_only_itself(server: ScriptedServer, client: Listening) -> None:
    """Protobuf refuses it, yet it is told as garbled, with name, time and targets; the stream goes on."""
    garbled = Snapshot(MOBY, {}, Micros(1_700_000_000_000_009), garbled=True)
    client.listen(7, moby())
    change = framed(1, poisoned(server)) + framed(5, b"\x01")
    server.next_listen().raw(framed(3, change)).answer(1)
    assert DocumentChange(7, garbled, (1,)) == client.next(DocumentChange)
    client.next(TargetChange, kind="CURRENT", stream=7)

    server.on_read(lambda request: framed(1, poisoned(server)), lambda request: b"\xff")
    assert garbled == client.read(*MOBY).snapshot
    assert "INTERNAL" == client.read(*MOBY).fault.code
