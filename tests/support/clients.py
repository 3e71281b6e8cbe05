"""A whole client in the test's own process, whose clock the test can push forward.

    with Device(server.host, tmp_path) as device:
        book = device.open("moby")
        device.time.skip(75_000)        # the engine's timers run as if 75 s had gone by

Real threads, real gRPC, a real database; only the engine's clock and its chance are the test's.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import dalsegno as ds
from dalsegno._auth.unsigned import UnsignedTokens
from dalsegno._client.client import Client
from dalsegno._core.messages import Sink
from dalsegno._core.ports import TokenSource
from dalsegno._core.types import Millis, ProjectId, SessionId, UserId
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno._persistence.upkeep import Upkeep
from dalsegno._remote.firestore import FirestoreRemote
from dalsegno._sync.devices.cards import DeviceCard
from dalsegno._sync.open_session import OpenSession
from dalsegno._threads.scheduler import ThreadScheduler
from dalsegno._threads.worker import SystemTime, Worker
from tests.support.waiting import until

_A_LITTLE_MS = 0.01
"""Floats: a timer is not due a rounding error before its time."""


class Note(ds.State, schema="note/1"):
    """Two fields that may change together or apart."""

    text: str = ds.latest("")
    page: int = ds.latest(0)
    furthest: float = ds.highest(0.0)


class SkippingTime(SystemTime):
    """The machine's clocks, and what the test adds to them; any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_ms = 0.0
        """By how much both clocks were pushed so far."""
        self._stopped: tuple[float, Millis] | None = None
        self.wake: list[Callable[[], None]] = []
        """Called after each skip, for whoever waits by this clock."""

    def skip(self, ms: float) -> None:
        """Both clocks go `ms` forward, at once."""
        self.skipped_ms += ms
        for wake in self.wake:
            wake()

    def stop(self) -> None:
        """From now on time is what is skipped: however long the machine stalls, no timer runs meanwhile."""
        self._stopped = super().steady_ms(), super().wall_ms()

    def steady_ms(self) -> float:
        steady_ms = self._stopped[0] if self._stopped else super().steady_ms()
        return steady_ms + self.skipped_ms

    def wall_ms(self) -> Millis:
        wall_ms = self._stopped[1] if self._stopped else super().wall_ms()
        return Millis(wall_ms + int(self.skipped_ms))


class Device:
    """One device of `user`, on real threads and a real disk; `client` is its `Client`.

    `host`: a server on this machine. `chance`: what `random` gives; 0.5 takes the jitter out of the backoff.
    """

    def __init__(
        self,
        host: str,
        home: Path,
        *,
        project: str = "demo-scripted",
        user: str = "alice",
        name: str = "Pixel 8",
        time: SkippingTime | None = None,
        tokens: TokenSource | None = None,
        chance: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self.home = home
        self.time = time or SkippingTime()
        self.statuses: list[ds.Status] = []
        project_id, user_id = ProjectId(project), UserId(user)
        tokens = tokens or UnsignedTokens(project_id, user_id)

        def dial(sink: Sink) -> Any:
            return FirestoreRemote(project_id, user_id, tokens, sink, host)

        store = SqliteStore.open(home, user)
        if isinstance(tokens, UnsignedTokens):
            tokens.work_for(store.identity().device)
        self.tokens = tokens
        card = DeviceCard(name, "phone", "linux", "test")
        upkeep, scheduler = functools.partial(Upkeep, store), ThreadScheduler(self.time)
        self.client = Client(store, upkeep, card, dial, None, scheduler, chance)
        worker = self.client._runtime.worker
        assert isinstance(worker, Worker)
        self.worker: Worker = worker
        self.time.wake.append(lambda: self.worker.post(lambda: None))
        self.client.on_status(self.statuses.append)

    def open(self, session: str = "moby") -> ds.Session[Note]:
        return self.client.open(session, Note)

    def until_link(self, *links: ds.Link, timeout_s: float = 30.0) -> ds.Status:
        """Waits until the link is one of these; a live one, until it owes no answer: from then on it may be
        silent for as long as heartbeats allow, and not just for as long as an answer takes."""
        until(lambda: self.client.status.link in links, timeout_s=timeout_s, what=f"the link to be {links}")
        found = self.client.status
        if found.link is ds.Link.LIVE:
            until(lambda: not self._is_owed_an_answer(), what="an answer for each target")
        return found

    def _is_owed_an_answer(self) -> bool:
        engine = self.client._engine
        return self.worker.call(lambda: engine.is_live() and engine.receiver.unanswered())

    def until_fresh(self, *sessions: str) -> None:
        """Waits until the server has said how these sessions stand."""
        fresh, call = self.client._engine.receiver.fresh, self.client._runtime.call
        until(
            lambda: call(lambda: all(fresh(SessionId(s)) for s in sessions)), what=f"{sessions} to be heard"
        )

    def held(self, session: str) -> OpenSession:
        """What the engine holds of a session."""
        return self.worker.call(lambda: self.client._engine.local_store.open_sessions[SessionId(session)])

    def left_ms(self, timer: str) -> float | None:
        """How long until a named timer of the engine runs, on its clock; None = it is not set."""
        due = self.worker.call(lambda: self.worker._timers.get(timer))
        return None if due is None else due[0] - self.time.steady_ms()

    def stop_time(self) -> None:
        """Time goes on only when the test skips: a timer that is waited for cannot have run by itself."""
        self.time.stop()
        left_ms = self.left_ms("dial")
        if left_ms is not None:
            self.time.skip(left_ms + _A_LITTLE_MS)

    def skip_to(self, timer: str) -> float:
        """Waits until the engine sets this timer, and skips to it; gives how much was skipped.

        One that is short is sure to be seen only where time was stopped before.
        """
        until(lambda: self.left_ms(timer) is not None, what=f"the timer {timer!r}")
        left = max(self.left_ms(timer) or 0.0, 0.0)
        self.time.skip(left + _A_LITTLE_MS)
        return left

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """The engine is busy with something else for as long as the block lasts."""
        busy, done = threading.Event(), threading.Event()

        def be_busy() -> None:
            busy.set()
            done.wait()

        self.worker.post(be_busy)
        busy.wait()
        try:
            yield
        finally:
            done.set()

    def backlog(self) -> int:
        """How many tasks stand in line."""
        return self.worker._tasks.qsize()

    def backlog_settles(self) -> None:
        """Waits until the line has not grown for a while."""
        seen: list[int] = []

        def settled() -> bool:
            seen.append(self.backlog())
            return len(seen) > 50 and len(set(seen[-50:])) == 1

        until(settled, what="the line to stop growing")

    def silence(self) -> None:
        """Skips for as long as the engine bears silence on its stream, until it opens another one."""
        stream = self.client._engine.listen_stream.stream

        def gave_up() -> bool:
            left_ms = self.left_ms("silence")
            if left_ms is not None:  # set anew by each message that still comes
                self.time.skip(max(left_ms, 0.0))
            return self.client._engine.listen_stream.stream != stream

        until(gave_up, what="silence to be noticed")

    def die(self) -> None:
        """Ends it without flushing: what is on disk is all that is left."""
        self.client.close(0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close(0.0)


class Tokens:
    """Tokens with a number: a dropped one is followed by the next."""

    def __init__(self) -> None:
        self.number = 1

    def peek(self) -> str | None:
        return self.token()

    def token(self) -> str:
        return f"token-{self.number}"

    def lasts_s(self, token: str) -> None:
        return None

    def drop(self, token: str) -> None:
        if token == self.token():
            self.number += 1
