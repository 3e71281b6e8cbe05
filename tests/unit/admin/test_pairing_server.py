"""The pairing helper on HTTP: each request gets one of the answers, nothing ends it, nothing is kept."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from dalsegno._errors import DalSegnoError, Denied, Offline
from dalsegno.admin import _pairing_server
from dalsegno.admin._accounts import Revoked, SignedOut
from dalsegno.admin._pairing_desk import Busy, LateCode, TooManyTries, UsedCode, WrongCode
from dalsegno.admin._pairing_server import MOST_BYTES, PairingServer
from tests.support.waiting import until


class ScriptedDesk:
    """Answers as it is told, and remembers from which address."""

    def __init__(self) -> None:
        self.failing: Exception | None = None
        self.addresses: list[str] = []

    def give_code(self, id_token: str, address: str) -> str:
        self.addresses.append(address)
        if self.failing:
            raise self.failing
        return "K7QM4XTR"

    def redeem(self, code: str, address: str) -> str:
        self.addresses.append(address)
        if self.failing:
            raise self.failing
        return "minted"


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@contextmanager
def serving(desk: ScriptedDesk) -> Iterator[PairingServer]:
    with PairingServer(desk) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server(desk: ScriptedDesk) -> Iterator[PairingServer]:
    with serving(desk) as server:
        yield server


def ask(
    server: PairingServer,
    path: str,
    body: bytes | None,
    headers: dict[str, str] | None = None,
    method: str = "POST",
) -> tuple[int, dict[str, object], dict[str, str]]:
    """One request → (status, content, headers)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, json.loads(response.read()), dict(response.getheaders())
    finally:
        connection.close()


def test_a_code_and_a_token(server: PairingServer) -> None:
    """The two requests that the client makes are answered, and no proxy may keep the answers."""
    status, content, headers = ask(server, "/v1/codes", b'{"id_token": "x"}')
    assert (200, {"code": "K7QM4XTR", "lives_s": 120.0}) == (status, content)
    assert "no-store" == headers["Cache-Control"]
    assert (200, {"custom_token": "minted"}) == ask(server, "/v1/redeem", b'{"code": "x"}')[:2]


def test_it_says_that_it_is_there(server: PairingServer) -> None:
    """Whoever watches the helper can ask whether it answers."""
    assert (200, {"ok": True}) == ask(server, "/healthz", None, method="GET")[:2]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (WrongCode(""), 404, "wrong_code"),
        (UsedCode(""), 410, "used_code"),
        (LateCode(""), 410, "late_code"),
        (TooManyTries(3.2), 429, "too_many_tries"),
        (SignedOut(""), 401, "signed_out"),
        (Revoked(""), 403, "revoked"),
        (Busy(""), 503, "busy"),
        (Offline(""), 503, "busy"),
        (Denied("the role is missing"), 500, "failed"),
        (RuntimeError("secret"), 500, "failed"),
    ],
)
def test_each_refusal_has_its_answer(
    server: PairingServer, desk: ScriptedDesk, error: Exception, status: int, code: str
) -> None:
    """Each way to fail is one status and one word, and never a traceback."""
    desk.failing = error
    answer = ask(server, "/v1/redeem", b'{"code": "x"}')
    assert (status, {"error": code}) == answer[:2]
    assert ("4" if status == 429 else None) == answer[2].get("Retry-After")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/redeem", b"", 400),
        ("/v1/redeem", b"not json", 400),
        ("/v1/redeem", b"[]", 400),
        ("/v1/redeem", b'{"id_token": "x"}', 400),
        ("/v1/redeem", b'{"code": 5}', 400),
        ("/v1/redeem", b'{"code": ""}', 400),
        ("/v1/redeem", b"[" * MOST_BYTES, 400),
        ("/v1/redeem", b"\xff\xfe", 400),
        ("/v1/redeem", b'{"code": "x"}' + b" " * MOST_BYTES, 400),
        ("/elsewhere", b"{}", 404),
        ("/v1/redeem?code=x", b"{}", 404),
    ],
)
def test_nonsense_is_refused(
    server: PairingServer, desk: ScriptedDesk, path: str, body: bytes, status: int
) -> None:
    """A request that makes no sense does not reach the desk."""
    assert status == ask(server, path, body)[0]
    assert [] == desk.addresses


@pytest.mark.parametrize(
    "raw", [b"\0\0\0\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"PUT /secret HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_request_is_refused_without_an_echo(server: PairingServer, raw: bytes) -> None:
    """Bytes that are no request get an answer that repeats nothing of them."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as connection:
        connection.sendall(raw)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"bad_request" in answer
    assert b"secret" not in answer


def test_tries_are_counted_by_the_proxy_s_word(server: PairingServer, desk: ScriptedDesk) -> None:
    """Behind a proxy the last address counts, which the proxy wrote; without one, no header does."""
    forwarded = {"X-Forwarded-For": "203.0.113.1, 198.51.100.7"}
    ask(server, "/v1/redeem", b'{"code": "x"}', forwarded)
    server.behind_proxy = True
    for entry in ("203.0.113.1, 198.51.100.7", "2001:db8:1:2:3::4", "::ffff:192.0.2.1", "nonsense"):
        ask(server, "/v1/redeem", b'{"code": "x"}', {"X-Forwarded-For": entry})
    assert ["127.0.0.1", "198.51.100.7", "2001:db8:1:2::/64", "192.0.2.1", "?"] == desk.addresses


def test_nobody_holds_a_thread_by_dripping(desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every thread held by a silent connection, the helper answers again after the deadline."""
    monkeypatch.setattr(_pairing_server, "MOST_THREADS", 2)
    monkeypatch.setattr(_pairing_server, "DEADLINE_S", 0.2)
    monkeypatch.setattr(_pairing_server._Handler, "timeout", 60.0)  # as if a byte came now and then
    with serving(desk) as server, ExitStack() as held:
        for _ in range(2):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", server.server_port)))
            connection.sendall(b"POST /v1/redeem HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")

        def answers() -> bool:
            try:
                return ask(server, "/healthz", None, method="GET")[0] == 200
            except (OSError, http.client.HTTPException):
                return False

        until(answers, timeout_s=30.0, what="a free thread")


def test_the_log_says_only_what_was_answered(
    server: PairingServer,
    desk: ScriptedDesk,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither tokens nor codes nor addresses stand in the log, at any level, or on stderr."""
    caplog.set_level(logging.DEBUG)
    ask(server, "/v1/redeem", b'{"code": "SECRET"}')
    desk.failing = RuntimeError("SECRET")
    ask(server, "/v1/codes", b'{"id_token": "SECRET"}')
    ask(server, "/SECRET", b"SECRET")
    desk.failing = DalSegnoError("a role is missing")
    ask(server, "/v1/codes", b'{"id_token": "SECRET"}')
    assert "SECRET" not in caplog.text + "".join(capfd.readouterr())
    assert "127.0.0.1" not in caplog.text
    assert ["given", "a request failed with RuntimeError", "failed", "unknown"] == caplog.messages[:4]
    assert "Firebase refuses this: a role is missing" in caplog.messages
