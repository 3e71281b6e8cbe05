"""A `FirestoreRemote` and all that it told: for tests that wait for events."""

from __future__ import annotations

import itertools
import threading
from queue import Empty, Queue
from typing import Any, Self, TypeVar

from dalsegno.auth.tokens import UnsignedTokens
from dalsegno.core.ports import RemoteEvent, Target, TokenSource, Write
from dalsegno.remote.firestore import FirestoreRemote
from dalsegno.types import ProjectId, UserId

PATIENCE_S = 15.0
E = TypeVar("E", bound=RemoteEvent)


class Listening:
    """A remote with a sink that keeps every event until it is asked for."""

    def __init__(
        self,
        host: str,
        project: str = "demo-scripted",
        user: str = "alice",
        tokens: TokenSource | None = None,
    ) -> None:
        self.tokens = tokens or UnsignedTokens(ProjectId(project), UserId(user))
        self._events: Queue[RemoteEvent] = Queue()
        self._tickets = itertools.count(1)
        self.remote = FirestoreRemote(ProjectId(project), UserId(user), self.tokens, self._events.put, host)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remote.close()

    def listen(self, stream: int, *targets: Target) -> Self:
        self.remote.listen(stream, targets)
        return self

    def commit(self, *writes: Write) -> Any:
        """Commits and waits for the answer: `Committed` or `CommitFailed`."""
        ticket = next(self._tickets)
        self.remote.commit(ticket, writes)
        return self._answer(ticket)

    def read(self, *path: str) -> Any:
        """Reads and waits for the answer: `ReadDone` or `ReadFailed`."""
        ticket = next(self._tickets)
        self.remote.read(ticket, path)
        return self._answer(ticket)

    def next(self, kind: type[E], /, **expected: object) -> E:
        """The next event of this kind with these attributes; events before it are dropped."""
        dropped: list[RemoteEvent] = []
        while True:
            try:
                event = self._events.get(timeout=PATIENCE_S)
            except Empty:
                raise AssertionError(f"no {kind.__name__} with {expected}; there were {dropped}") from None
            if isinstance(event, kind) and all(getattr(event, k) == v for k, v in expected.items()):
                return event
            dropped.append(event)

    def rest(self) -> list[RemoteEvent]:
        """What has arrived and was not asked for."""
        events = []
        while not self._events.empty():
            events.append(self._events.get())
        return events

    def _answer(self, ticket: int) -> Any:
        others = []
        while getattr(event := self._events.get(timeout=PATIENCE_S), "ticket", None) != ticket:
            others.append(event)
        for other in others:  # a listener's events may overtake the answer
            self._events.put(other)
        return event


def sdk_threads() -> list[str]:
    """The names of the threads that this package and grpc's Python layer have running for a client."""
    return [t.name for t in threading.enumerate() if t.name.startswith("dalsegno") or is_grpc(t)]


def is_grpc(thread: threading.Thread) -> bool:
    return "(_run)" in thread.name  # the only name that grpc gives to threads of a client
