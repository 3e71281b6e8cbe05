"""The pairing helper among many slow and silent connections: each has bounds, and nobody waits for them."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from dalsegno.admin import _pairing_server
from dalsegno.admin._pairing_server import PairingServer
from tests.support.pairing_helper import ScriptedDesk, ask, serving
from tests.support.waiting import until

BEGUN = b"POST /v1/redeem HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n{"
CROWD = 120


@contextmanager
def dripping(server: PairingServer, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that send a byte of a body now and then, and never end it."""
    over = threading.Event()
    with ExitStack() as held:
        address = ("127.0.0.1", server.server_port)
        crowd = [held.enter_context(socket.create_connection(address, timeout=30)) for _ in range(count)]

        def drip() -> None:
            while not over.wait(0.01):
                for connection in crowd:
                    with contextlib.suppress(OSError):  # dropped
                        connection.send(b" ")

        for connection in crowd:
            with contextlib.suppress(OSError):
                connection.sendall(BEGUN)
        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            yield crowd
        finally:
            over.set()
            thread.join()


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


@pytest.mark.parametrize(
    ("behind_proxy", "most", "of_one", "left"),
    [(True, 400, 40, CROWD), (True, 100, 40, 100), (False, 400, 40, 40), (False, 100, 400, 100)],
    ids=["room for all", "too many", "too many of one address", "too many of several"],
)
def test_who_drips_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch, behind_proxy: bool, most: int, of_one: int, left: int
) -> None:
    """While a crowd drips, with no time to end it, a whole request is answered at once, by request after
    request; where there are too many connections, those that came first make room."""
    monkeypatch.setattr(_pairing_server, "REQUEST_S", 3600.0)
    monkeypatch.setattr(_pairing_server, "MOST_CONNECTIONS", most)
    monkeypatch.setattr(_pairing_server, "MOST_OF_ONE", of_one)
    with serving(ScriptedDesk()) as server:
        server.behind_proxy = behind_proxy
        with dripping(server, CROWD) as crowd:
            until(lambda: server.connections == left, timeout_s=60.0, what="the crowd")
            for _ in range(5):
                assert (200, {"custom_token": "minted"}) == ask(server, "/v1/redeem", b'{"code": "x"}')[:2]
            stayed = [is_open(connection) for connection in crowd]
            assert left - 5 <= sum(stayed) <= left
            assert stayed == sorted(stayed)


def test_nobody_has_longer_than_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is not there in its time is not waited for, though bytes of it keep coming."""
    monkeypatch.setattr(_pairing_server, "REQUEST_S", 0.2)
    with serving(ScriptedDesk()) as server, dripping(server, 3) as crowd:
        until(lambda: not any(is_open(connection) for connection in crowd), timeout_s=60.0, what="the end")
        until(lambda: server.connections == 0, timeout_s=60.0, what="room")


def test_who_does_not_take_leave_is_shown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its answer a connection ends, whether or not the other side closes it."""
    monkeypatch.setattr(_pairing_server, "PARTING_S", 0.05)
    with (
        serving(ScriptedDesk()) as server,
        socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as connection,
    ):
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")  # and it is not closed from here
        until(lambda: server.connections == 0, timeout_s=60.0, what="the end")


def test_the_helper_asks_for_the_files_that_it_needs() -> None:
    """Where the system gives a process fewer open files than there may be connections, it asks for more."""
    code = (
        "import resource\n"
        "from dalsegno.admin._serving import FILES, allow_files\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))\n"
        "allow_files()\n"
        "wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)\n"
        "assert (wanted, hard) == resource.getrlimit(resource.RLIMIT_NOFILE)\n"
    )
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


class Blocked(ScriptedDesk):
    """A desk whose Firebase does not answer until it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)
        self.free = threading.Event()

    def redeem(self, code: str, address: str) -> str:
        self.asked.release()
        self.free.wait(60.0)
        return super().redeem(code, address)


def test_a_silent_firebase_holds_up_no_more_than_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many requests at work as there may be, the next is told at once that the helper is busy, and
    whoever watches it is answered; the ones at work get their answers when Firebase has them."""
    monkeypatch.setattr(_pairing_server, "MOST_AT_WORK", 2)
    desk, answers = Blocked(), list[int]()
    with serving(desk) as server:

        def redeem() -> None:
            answers.append(ask(server, "/v1/redeem", b'{"code": "x"}')[0])

        asking = [threading.Thread(target=redeem) for _ in range(2)]
        for thread in asking:
            thread.start()
            assert desk.asked.acquire(timeout=60.0)
        assert (503, {"error": "busy"}) == ask(server, "/v1/redeem", b'{"code": "x"}')[:2]
        assert 200 == ask(server, "/healthz", None, method="GET")[0]
        desk.free.set()
        for thread in asking:
            thread.join()
        assert [200, 200] == answers
        assert 200 == ask(server, "/v1/redeem", b'{"code": "x"}')[0]


def test_an_answer_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a Firebase that says nothing is told that it is busy."""
    monkeypatch.setattr(_pairing_server, "ANSWER_S", 0.05)
    desk = Blocked()
    with serving(desk) as server:
        assert (503, {"error": "busy"}) == ask(server, "/v1/redeem", b'{"code": "x"}')[:2]
        desk.free.set()
