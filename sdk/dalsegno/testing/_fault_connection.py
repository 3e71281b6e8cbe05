"""One connection through a faulty link, and what can be wrong with the link. On the loop's thread only.

Invariant: bytes of one direction arrive in order, none twice; a connection that lost some is never healed.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["up", "down"]
"""up: towards the server; down: back to the client."""

CHUNK_BYTES = 16 * 1024
QUEUED_CHUNKS = 64  # at most 1 MiB on the way in each direction; then the sender is held back, as TCP does it
CONNECT_TIMEOUT_S = 5.0
THROTTLE_STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with the link; as it stands here, nothing.

    refusing    new connections are refused; a cut ends the old ones as well
    stalled     directions in which bytes wait, to be delivered later
    swallowing  bytes vanish, as behind a router that has forgotten the connection; nobody is told
    """

    refusing: bool = False
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    bytes_per_s: float | None = None
    stalled: frozenset[Direction] = frozenset()
    swallowing: bool = False

    @property
    def delayed(self) -> bool:
        return self.delay_ms > 0 or self.jitter_ms > 0


@dataclass(slots=True)
class Link:
    """What all connections of one proxy share: the faults of this moment, chance, and counts of bytes.

    turns: who may send a piece through a throttle; all connections share it, one after the other.
    """

    random: random.Random
    faults: Faults = field(default_factory=Faults)
    received: dict[Direction, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    carried: dict[Direction, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    turns: dict[Direction, asyncio.Lock] = field(
        default_factory=lambda: {"up": asyncio.Lock(), "down": asyncio.Lock()}
    )


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes on their way (none: the end of the stream), when they came, and their share of the jitter."""

    data: bytes
    received_s: float
    share: float


class Connection:
    """One client's connection and the one to the server that belongs to it. On the loop's thread only."""

    def __init__(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.damaged = False
        self._link, self._reader, self._writer = link, reader, writer
        self._changed = asyncio.Event()
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()

    def look_again(self) -> None:
        """The faults have changed."""
        self._changed.set()

    def abort(self) -> None:
        """Ends both sides with a reset."""
        assert self._task is not None
        self._task.cancel()

    async def carry(self, upstream: tuple[str, int]) -> None:
        """Carries bytes until both sides are done; a failure of one side, or `abort`, resets both."""
        writers = [self._writer]
        try:
            if self._link.faults.swallowing:
                await self._swallow()
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(*upstream, limit=CHUNK_BYTES)
            writers.append(writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._flow("up", self._reader, writer))
                group.create_task(self._flow("down", reader, self._writer))
        except* (OSError, asyncio.CancelledError):  # TimeoutError is an OSError
            for writer in writers:
                _reset(writer)
        for writer in writers:
            writer.close()

    async def _flow(
        self, direction: Direction, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        queue: asyncio.Queue[Chunk] = asyncio.Queue(QUEUED_CHUNKS)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive(direction, source, queue))
            group.create_task(self._send(direction, queue, sink))

    async def _receive(
        self, direction: Direction, source: asyncio.StreamReader, queue: asyncio.Queue[Chunk]
    ) -> None:
        data = b"."
        while data:
            data = await source.read(CHUNK_BYTES)
            self._link.received[direction] += len(data)
            await queue.put(Chunk(data, self._loop.time(), self._link.random.random()))
            if self._link.faults.bytes_per_s is not None:
                await queue.join()  # a slow link has little room: what it cannot carry yet, the sender keeps

    async def _send(
        self, direction: Direction, queue: asyncio.Queue[Chunk], sink: asyncio.StreamWriter
    ) -> None:
        while (chunk := await queue.get()).data:
            await self._turn(direction, chunk)
            await self._deliver(direction, chunk.data, sink)
            queue.task_done()
        queue.task_done()
        await self._turn(direction, chunk)
        if self._lost():  # nobody hears of the end either
            await self._swallow()
        sink.write_eof()

    async def _deliver(self, direction: Direction, data: bytes, sink: asyncio.StreamWriter) -> None:
        while data and not self._lost():
            throttled = self._link.faults.bytes_per_s is not None
            async with self._link.turns[direction] if throttled else nullcontext():
                data = await self._deliver_piece(direction, data, sink)

    async def _deliver_piece(self, direction: Direction, data: bytes, sink: asyncio.StreamWriter) -> bytes:
        """Sends as much as the link takes now, for as long as that takes; gives the rest."""
        if self._lost():
            return data
        rate = self._link.faults.bytes_per_s  # perhaps another than when we got into the line
        size = len(data) if rate is None else max(1, int(rate * THROTTLE_STEP_S))
        piece, data = data[:size], data[size:]
        sink.write(piece)
        await sink.drain()
        self._link.carried[direction] += len(piece)
        if rate is not None:
            await self._pause(len(piece) / rate)
        return data

    async def _turn(self, direction: Direction, chunk: Chunk) -> None:
        """Waits until the chunk is due and its direction flows."""
        while True:
            faults = self._link.faults
            due_s = chunk.received_s + (faults.delay_ms + chunk.share * faults.jitter_ms) / 1000
            if direction in faults.stalled:
                await self._pause(None)
            elif (left_s := due_s - self._loop.time()) > 0:
                await self._pause(left_s)
            else:
                return

    def _lost(self) -> bool:
        self.damaged = self.damaged or self._link.faults.swallowing
        return self.damaged

    async def _swallow(self) -> None:
        """Waits for the reset that `restore` sends to a damaged connection."""
        self.damaged = True
        while True:
            await self._pause(None)

    async def _pause(self, timeout_s: float | None) -> None:
        """Waits, but not past the next change of the faults."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes with RST instead of FIN: the other side learns at once that this was no orderly end."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
    writer.transport.abort()
