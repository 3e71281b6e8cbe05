"""The pairing desk on HTTP: `POST /v1/codes` {"id_token"} and `POST /v1/redeem` {"code"}, answered with JSON.

One thread reads and writes for all connections (asyncio), so that a slow one holds up nobody; only whole
requests get a thread of their own, to ask Firebase. It speaks plain HTTP: TLS is the operator's, by a proxy
in front of it. Invariants: there are so many connections, so many of one address, so many requests at work,
and each has so long, and no more; where there are too many connections, the eldest that is not at work makes
room; no request, whatever is in it, gets more than one of the answers below, ends the helper, or is written
to a log; of what happened the log says only which answer was given.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

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
from dalsegno.admin._pairing_http import HEALTH, Exchange, Refused, Request, customer

log = logging.getLogger("dalsegno.pairing")

MOST_CONNECTIONS = 400
"""Of all addresses; systems give a process some 1,000 files, and each request at work opens its own, too."""
MOST_OF_ONE = 40
"""Of one address. Not behind a proxy: there all are the proxy's, which is to bound them itself."""
MOST_AT_WORK = 64
"""Requests that ask Firebase, each on a thread of its own."""
REQUEST_S = 5.0
"""From accepting a connection to the last byte of its request."""
ANSWER_S = 9.0
"""From there to the answer: the app that asks waits for ten. Firebase may take some seconds of it."""
PARTING_S = 2.0
"""For the answer to be taken."""
BACKLOG = 200
"""Connections that the system holds until we look."""
_READ_BYTES = 4096

NOT_BELIEVED = (
    "a request came with X-Forwarded-For, which is not believed: if a proxy of yours is in front, all tries "
    "count as the proxy's until this is started with --behind-proxy"
)
NOT_SAID = (
    "a request came without X-Forwarded-For: all tries count as the proxy's until the proxy sets that "
    "header, or this is started without --behind-proxy"
)

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


@dataclass(slots=True, eq=False)
class _Connection:
    writer: asyncio.StreamWriter
    address: str
    at_work: bool = False
    """Whether it waits for us, and not we for it."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    content: Mapping[str, object]
    wait_s: float | None = None


class PairingServer:
    """Answers at `host`:`port` (0 = a free one) from `serve_forever` until `shutdown`. A context manager.

    behind_proxy   requests come through one proxy of ours: the address is the last one of X-Forwarded-For

    Raises:
        OSError, OverflowError: it cannot answer there.
    """

    def __init__(
        self, desk: Desk, host: str = "127.0.0.1", port: int = 0, *, behind_proxy: bool = False
    ) -> None:
        self.desk, self.behind_proxy = desk, behind_proxy
        self._socket = _bound(host, port)
        self._connections: list[_Connection] = []
        """In the order in which they came."""
        self._at_work = 0
        self._hinted: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._stopped = asyncio.Event()

    @property
    def server_port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._connections)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def serve_forever(self) -> None:
        """Until `shutdown`, on the caller's thread."""
        asyncio.run(self._serve())

    def shutdown(self) -> None:
        """Ends `serve_forever`, soon; requests at work are not waited for. Any thread."""
        self._stop.set()
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(self._stopped.set)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    # --- connections ----------------------------------------------------------------------------------

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, sock=self._socket, backlog=BACKLOG)
        try:
            if not self._stop.is_set():
                await self._stopped.wait()
        finally:
            server.close()
            for connection in list(self._connections):
                connection.writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        connection = _Connection(writer, customer(str(peer[0])) if peer else "?")
        try:
            if self._has_room(connection):
                self._connections.append(connection)
                await self._converse(reader, connection)
        except (OSError, EOFError, TimeoutError, asyncio.CancelledError):
            log.debug("a connection broke")
        except Exception as error:  # noqa: BLE001 - one request must not end the helper
            log.error("a request failed with %s", type(error).__name__)
        finally:
            with contextlib.suppress(ValueError):
                self._connections.remove(connection)
            writer.transport.abort()

    def _has_room(self, new: _Connection) -> bool:
        """Makes room if it can."""
        if not self.behind_proxy:
            own = [known for known in self._connections if known.address == new.address]
            if len(own) >= MOST_OF_ONE and not self._give_way(own):
                return False
        return len(self._connections) < MOST_CONNECTIONS or self._give_way(self._connections)

    def _give_way(self, connections: list[_Connection]) -> bool:
        """Whom we have been waiting for longest is dropped; False if all wait for us."""
        slowest = next((known for known in connections if not known.at_work), None)
        if slowest is None:
            return False
        self._connections.remove(slowest)
        slowest.writer.transport.abort()
        return True

    # --- one request ----------------------------------------------------------------------------------

    async def _converse(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        exchange = Exchange()
        try:
            async with asyncio.timeout(REQUEST_S):
                request = await _request(reader, connection.writer, exchange)
        except Refused as refused:
            answer = _Answer(refused.status, {"error": refused.word})
            log.info("%s", refused.word)
        else:
            connection.at_work = True
            answer = await self._answer(request, connection.address)
            connection.at_work = False
        connection.writer.write(exchange.answer(answer.status, answer.content, answer.wait_s))
        async with asyncio.timeout(PARTING_S):
            await connection.writer.drain()
            connection.writer.write_eof()
            while await reader.read(_READ_BYTES):  # to close on unread bytes would take the answer back
                pass

    async def _answer(self, request: Request, address: str) -> _Answer:
        if request.path == HEALTH:
            return _Answer(HTTPStatus.OK, {"ok": True})
        if bool(request.forwarded) is not self.behind_proxy:
            self._hint(NOT_BELIEVED if request.forwarded else NOT_SAID)
        if self.behind_proxy and request.forwarded:
            address = customer(request.forwarded[-1])
        if self._at_work >= MOST_AT_WORK:
            return self._refusal(Busy("too many requests at once"))
        act = self._give_code if request.path == "/v1/codes" else self._redeem
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._on_a_thread(lambda: act(request.text, address))
        except TimeoutError:
            return self._refusal(Offline("Firebase takes too long"))
        except DalSegnoError as error:
            return self._refusal(error)
        except Exception as error:  # noqa: BLE001 - one request must not end the helper
            log.error("a request failed with %s", type(error).__name__)
            return _Answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "failed"})

    def _hint(self, words: str) -> None:
        """Once: what is wrong with the set-up is so with every request."""
        if words not in self._hinted:
            self._hinted.add(words)
            log.warning("%s", words)

    def _give_code(self, id_token: str, address: str) -> _Answer:
        code = self.desk.give_code(id_token, address)
        log.info("a code was given")
        return _Answer(HTTPStatus.OK, {"code": code, "lives_s": LIFETIME_S})

    def _redeem(self, code: str, address: str) -> _Answer:
        token = self.desk.redeem(code, address)
        log.info("a device was signed in")
        return _Answer(HTTPStatus.OK, {"custom_token": token})

    def _refusal(self, error: DalSegnoError) -> _Answer:
        status, word = ANSWERS.get(type(error), (HTTPStatus.INTERNAL_SERVER_ERROR, "failed"))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("%s: %s", word, error)  # our own sentence: what the operator can do
        else:
            log.info("%s", word)
        return _Answer(status, {"error": word}, error.wait_s if isinstance(error, TooManyTries) else None)

    async def _on_a_thread(self, act: Callable[[], _Answer]) -> _Answer:
        """A daemon's: whoever ends the helper waits for no Firebase. It counts until it has really ended."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[_Answer] = loop.create_future()

        def settle(answer: _Answer | None, error: Exception | None) -> None:
            self._at_work -= 1
            if answered.done():  # nobody waits any more
                return
            if answer is not None:
                answered.set_result(answer)
            elif error is not None:
                answered.set_exception(error)

        def run() -> None:
            answer, failure = None, None
            try:
                answer = act()
            except Exception as error:  # noqa: BLE001 - raised where it is awaited
                failure = error
            with contextlib.suppress(RuntimeError):  # the helper has ended meanwhile
                loop.call_soon_threadsafe(settle, answer, failure)

        self._at_work += 1
        threading.Thread(target=run, name="dalsegno-pairing", daemon=True).start()
        return await answered


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, exchange: Exchange) -> Request:
    while True:
        data = await reader.read(_READ_BYTES)
        if not data:  # gone, or looked whether the port is open: no request
            raise EOFError
        request = exchange.receive(data)
        if request is not None:
            return request
        if go_ahead := exchange.wants_go_ahead():
            writer.write(go_ahead)


def _bound(host: str, port: int) -> socket.socket:
    """Without a look-up of the machine's name, which may wait for the network."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        if sys.platform != "win32":  # there it would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
