"""The way between one device and the server: delays, losses, silence. The port `Remote` on virtual time.

Invariant, as with the real one: each call is answered once, after 10 s at the latest, though the server may
still apply a commit that was given up; a stream's messages come in order, or not at all any more.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dalsegno._core.messages import (
    CommitFailed,
    Committed,
    ReadDone,
    ReadFailed,
    RemoteEvent,
    ResourcePath,
    RpcError,
    SignInKnown,
    Sink,
    StreamAges,
    StreamEnded,
    Target,
    Write,
)
from dalsegno.testing._simulated_server import Rejected, ServerStream, SimulatedServer
from dalsegno.testing._virtual_clock import VirtualClock

DEADLINE_MS = 10_000.0


class Way(enum.Enum):
    """How a line is."""

    UP = "up"
    CUT = "cut"  # refused at once, open streams end
    SILENT = "silent"  # packets vanish: nothing is told, streams are dead for good
    STALLED = "stalled"  # packets wait, and arrive when the line is up again
    STALLED_UP = "stalled up"  # only those to the server


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one call. `held`: it waits on the server until somebody lets it go."""

    reaches_ms: float | None = 5.0
    answer_ms: float | None = 5.0
    instead: RpcError | None = None
    told: RpcError | None = None
    held: bool = False
    """instead: the server refuses the call; told: it does the call, and the answer is this."""


Chooser = Callable[[str], Fate]


class Line:
    """One device's way to the server. `choose` is asked about every call ("commit", "read") and stream,
    `lasts_ms` how long the user's token serves a stream.
    """

    def __init__(self, virtual_clock: VirtualClock, server: SimulatedServer) -> None:
        self.virtual_clock, self.server = virtual_clock, server
        self.way = Way.UP
        self.choose: Chooser = lambda _: Fate()
        self.message_ms: Callable[[], float] = lambda: 5.0
        self.honours_tokens: Callable[[], bool] = lambda: True
        self.lasts_ms: Callable[[], float | None] = lambda: None
        self.waiting: list[Callable[[], None]] = []
        self.held: list[Callable[[], None]] = []
        self.commits: list[tuple[float, Sequence[Write]]] = []
        self.listens: list[tuple[float, Sequence[Target]]] = []
        self.reads: list[tuple[float, ResourcePath]] = []
        self.calls = 0
        self.called: Callable[[], None] = lambda: None
        self.sending: Callable[[Sequence[Write]], None] = lambda _: None
        self.remote: SimulatedRemote | None = None
        self.dropped_tokens = 0
        self.channels = 1
        self.sign_in = ""
        """Under which the device works, as its token says; '' = of that no rule asks."""

    def dial(self, sink: Sink) -> SimulatedRemote:
        """A new process of the device."""
        if self.remote is not None:
            self.remote.die()
        self.remote = SimulatedRemote(self, sink)
        return self.remote

    def turn(self, way: Way) -> None:
        """The line changes."""
        self.way = way
        if way is Way.UP:
            waiting, self.waiting = self.waiting, []
            for task in waiting:  # in their order, and before whatever is sent now
                self.virtual_clock.after(0.0, task)
        if self.remote is not None:
            self.remote.line_turned(way)


class _Incoming:
    """A stream as the device sees it. `side` is the server's end of it."""

    def __init__(self, number: int, line: Line, deliver: Sink) -> None:
        self.number, self._line, self._deliver = number, line, deliver
        self.side: ServerStream | None = None
        self.over = False
        self._last_ms = 0.0

    def arrive(self, event: RemoteEvent) -> None:
        """The server sent it: it comes later, in order."""
        self._last_ms = max(self._last_ms, self._line.virtual_clock.now_ms + self._line.message_ms())
        self._line.virtual_clock.after(
            self._last_ms - self._line.virtual_clock.now_ms, lambda: self._come(event)
        )

    def _come(self, event: RemoteEvent) -> None:
        if self.over:
            return
        if self._line.way is Way.STALLED:
            self._line.waiting.append(lambda: self._come(event))
        elif self._line.way in (Way.UP, Way.STALLED_UP):
            self.over = isinstance(event, StreamEnded)
            self._deliver(event)

    def end(self, fault: RpcError) -> None:
        """It ends on our side; whatever is on its way is lost."""
        if not self.over:
            self.forget()
            self._line.virtual_clock.after(1.0, lambda: self._deliver(StreamEnded(self.number, fault)))

    def forget(self) -> None:
        self.over = True
        if self.side is not None:
            self.side.close()


class SimulatedRemote:
    """`core.ports.Remote` for one process of one device."""

    def __init__(self, line: Line, sink: Sink) -> None:
        self._line, self._sink = line, sink
        self._alive = True
        self.stream: _Incoming | None = None
        self._open: dict[int, Callable[[RpcError], None]] = {}
        self._told_sign_in: str | None = None

    # --- the port ---

    def listen(self, stream: int, targets: Sequence[Target]) -> None:
        self.hang_up()
        line = self._line
        line.calls += 1
        line.called()
        line.listens.append((line.virtual_clock.now_ms, targets))
        opened = self.stream = _Incoming(stream, line, self._deliver)
        if (lasts_ms := line.lasts_ms()) is not None:
            line.virtual_clock.after(1.0, lambda: self._deliver(StreamAges(stream, lasts_ms)))
        sign_in = self._signed_in()
        fate = line.choose("listen")
        if fate.instead is not None:
            opened.end(fate.instead)
        elif fate.reaches_ms is not None:
            self._send(
                fate.reaches_ms, lambda: self._serve(opened, targets, sign_in), lambda: opened.end(_gone())
            )

    def add_target(self, target: Target) -> None:
        self._line.calls += 1
        self._tell_server(lambda side: side.add(target))

    def remove_target(self, target: int) -> None:
        self._tell_server(lambda side: side.remove(target))

    def hang_up(self) -> None:
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.end(RpcError("CANCELLED", "closed on this side"))

    def commit(self, ticket: int, writes: Sequence[Write]) -> None:
        line = self._line
        line.commits.append((line.virtual_clock.now_ms, writes))
        line.sending(writes)
        sign_in = self._signed_in()

        def do() -> RemoteEvent:
            try:
                now = line.server.commit(writes, sign_in)
            except Rejected as no:
                return CommitFailed(ticket, no.fault)
            return Committed(ticket, now, now)

        self._call("commit", ticket, do, lambda fault: CommitFailed(ticket, fault))

    def read(self, ticket: int, path: ResourcePath) -> None:
        line = self._line
        line.reads.append((line.virtual_clock.now_ms, path))
        sign_in = self._signed_in()

        def do() -> RemoteEvent:
            try:
                return ReadDone(ticket, line.server.read(path, sign_in), line.server.time())
            except Rejected as no:
                return ReadFailed(ticket, no.fault)

        self._call("read", ticket, do, lambda fault: ReadFailed(ticket, fault))

    def drop_token(self) -> None:
        self._line.dropped_tokens += 1

    def identify(self) -> None:
        self._signed_in()

    def _signed_in(self) -> str:
        """The sign-in of the token at hand; told if it is another than before."""
        sign_in = self._line.sign_in
        if sign_in != self._told_sign_in:
            self._told_sign_in = sign_in
            self._line.virtual_clock.after(0.0, lambda: self._deliver(SignInKnown(sign_in)))
        return sign_in

    def reset_channel(self) -> None:
        """Everything on the old connections is lost: calls end, and so does the stream."""
        self._line.channels += 1
        if self.stream is not None:
            self.stream.end(RpcError("CANCELLED", "the channel was closed"))
        for fail in list(self._open.values()):
            fail(RpcError("CANCELLED", "the channel was closed"))

    def close(self) -> None:
        self.hang_up()
        self.die()

    # --- the line ---

    def die(self) -> None:
        """The process is gone: nobody hears anything any more; what was sent is sent."""
        self._alive = False
        if self.stream is not None:
            self.stream.forget()

    def line_turned(self, way: Way) -> None:
        if way is Way.CUT:
            if self.stream is not None:
                self.stream.end(_gone())
            for fail in list(self._open.values()):
                fail(_gone())
        elif way is Way.SILENT and self.stream is not None:
            self.stream.forget()  # dead, and nobody is told

    def _deliver(self, event: RemoteEvent) -> None:
        if self._alive:
            self._sink(event)

    def _serve(self, opened: _Incoming, targets: Sequence[Target], sign_in: str) -> None:
        if not opened.over:
            line, honours = self._line, self._line.honours_tokens()
            opened.side = line.server.listen(
                opened.number, targets, opened.arrive, honours=honours, sign_in=sign_in
            )

    def _tell_server(self, do: Callable[[ServerStream], None]) -> None:
        stream = self.stream
        if stream is None:
            return

        def reach() -> None:
            if stream.side is not None and stream.side.open and not stream.over:
                do(stream.side)
            elif not stream.over and stream.side is None:
                self._send(self._line.message_ms(), reach, lambda: None)

        self._send(self._line.message_ms(), reach, lambda: None)

    def _call(
        self, kind: str, ticket: int, do: Callable[[], RemoteEvent], failed: Callable[[RpcError], RemoteEvent]
    ) -> None:
        line, fate = self._line, self._line.choose(kind)
        line.calls += 1
        line.called()
        number = line.calls

        def answer(event: RemoteEvent) -> None:
            if self._open.pop(number, None) is not None:
                self._deliver(event)

        def fail(fault: RpcError) -> None:
            if self._open.pop(number, None) is not None:
                line.virtual_clock.after(1.0, lambda: self._deliver(failed(fault)))

        def at_server() -> None:
            event = failed(fate.instead) if fate.instead is not None else do()
            if fate.told is not None:
                event = failed(fate.told)
            if fate.answer_ms is not None:
                self._send(fate.answer_ms, lambda: answer(event), lambda: fail(_gone()), up=False)

        self._open[number] = fail
        line.virtual_clock.after(
            DEADLINE_MS, lambda: fail(RpcError("DEADLINE_EXCEEDED", "no answer within 10 s"))
        )
        arrive = (lambda: line.held.append(at_server)) if fate.held else at_server
        if fate.reaches_ms is not None:
            self._send(fate.reaches_ms, arrive, lambda: fail(_gone()))

    def _send(
        self, delay_ms: float, arrive: Callable[[], None], cut: Callable[[], None], *, up: bool = True
    ) -> None:
        """Something goes over the line, `up` to the server or down from it."""
        line = self._line

        def come() -> None:
            match line.way:
                case Way.STALLED_UP if up:
                    line.waiting.append(arrive)
                case Way.UP | Way.STALLED_UP:
                    arrive()
                case Way.CUT:
                    cut()
                case Way.STALLED:
                    line.waiting.append(arrive)
                case Way.SILENT:
                    pass

        if line.way is Way.CUT:
            cut()
        elif line.way is not Way.SILENT:
            line.virtual_clock.after(delay_ms, come)


def _gone() -> RpcError:
    return RpcError("UNAVAILABLE", "the connection is gone")
