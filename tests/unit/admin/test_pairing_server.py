"""The pairing helper on HTTP: each request gets one of the answers, nothing ends it, nothing is kept."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest

from dalsegno._errors import DalSegnoError, Denied, Offline
from dalsegno.admin._accounts import Revoked, SignedOut
from dalsegno.admin._pairing_desk import Busy, LateCode, TooManyTries, UsedCode, WrongCode
from dalsegno.admin._pairing_http import MOST_BYTES
from dalsegno.admin._pairing_server import NOT_BELIEVED, NOT_SAID, PairingServer
from tests.support.pairing_helper import ScriptedDesk, ask, exchange, serving


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def server(desk: ScriptedDesk) -> Iterator[PairingServer]:
    with serving(desk) as server:
        yield server


def test_a_code_and_a_token(server: PairingServer) -> None:
    """The two requests that the client makes are answered, and no proxy may keep the answers."""
    status, content, headers = ask(server, "/v1/codes", b'{"id_token": "x"}')
    assert (200, {"code": "K7QM4XTR", "lives_s": 120.0}) == (status, content)
    assert "no-store" == headers["Cache-Control"]
    assert (200, {"custom_token": "minted"}) == ask(server, "/v1/redeem", b'{"code": "x"}')[:2]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_it_says_that_it_is_there(
    server: PairingServer, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    """Whoever watches the helper can ask whether it answers, or only connect; neither is in the log, where a
    code that was given and a device that was signed in are told apart."""
    caplog.set_level(logging.INFO)
    socket.create_connection(("127.0.0.1", server.server_port)).close()
    raw = exchange(server, f"{method} /healthz HTTP/1.0\r\n\r\n".encode())
    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
    assert raw.endswith(b'{"ok": true}' if method == "GET" else b"\r\n\r\n")
    ask(server, "/v1/codes", b'{"id_token": "x"}')
    ask(server, "/v1/redeem", b'{"code": "x"}')
    assert ["a code was given", "a device was signed in"] == [
        record.getMessage() for record in caplog.records if record.name == "dalsegno.pairing"
    ]


def test_a_body_may_come_in_pieces(server: PairingServer) -> None:
    """Chunked, as a proxy may pass it on, and after the go-ahead that some clients ask for."""
    head = b"POST /v1/redeem HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as connection:
        connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(b'5\r\n{"cod\r\n8\r\ne": "x"}\r\n0\r\n\r\n')
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b'{"custom_token": "minted"}')


FORWARDED = [
    (["203.0.113.1, 198.51.100.7"], "198.51.100.7"),
    (["203.0.113.1", "198.51.100.7"], "198.51.100.7"),
    (["203.0.113.1", "203.0.113.2, 198.51.100.7"], "198.51.100.7"),
    (["198.51.100.7:4711"], "198.51.100.7"),
    (["2001:db8:1:2:3::4"], "2001:db8:1:2::/64"),
    (["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
    (["fe80::1%eth0"], "fe80::/64"),
    (["::ffff:192.0.2.1"], "192.0.2.1"),
    (["198.51.100.7, nonsense"], "?"),
    ([" , "], "127.0.0.1"),
    ([], "127.0.0.1"),
]


@pytest.mark.parametrize(("lines", "counted"), FORWARDED)
def test_tries_are_counted_by_the_proxy_s_word(
    server: PairingServer, desk: ScriptedDesk, lines: list[str], counted: str
) -> None:
    """Behind a proxy the last address counts, which the proxy wrote: whether it adds to the line that the
    client sent, or adds a line of its own. Without one, no header does."""
    body = b'{"code": "x"}'
    head = b"POST /v1/redeem HTTP/1.0\r\nContent-Length: %d\r\n" % len(body)
    raw = head + "".join(f"X-Forwarded-For: {line}\r\n" for line in lines).encode() + b"\r\n" + body
    for behind_proxy in (False, True):
        server.behind_proxy = behind_proxy
        assert b"minted" in exchange(server, raw)
    assert ["127.0.0.1", counted] == desk.addresses


@pytest.mark.parametrize(
    ("behind_proxy", "header", "hint"),
    [
        (False, "", ""),
        (True, "X-Forwarded-For: 198.51.100.7\r\n", ""),
        (False, "X-Forwarded-For: 198.51.100.7\r\n", NOT_BELIEVED),
        (True, "", NOT_SAID),
    ],
)
def test_a_proxy_that_is_not_as_was_said_is_hinted_at_once(
    server: PairingServer, caplog: pytest.LogCaptureFixture, behind_proxy: bool, header: str, hint: str
) -> None:
    """Where the proxy's word is not believed, or it gives none, all tries count as one address's: that is
    said when the first request shows it, and not with each."""
    server.behind_proxy = behind_proxy
    raw = f'POST /v1/redeem HTTP/1.0\r\n{header}Content-Length: 13\r\n\r\n{{"code": "x"}}'.encode()
    for _ in range(2):
        assert b"minted" in exchange(server, raw)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert ([hint] if hint else []) == warnings


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
        ("/v1/redeem", b'{"code": "x"}' + b" " * MOST_BYTES, 413),
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
    "raw",
    [
        b"\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PUT /secret HTTP/1.1\r\n\r\n",
        b"PUT /secret HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"secret" * 10_000,
        b"POST /v1/redeem HTTP/1.0\r\nContent-Length: secret\r\n\r\n",
        b"POST /v1/redeem HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_without_an_echo(server: PairingServer, raw: bytes) -> None:
    """Bytes that are no request get an answer that repeats nothing of them."""
    answer = exchange(server, raw)
    assert b"bad_request" in answer
    assert b"secret" not in answer


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
    assert [
        "a device was signed in",
        "a request failed with RuntimeError",
        "unknown",
        "failed: a role is missing",
    ] == [record.getMessage() for record in caplog.records if record.name == "dalsegno.pairing"]
