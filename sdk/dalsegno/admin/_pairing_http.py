"""One request of the pairing helper: from bytes to one of the answers. No sockets, no waiting.

HTTP itself is h11's. Invariants: a request takes `MOST_HEAD_BYTES` and `MOST_BYTES` at the most, whatever it
says of itself; no answer repeats anything of it.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import h11

MOST_HEAD_BYTES = 16_384
"""Of a request's line and headers: proxies and browsers send two thousand."""
MOST_BYTES = 8192
"""Of a request's body: an ID token has one or two thousand."""
HEALTH = "/healthz"
FIELDS: Mapping[str, str] = {"/v1/codes": "id_token", "/v1/redeem": "code"}
"""What is asked, and the one field of its body."""


class Refused(Exception):
    """This request makes no sense."""

    def __init__(self, status: HTTPStatus, word: str) -> None:
        super().__init__(word)
        self.status, self.word = status, word


@dataclass(frozen=True, slots=True)
class Request:
    """forwarded   the addresses of X-Forwarded-For, the newest last"""

    path: str
    text: str = field(repr=False)
    forwarded: tuple[str, ...] = field(repr=False)


class Exchange:
    """One request and its answer."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD_BYTES)
        self._head: h11.Request | None = None
        self._body = b""

    def receive(self, data: bytes) -> Request | None:
        """Takes what arrived; None = more must come.

        Raises:
            Refused.
        """
        try:
            self._http.receive_data(data)
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    self._head = event
                    self._refuse_early(event)
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > MOST_BYTES:
                        raise bad(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                elif isinstance(event, h11.EndOfMessage):
                    return self._request()
                else:
                    return None
        except h11.RemoteProtocolError as error:
            raise bad(HTTPStatus(error.error_status_hint)) from None

    def wants_go_ahead(self) -> bytes:
        """What a client waits for that asks before it sends its body ("100 Continue"); b"" if none does."""
        if not self._http.they_are_waiting_for_100_continue:
            return b""
        return (
            self._http.send(h11.InformationalResponse(status_code=100, headers=[], reason="Continue")) or b""
        )

    def answer(self, status: HTTPStatus, content: Mapping[str, object], wait_s: float | None = None) -> bytes:
        """The bytes of an answer, after which the connection ends."""
        body = json.dumps(content).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ]
        if wait_s is not None:
            headers.append(("Retry-After", str(int(wait_s) + 1)))
        response = h11.Response(status_code=status, headers=headers, reason=status.phrase)
        events: list[h11.Event] = [response, h11.Data(data=body), h11.EndOfMessage()]
        if self._head is not None and self._head.method == b"HEAD":
            del events[1]
        return b"".join(self._http.send(event) or b"" for event in events)

    def _refuse_early(self, head: h11.Request) -> None:
        """Before the body: whoever sends none of ours need not send it."""
        path, looks = head.target.decode("ascii"), head.method in (b"GET", b"HEAD")
        if head.http_version not in (b"1.0", b"1.1"):
            raise bad(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        if not looks and head.method != b"POST":
            raise bad(HTTPStatus.NOT_IMPLEMENTED)
        if path not in ([HEALTH] if looks else FIELDS):
            raise Refused(HTTPStatus.NOT_FOUND, "unknown")

    def _request(self) -> Request:
        assert self._head is not None
        path = self._head.target.decode("ascii")
        lines = [value.decode("latin-1") for name, value in self._head.headers if name == b"x-forwarded-for"]
        forwarded = tuple(part.strip() for part in ",".join(lines).split(",") if part.strip())
        text = "" if path == HEALTH else _text(self._body, FIELDS[path])
        return Request(path, text, forwarded)


def bad(status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Refused:
    return Refused(status, "bad_request")


def _text(body: bytes, name: str) -> str:
    """The one field of a body."""
    try:
        value = json.loads(body)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise bad() from None
    if not isinstance(value, str) or not value:
        raise bad()
    return value


def customer(address: str) -> str:
    """Whose tries are counted: an address without its port, of IPv6 the network that one customer has.

    "?" is what is no address; all of those are one.
    """
    host = address.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "?"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
