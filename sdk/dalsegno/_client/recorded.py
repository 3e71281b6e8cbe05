"""What goes between the engine and the network, noted for support: connects, commits, refusals, timings.

Any thread. It stands in front of the remote and behind its sink, and changes nothing. Invariant: of a call
only its kind, its counts and how long it took are noted; of a failure only its code: the server's words may
hold names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from dalsegno._core.messages import (
    CommitFailed,
    Committed,
    ReadDone,
    ReadFailed,
    RemoteEvent,
    ResourcePath,
    SignInKnown,
    Sink,
    StreamEnded,
    Target,
    TargetChange,
    Write,
)
from dalsegno._core.types import Status
from dalsegno._support_log import note, short


class Recorder:
    """Of one client."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[str, float]] = {}
        self._stream_s = time.monotonic()
        self._messages = 0
        self._status: tuple[object, ...] = ()

    def around(self, dial: Callable[[Sink], Any]) -> Callable[[Sink], Any]:
        """The same network stack, with what goes in and out of it noted."""

        def recorded(sink: Sink) -> Any:
            def heard(event: RemoteEvent) -> None:
                self.heard(event)
                sink(event)

            return RecordedRemote(dial(heard), self)

        return recorded

    def status(self, status: Status) -> None:
        """How the client stands; noted if that is new."""
        stands = (status.link.value, status.saved.value, status.signed_out)
        if stands != self._status:
            self._status = stands
            note("status", link=stands[0], saved=stands[1], signed_out=status.signed_out)

    def heard(self, event: RemoteEvent) -> None:
        """On its way to the engine."""
        if isinstance(event, Committed):
            self._answered(event.ticket, "OK")
        elif isinstance(event, ReadDone):
            self._answered(event.ticket, "OK", found=event.snapshot is not None)
        elif isinstance(event, (CommitFailed, ReadFailed)):
            self._answered(event.ticket, event.fault.code)
        elif isinstance(event, StreamEnded):
            lasted_s = time.monotonic() - self._stream_s
            note("stream-ended", code=event.fault.code, after_s=lasted_s, messages=self._messages)
        elif isinstance(event, SignInKnown):
            note("sign-in-known")
        else:
            self._messages += 1
            if isinstance(event, TargetChange) and event.cause is not None:
                note("target-refused", targets=len(event.targets), code=event.cause.code)
            if self._messages == 1:
                note("stream-answers", after_ms=(time.monotonic() - self._stream_s) * 1000)

    def asks(self, ticket: int, what: str) -> None:
        self._asked[ticket] = (what, time.monotonic())

    def opens(self, targets: int) -> None:
        self._stream_s, self._messages = time.monotonic(), 0
        note("stream-opens", targets=targets)

    def _answered(self, ticket: int, code: str, **facts: bool) -> None:
        what, since_s = self._asked.pop(ticket, ("call", time.monotonic()))
        took_ms = (time.monotonic() - since_s) * 1000
        note(f"{what}-answered", call=ticket, code=code, took_ms=took_ms, **facts)


class RecordedRemote:
    """`core.ports.Remote`, with each call noted."""

    def __init__(self, remote: Any, recorder: Recorder) -> None:
        self._remote, self._recorder = remote, recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._remote, name)

    def listen(self, stream: int, targets: Sequence[Target]) -> None:
        self._recorder.opens(len(targets))
        self._remote.listen(stream, targets)

    def commit(self, ticket: int, writes: Sequence[Write]) -> None:
        self._recorder.asks(ticket, "commit")
        fields = sum(len(write.fields) for write in writes)
        note("commit", call=ticket, **_of(writes[0].path), writes=len(writes), fields=fields)
        self._remote.commit(ticket, writes)

    def read(self, ticket: int, path: ResourcePath) -> None:
        self._recorder.asks(ticket, "read")
        note("read", call=ticket, **_of(path))
        self._remote.read(ticket, path)

    def reset_channel(self) -> None:
        note("channel-reset")
        self._remote.reset_channel()


def _of(path: ResourcePath) -> dict[str, str]:
    """Which collection; and for a session which one, unknowably."""
    of: dict[str, str] = {"of": path[0]}
    if path[0] == "sessions" and len(path) > 1:
        of["session"] = short(path[1])
    return of
