"""Remotes with whom one can speak in turns; a `FirestoreRemote` and all that it told."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

from dalsegno._auth.unsigned import UnsignedTokens
from dalsegno._core.messages import Committed, RemoteEvent, Target, Write
from dalsegno._core.ports import TokenSource
from dalsegno._core.types import DeviceId, ProjectId, UserId
from dalsegno._remote.firestore import FirestoreRemote
from dalsegno._sync.devices.cards import registration_write

PATIENCE_S = 30.0
E = TypeVar("E", bound=RemoteEvent)


class Client:
    """A remote with whom one can speak in turns; `_tickets` numbers the calls."""

    remote: Any
    _tickets: Iterator[int]

    @property
    def sign_in(self) -> str:
        """Under which it works."""
        raise NotImplementedError

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

    def rest(self) -> list[RemoteEvent]:
        """What has arrived and was not asked for."""
        raise NotImplementedError

    def _answer(self, ticket: int) -> Any:
        """The answer to a call; events of the listener that came before it stay."""
        raise NotImplementedError


class Listening(Client):
    """A remote with a sink that keeps every event until it is asked for."""

    def __init__(
        self,
        host: str,
        project: str = "demo-scripted",
        user: str = "alice",
        tokens: TokenSource | None = None,
    ) -> None:
        self.tokens = tokens or UnsignedTokens(ProjectId(project), UserId(user))
        self._events: list[RemoteEvent] = []
        self._arrived = threading.Semaphore(0)
        self._tickets = itertools.count(1)
        self.remote = FirestoreRemote(ProjectId(project), UserId(user), self.tokens, self._sink, host)

    def _sink(self, event: RemoteEvent) -> None:
        self._events.append(event)
        self._arrived.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remote.close()

    @property
    def sign_in(self) -> str:
        return str(self.tokens.signed_in_s) if isinstance(self.tokens, UnsignedTokens) else ""

    def register(self, *devices: DeviceId) -> Self:
        """From now on these devices may write, as far as the rules of sign-ins go."""
        for device in devices:
            assert isinstance(self.commit(registration_write(device, self.sign_in)), Committed)
        return self

    def next(self, kind: type[E], /, **expected: object) -> E:
        """The next event of this kind with these attributes; events before it are dropped."""

        def fits(event: RemoteEvent) -> bool:
            return isinstance(event, kind) and all(getattr(event, k) == v for k, v in expected.items())

        index = self._find(fits, f"{kind.__name__} with {expected}")
        event = self._events[index]
        del self._events[: index + 1]
        return event  # type: ignore[return-value]

    def rest(self) -> list[RemoteEvent]:
        events, self._events[:] = list(self._events), []
        return events

    def _answer(self, ticket: int) -> Any:
        return self._events.pop(self._find(lambda event: getattr(event, "ticket", None) == ticket, "answer"))

    def _find(self, fits: Callable[[RemoteEvent], bool], what: str) -> int:
        seen = 0
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            while seen < len(self._events):  # the list only grows meanwhile: nobody else takes
                if fits(self._events[seen]):
                    return seen
                seen += 1
            self._arrived.acquire(timeout=0.1)
        raise AssertionError(f"no {what}; there were {self._events}")


def sdk_threads() -> set[threading.Thread]:
    """The threads that this package has running, and grpc's Python layer for it ("Thread-7 (_run)")."""
    return {t for t in threading.enumerate() if t.name.startswith("dalsegno") or "(_run)" in t.name}
