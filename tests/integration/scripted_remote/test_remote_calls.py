"""The remote adapter against a scripted server: commits, reads, and the tokens with which calls go out."""

from __future__ import annotations

from dalsegno._core.messages import (
    ANY,
    CommitFailed,
    Committed,
    ReadDone,
    ReadFailed,
    RpcError,
    Snapshot,
    StreamEnded,
    Write,
)
from dalsegno._core.types import Micros
from tests.integration.scripted_remote.targets import MOBY, moby
from tests.support.remotes import Listening
from tests.support.scripted_server import ScriptedServer, doc
from tests.support.waiting import until


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
