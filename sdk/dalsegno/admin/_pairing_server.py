"""The pairing desk on HTTP: `POST /v1/codes` {"id_token"} and `POST /v1/redeem` {"code"}, answered with JSON.

One thread per request, so many at the most, each for so long at the most. It speaks plain HTTP: TLS is the
operator's, by a proxy in front of it. Invariants: no request, whatever is in it, gets more than one of the
answers below, ends the helper, or is written to a log; of what happened the log says only which answer was
given.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from dalsegno._errors import DalSegnoError, Offline
from dalsegno.admin._accounts import Revoked, SignedOut
from dalsegno.admin._pairing_desk import (
    LIFETIME_S,
    Busy,
    Desk,
    LateCode,
    TooManyTries,
    UsedCode,
    WrongCode,
)

log = logging.getLogger("dalsegno.pairing")

MOST_BYTES = 8192
"""Of a request's body: an ID token has one or two thousand."""
MOST_THREADS = 64
SILENCE_S = 5.0
DEADLINE_S = 15.0
"""From accepting a connection to its end; Firebase may take some seconds of it."""

ANSWERS: Mapping[type[DalSegnoError], tuple[HTTPStatus, str]] = {
    SignedOut: (HTTPStatus.UNAUTHORIZED, "signed_out"),
    Revoked: (HTTPStatus.FORBIDDEN, "revoked"),
    WrongCode: (HTTPStatus.NOT_FOUND, "wrong_code"),
    UsedCode: (HTTPStatus.GONE, "used_code"),
    LateCode: (HTTPStatus.GONE, "late_code"),
    TooManyTries: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_tries"),
    Busy: (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    Offline: (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
}
"""What `dalsegno._auth.pairing` reads. All else is 500 "failed": then the service account lacks a role."""


class PairingServer(ThreadingHTTPServer):
    """Answers at `host`:`port` (0 = a free one) from `serve_forever` until `shutdown`.

    behind_proxy   requests come through one proxy of ours: the address is the last one of X-Forwarded-For
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self, desk: Desk, host: str = "127.0.0.1", port: int = 0, *, behind_proxy: bool = False
    ) -> None:
        self.desk, self.behind_proxy = desk, behind_proxy
        self._slots = threading.BoundedSemaphore(MOST_THREADS)
        self._ends_s: dict[socket.socket, float] = {}
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of the machine's name, which may wait for the network."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            self.shutdown_request(request)
            return
        self._ends_s[request] = time.monotonic() + DEADLINE_S
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._ends_s.pop(request, None)
            self._slots.release()

    def service_actions(self) -> None:
        """Twice a second: nobody holds a thread by dripping."""
        now_s = time.monotonic()
        for request, end_s in list(self._ends_s.items()):
            if now_s >= end_s:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break; that is no news, and a traceback could hold what was sent."""
        log.debug("a connection broke")


class _Handler(BaseHTTPRequestHandler):
    server: PairingServer
    timeout = SILENCE_S
    server_version, sys_version = "dalsegno", ""

    def do_POST(self) -> None:
        route = self._ROUTES.get(self.path)
        if route is None:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "unknown"})
            return
        try:
            name, act = route
            self._answer(HTTPStatus.OK, act(self, self._text(name)))
        except _BadRequest:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": "bad_request"})
        except DalSegnoError as error:
            self._refuse(error)
        except (OSError, ValueError):
            raise
        except Exception as error:  # noqa: BLE001 - one request must not end the helper
            log.error("a request failed with %s", type(error).__name__)
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "failed"})

    def do_GET(self) -> None:
        """`/healthz`, for whoever watches the helper."""
        found = self.path == "/healthz"
        self._answer(
            HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, {"ok": True} if found else {"error": "unknown"}
        )

    def _give_code(self, id_token: str) -> dict[str, object]:
        return {"code": self.server.desk.give_code(id_token, self._who()), "lives_s": LIFETIME_S}

    def _redeem(self, code: str) -> dict[str, object]:
        return {"custom_token": self.server.desk.redeem(code, self._who())}

    _ROUTES: ClassVar[Mapping[str, tuple[str, Callable[[_Handler, str], dict[str, object]]]]] = {
        "/v1/codes": ("id_token", _give_code),
        "/v1/redeem": ("code", _redeem),
    }

    # --- in -------------------------------------------------------------------------------------------

    def _text(self, name: str) -> str:
        """The one field of the body."""
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 < length <= MOST_BYTES:
                raise _BadRequest
            value = json.loads(self.rfile.read(length))[name]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise _BadRequest from None
        if not isinstance(value, str) or not value:
            raise _BadRequest
        return value

    def _who(self) -> str:
        """Whose tries are counted: an address, of IPv6 the network that one customer has."""
        address = str(self.client_address[0])
        if self.server.behind_proxy:
            address = self.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return "?"
        if isinstance(parsed, ipaddress.IPv6Address):
            if parsed.ipv4_mapped:
                return str(parsed.ipv4_mapped)
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        return str(parsed)

    # --- out ------------------------------------------------------------------------------------------

    def _refuse(self, error: DalSegnoError) -> None:
        status, code = ANSWERS.get(type(error), (HTTPStatus.INTERNAL_SERVER_ERROR, "failed"))
        wait_s = error.wait_s if isinstance(error, TooManyTries) else None
        if code == "failed":
            log.error("Firebase refuses this: %s", error)
        self._answer(status, {"error": code}, wait_s)

    def _answer(self, status: HTTPStatus, content: Mapping[str, object], wait_s: float | None = None) -> None:
        body = json.dumps(content).encode()
        log.info("%s", content.get("error", "given"))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if wait_s is not None:
            self.send_header("Retry-After", str(int(wait_s) + 1))
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Python's own page would repeat the request."""
        self.close_connection = True
        self._answer(HTTPStatus(code), {"error": "bad_request"})

    def log_message(self, format: str, *args: object) -> None:
        """A request's line is the requester's: it goes into no log."""


class _BadRequest(Exception):
    pass
