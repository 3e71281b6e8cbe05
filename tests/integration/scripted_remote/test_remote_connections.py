"""The remote adapter against a scripted server that goes away, returns or is silent; how its threads end."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dalsegno._core.messages import (
    ANY,
    CommitFailed,
    Committed,
    DocumentChange,
    ReadDone,
    StreamEnded,
    Target,
    TargetChange,
    Write,
)
from tests.integration.scripted_remote.targets import MOBY, moby
from tests.support.remotes import Listening, sdk_threads
from tests.support.scripted_server import Never, ScriptedServer, doc
from tests.support.waiting import until


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
