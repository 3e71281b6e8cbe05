"""The remote adapter against a server that does what Firestore's emulator never does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from dalsegno._core.messages import (
    ANY,
    CommitFailed,
    Committed,
    DocumentChange,
    DocumentGone,
    ExistenceFilter,
    ReadDone,
    ReadFailed,
    RpcError,
    Snapshot,
    StreamEnded,
    Target,
    TargetChange,
    Write,
)
from dalsegno._core.types import Micros
from dalsegno._remote import protos
from tests.support.remotes import Listening, sdk_threads
from tests.support.scripted_server import Never, ScriptedServer, doc
from tests.support.waiting import until

MOBY = ("sessions", "moby")
RECENT = Target(2, "recent", ("sessions",), order_by="at", newest=20)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[Listening]:
    with Listening(server.host) as client:
        yield client


def moby(token: bytes = b"") -> Target:
    return Target(1, "moby", MOBY, resume_token=token)


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


def test_hanging_up_before_the_token_came_makes_no_call(server: ScriptedServer) -> None:
    """A stream given up while its token is being fetched ends at once, and is never opened."""
    tokens = SlowTokens()
    with Listening(server.host, tokens=tokens) as client:
        client.listen(7, moby())
        client.remote.hang_up()
        assert "CANCELLED" == client.next(StreamEnded, stream=7).fault.code
        tokens.released.set()
        assert isinstance(client.read(*MOBY), ReadDone)
        assert [] == server.listens


class SlowTokens:
    """A token source that must fetch, and waits until it is let go."""

    def __init__(self, fault: Exception | None = None) -> None:
        import threading

        self.released = threading.Event()
        self.dropped: list[str] = []
        self.fault = fault

    def peek(self) -> str | None:
        return None

    def token(self) -> str:
        self.released.wait(30)
        if self.fault is not None:
            raise self.fault
        return "fetched"

    def lasts_s(self, token: str) -> None:
        return None

    def drop(self, token: str) -> None:
        self.dropped.append(token)


def test_a_token_that_must_be_fetched_does_not_hold_up_the_caller(server: ScriptedServer) -> None:
    """Calls return while the token is on its way, and go out with it afterwards."""
    tokens = SlowTokens()
    with Listening(server.host, tokens=tokens) as client:
        client.listen(7, moby())
        client.remote.commit(1, [Write(MOBY, {("rev",): 1}, None)])
        assert [] == server.tokens
        tokens.released.set()
        client.next(Committed)
        until(lambda: len(server.tokens) == 2, what="both calls")
        assert ["fetched", "fetched"] == server.tokens
        client.remote.drop_token()
        assert ["fetched"] == tokens.dropped


def test_a_user_who_is_refused_a_token_is_unauthenticated(server: ScriptedServer) -> None:
    """Without a token no call goes out, and each is answered with the reason."""
    from dalsegno._errors import Denied

    tokens = SlowTokens(Denied("the account was disabled"))
    tokens.released.set()
    with Listening(server.host, tokens=tokens) as client:
        refused = RpcError("UNAUTHENTICATED", "the account was disabled")
        client.listen(7, moby())
        assert StreamEnded(7, refused) == client.next(StreamEnded)
        assert CommitFailed(1, refused) == client.commit(Write(MOBY, {("rev",): 1}, None))
        assert ReadFailed(2, refused) == client.read(*MOBY)


def test_commits_and_reads_are_answered(server: ScriptedServer, client: Listening) -> None:
    """A commit's times and a read's document come back exactly; a fault with its code."""
    server.on_read(doc(MOBY, {"rev": 3}, 1_700_000_000_000_007), RpcError("UNAVAILABLE"))
    server.on_commit(None, RpcError("FAILED_PRECONDITION", "stale"))
    write = Write(MOBY, {("rev",): 1}, ANY)

    done = client.commit(write)
    assert isinstance(done, Committed)
    assert done.update_time == done.commit_time > 0
    assert RpcError("FAILED_PRECONDITION", "stale") == client.commit(write).fault
    assert Snapshot(MOBY, {"rev": 3}, Micros(1_700_000_000_000_007)) == client.read(*MOBY).snapshot
    assert "UNAVAILABLE" == client.read(*MOBY).fault.code
    assert None is client.read(*MOBY).snapshot


def test_a_value_that_firestore_cannot_store_is_refused_here(
    server: ScriptedServer, client: Listening
) -> None:
    """It never goes out, and the answer names the field."""
    fault = client.commit(Write(MOBY, {("state", "place"): 2**64}, None)).fault
    expected = "the field state.place cannot be stored: an integer has more than 64 bits"
    assert RpcError("INVALID_ARGUMENT", expected) == fault
    assert [] == server.commits


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


def test_a_server_that_shuts_down_is_unavailable_and_found_again(
    server: ScriptedServer, client: Listening
) -> None:
    """Its end breaks the stream; calls fail while it is away; after its return the next one succeeds."""
    client.listen(7, moby())
    server.next_listen().answer(1)
    client.next(TargetChange, kind="CURRENT")
    server.stop()
    assert client.next(StreamEnded).fault.code in ("UNAVAILABLE", "CANCELLED")
    for _ in range(5):  # grpc's own backoff would by now hold back the next attempt for seconds
        assert "UNAVAILABLE" == client.read(*MOBY).fault.code
    server.start()
    assert isinstance(client.read(*MOBY), ReadDone)


def test_a_server_that_returns_is_found_by_the_next_stream(server: ScriptedServer, client: Listening) -> None:
    """Streams that failed leave no backoff of grpc's behind: when to try again is the engine's to say."""
    server.stop()
    for stream in range(5):
        client.listen(stream, moby())
        assert "UNAVAILABLE" == client.next(StreamEnded, stream=stream).fault.code
    server.start()
    client.listen(7, moby())
    server.next_listen().answer(1)
    client.next(TargetChange, kind="CURRENT", stream=7)


def test_goaway_does_not_break_the_open_stream(server: ScriptedServer, client: Listening) -> None:
    """After GOAWAY the stream goes on; new calls look for another connection."""
    client.listen(7, moby())
    call = server.next_listen()
    call.answer(1)
    client.next(TargetChange, kind="CURRENT")
    server.go_away()
    call.document(doc(MOBY, {"rev": 1}), 1)
    assert 7 == client.next(DocumentChange).stream


def test_a_server_that_never_answers_holds_up_nobody(server: ScriptedServer, client: Listening) -> None:
    """An unanswered commit leaves the caller, the stream and other calls free; a new channel answers it."""
    server.on_commit(Never())
    client.listen(7, moby())
    server.next_listen().answer(1)
    client.remote.commit(99, [Write(MOBY, {("rev",): 1}, ANY)])
    assert isinstance(client.read(*MOBY), ReadDone)
    until(lambda: server.commits, what="the commit")

    client.remote.reset_channel()
    assert "CANCELLED" == client.next(CommitFailed, ticket=99).fault.code
    assert isinstance(client.commit(Write(MOBY, {("rev",): 1}, ANY)), Committed)


def test_resetting_the_channel_ends_the_stream(server: ScriptedServer, client: Listening) -> None:
    """The old connection is gone with all its calls; the next stream has a new one."""
    client.listen(7, moby())
    server.next_listen().answer(1)
    client.next(TargetChange, kind="CURRENT")
    client.remote.reset_channel()
    assert "CANCELLED" == client.next(StreamEnded, stream=7).fault.code
    client.listen(8, moby())
    server.next_listen().answer(1)
    client.next(TargetChange, kind="CURRENT", stream=8)


def test_threads_are_three_while_open_and_none_afterwards(server: ScriptedServer) -> None:
    """Twenty targets, a commit and a read take three threads, grpc's included; closing leaves none."""
    before = sdk_threads()
    with Listening(server.host) as client:
        client.listen(7, *(Target(i, str(i), ("sessions", str(i))) for i in range(1, 21)))
        server.next_listen().answer(1)
        client.next(TargetChange, kind="CURRENT")
        client.commit(Write(MOBY, {("rev",): 1}, ANY))
        client.read(*MOBY)
        assert 3 >= len(sdk_threads() - before)
    until(lambda: not sdk_threads() - before, what="the end of all threads")


@pytest.mark.parametrize("code", ["OK", "UNAVAILABLE", "INTERNAL"])
def test_a_stream_that_the_server_ends_leaves_no_thread(server: ScriptedServer, code: str) -> None:
    """However often streams are ended from the other side, nothing of them stays behind in an open client."""
    before = sdk_threads()
    with Listening(server.host) as client:
        for stream in range(3):
            client.listen(stream, moby())
            server.next_listen().answer(1).end(code)
            client.next(StreamEnded, stream=stream)
        until(lambda: not sdk_threads() - before, what="the end of all threads")


def test_calls_after_closing_are_answered(server: ScriptedServer, client: Listening) -> None:
    """Who calls too late gets an answer, not an exception and not silence."""
    client.remote.close()
    client.listen(7, moby())
    assert "CANCELLED" == client.next(StreamEnded, stream=7).fault.code
    assert "CANCELLED" == client.commit(Write(MOBY, {("rev",): 1}, ANY)).fault.code
    assert "CANCELLED" == client.read(*MOBY).fault.code


EXITS = """
import sys
from dalsegno._core.messages import Target
from dalsegno._remote import protos
from tests.support.remotes import Listening
client = Listening(sys.argv[1])
client.listen(7, Target(1, "moby", ("sessions", "moby")))
if sys.argv[2] == "answered":
    from dalsegno._core.messages import TargetChange
    client.next(TargetChange)
print("end of main", flush=True)
"""


@pytest.mark.parametrize("state", ["answered", "waiting"])
def test_a_process_that_forgets_to_close_still_exits(server: ScriptedServer, state: str) -> None:
    """With a stream open, or still silent, the interpreter ends by itself, well and without a word."""
    if state == "answered":
        server.on_listen(lambda call: call.answer(1))
    command = [sys.executable, "-c", EXITS, server.host, state]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (0, "end of main\n", "") == (done.returncode, done.stdout, done.stderr)


def test_a_network_that_cannot_be_reached_is_unavailable() -> None:
    """Nothing at the other end: the stream ends, and commits and reads fail, each by an event."""
    with Listening("127.0.0.1:1") as client:
        client.listen(7, moby())
        assert "UNAVAILABLE" == client.next(StreamEnded, stream=7).fault.code
        assert "UNAVAILABLE" == client.commit(Write(MOBY, {("rev",): 1}, ANY)).fault.code
        assert "UNAVAILABLE" == client.read(*MOBY).fault.code
