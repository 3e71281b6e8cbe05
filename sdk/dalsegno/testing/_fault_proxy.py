"""A TCP link that fails on command: between an app and the emulator, to see how the app takes it.

An asyncio loop on a thread of its own carries the bytes; every method may be called from any thread and has
happened when it returns. Standard library only. Invariant: the port stays ours from `start` to `close`.

There is no loss of packets here: TCP sends again what was lost, so that whoever reads sees it as a wait.
`delay` with jitter and `stall` are such waits; `half_open` is what is left of a link that loses everything.
"""

from __future__ import annotations

import asyncio
import math
import random
import socket
import sys
import threading
import types
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Literal, Self, TypeVar, get_args

from dalsegno._errors import UsageError
from dalsegno.testing._fault_connection import CHUNK_BYTES, Connection, Direction, Faults, Link

T = TypeVar("T")

CALL_TIMEOUT_S = 10.0


class FaultProxy:
    """Forwards connections to `upstream` ("address:port"), with the faults that were asked for.

    `listen` is where it answers; port 0 takes a free one, which stays the same through cuts. `seed` makes the
    jitter repeatable. A context manager; without `with`, call `start` and `close`.
    """

    def __init__(self, upstream: str, listen: str = "127.0.0.1:0", seed: int | None = None) -> None:
        self._upstream = address(upstream)
        self._listen = address(listen)
        self._link = Link(random.Random(seed))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._placeholder: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._accepted = 0

    # --- lifetime -------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Begins to listen. Raises UsageError if the port is taken."""
        # Bound for as long as we live, never listening: it keeps the port ours while the link is cut, and
        # whoever connects then is refused by the kernel.
        _bound(
            self._listen, shared=False
        ).close()  # or we would share with whoever has the port, if he shares
        self._placeholder = _bound(self._listen, shared=True)
        self._thread.start()
        self._call(self._open())
        return self

    def close(self) -> None:
        """Ends all connections and gives the port back; may be called again."""
        if self._placeholder is None:
            return
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._placeholder.close()
        self._placeholder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.close()

    @property
    def host(self) -> str:
        """Where to connect: "address:port"."""
        assert self._placeholder is not None, "the proxy is not started"
        name, port = self._placeholder.getsockname()[:2]
        return f"{name}:{port}"

    # --- faults ---------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Ends every connection with a reset, and refuses new ones: the server is down."""
        self._set(lambda faults: replace(faults, refusing=True), end="all")

    def reset(self) -> None:
        """Ends every connection with a reset; new ones are welcome: the network changed."""
        self._set(lambda faults: faults, end="all")

    def refuse(self) -> None:
        """Refuses new connections; the old ones go on."""
        self._set(lambda faults: replace(faults, refusing=True))

    def delay(self, ms: float, jitter_ms: float = 0.0) -> None:
        """Each chunk arrives `ms` to `ms + jitter_ms` milliseconds late, both ways; in order still."""
        _check(0 <= ms < math.inf and 0 <= jitter_ms < math.inf, "a delay is 0 ms or more")
        self._set(lambda faults: replace(faults, delay_ms=ms, jitter_ms=jitter_ms))

    def throttle(self, bytes_per_s: float | None) -> None:
        """At most so many bytes a second in each direction, which all connections share in turn; None: as
        fast as it goes."""
        _check(
            bytes_per_s is None or 0 < bytes_per_s < math.inf, "a throttle is more than 0 bytes per second"
        )
        self._set(lambda faults: replace(faults, bytes_per_s=bytes_per_s))

    def stall(self, *directions: Direction) -> None:
        """Holds bytes back in one direction (or both, if none is named) until `restore`: a tunnel."""
        for direction in directions:
            _check(direction in get_args(Direction), f"{direction!r} is no direction: up or down")
        stalled = frozenset(directions or get_args(Direction))
        self._set(lambda faults: replace(faults, stalled=faults.stalled | stalled))

    def half_open(self) -> None:
        """Accepts everything, passes nothing on, tells nobody. `restore` resets what lost bytes."""
        self._set(lambda faults: replace(faults, swallowing=True))

    def restore(self) -> None:
        """A faultless link again. Bytes that were held back arrive now."""
        self._set(lambda faults: Faults(), end="damaged")

    # --- what happened --------------------------------------------------------------------------------

    @property
    def faults(self) -> Faults:
        """What is wrong with the link now."""
        return self._link.faults

    @property
    def accepted(self) -> int:
        """How many connections were accepted so far: the client's attempts, where none was refused."""
        return self._accepted

    @property
    def connections(self) -> int:
        """How many connections there are now."""
        return len(self._connections)

    def carried(self, direction: Direction) -> int:
        """How many bytes were delivered in this direction so far."""
        return self._link.carried[direction]

    def waiting(self, direction: Direction) -> int:
        """How many bytes came in this direction and were not delivered: delayed, held back or lost."""
        return self._link.received[direction] - self._link.carried[direction]

    # --- on the loop's thread -------------------------------------------------------------------------

    def _set(self, change: Callable[[Faults], Faults], end: Literal["", "all", "damaged"] = "") -> None:
        self._call(self._apply(change, end))

    def _call(self, step: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(CALL_TIMEOUT_S)

    async def _apply(self, change: Callable[[Faults], Faults], end: str) -> None:
        self._link.faults = change(self._link.faults)
        for connection in list(self._connections):
            if end == "all" or (end == "damaged" and connection.damaged):
                connection.abort()
            connection.look_again()
        if self._link.faults.refusing and self._server is not None:
            self._server.close()
            self._server = None
        elif not self._link.faults.refusing and self._server is None:
            await self._open()

    async def _open(self) -> None:
        assert self._placeholder is not None
        listener = _bound(self._placeholder.getsockname()[:2], shared=True)
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=CHUNK_BYTES)

    async def _shut(self) -> None:
        await self._apply(lambda faults: replace(faults, refusing=True), "all")
        while self._connections:
            await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        connection = Connection(self._link, reader, writer)
        self._connections.add(connection)
        try:
            await connection.carry(self._upstream)
        finally:
            self._connections.discard(connection)


def _bound(address: tuple[str, int], *, shared: bool) -> socket.socket:
    """A socket on that port; a shared one takes turns with others of ours, or of anyone who shares, too."""
    made = socket.socket()
    try:
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if sys.platform != "win32":  # there, this would take a port from who has it
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        made.close()
        raise UsageError(f"{address[0]}:{address[1]} cannot be listened on: {error.strerror}") from error
    return made


def address(text: str) -> tuple[str, int]:
    """("127.0.0.1", 8080) of "127.0.0.1:8080". Raises UsageError."""
    name, _, port = text.rpartition(":")
    if not name or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{text!r} is no address: it must be like 127.0.0.1:8080")
    return name, int(port)


def _check(right: bool, message: str) -> None:
    if not right:
        raise UsageError(message)
