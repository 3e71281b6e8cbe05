"""A Firestore in this process for real clients: no network, no emulator, no waiting.

    cloud = SimulatedFirestore()                # clients on threads of their own, at the machine's time
    phone = cloud.client(home, "phone")

    clock = VirtualClock()
    cloud = SimulatedFirestore(clock)           # no threads: a test for which an hour takes no time
    phone, laptop = cloud.client(home, "phone"), cloud.client(home, "laptop")
    phone.open("moby", Reading).update(page=3)
    clock.run(1_000)                            # and everybody has heard
    cloud.reachable = False                     # a tunnel

`SimulatedServer` behind a lock.
"""

from __future__ import annotations

import copy
import functools
import threading
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dalsegno._client.client import Client
from dalsegno._client.runtime import await_abandoned
from dalsegno._core.messages import (
    CommitFailed,
    Committed,
    ReadDone,
    ReadFailed,
    RpcError,
    SignInKnown,
    Sink,
    StreamEnded,
    Target,
    Write,
)
from dalsegno._core.messages import ResourcePath as DocumentPath
from dalsegno._core.ports import Time
from dalsegno._errors import UsageError
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno._persistence.upkeep import Upkeep
from dalsegno._sync.devices.cards import DeviceCard
from dalsegno._threads.delivery import Deliver
from dalsegno._threads.scheduler import ThreadScheduler
from dalsegno.testing._simulated_rules import Fields, refusal
from dalsegno.testing._simulated_server import Rejected, ServerStream, SimulatedServer
from dalsegno.testing._virtual_clock import VirtualClock
from dalsegno.testing._virtual_scheduler import NoUpkeep, VirtualScheduler

GONE = RpcError("UNAVAILABLE", "no route to host")


class SimulatedFirestore:
    """One user's documents. Any thread.

    virtual_clock   what its clients go by, and all that happens happens while it runs, or while something of
                    theirs waits (`flush`, `wait_saved`, `changes`, `close`, a future's `result`): on the
                    test's own thread. Chance is none: every backoff takes its middle.
                    `dalsegno.asyncio` needs real threads. Default: the machine's time
    """

    def __init__(self, virtual_clock: VirtualClock | None = None) -> None:
        self._lock = threading.RLock()
        self._is_virtual = virtual_clock is not None
        self._virtual_clock = virtual_clock or VirtualClock()
        self._server = SimulatedServer(self._virtual_clock)
        self._reachable = True
        self.commits = 0
        """Those of sessions."""

    def client(
        self,
        home: Path | str,
        name: str,
        *,
        deliver: Deliver | None = None,
        reachable: bool = True,
        time: Time | None = None,
        skew_ms: float = 0.0,
    ) -> Client:
        """A device's client; its store is `home/name`: the same again is the device after a restart.

        deliver    as for `connect`
        reachable  False: from now on nobody reaches the server, this device or another
        time       other clocks than the machine's; not with a virtual clock
        skew_ms    how far the device's wall clock is ahead of the virtual one; not without

        Raises UsageError: a clock that does not go with this server; what `connect` raises for local data.
        """
        if self._is_virtual and time is not None:
            raise UsageError(
                "time=… is for the machine's time: on a virtual clock skew_ms=… makes a clock wrong"
            )
        if not self._is_virtual and skew_ms:
            raise UsageError(
                "skew_ms=… is for clients on a virtual clock: SimulatedFirestore(VirtualClock())"
            )
        if not reachable:
            self.reachable = False
        await_abandoned()
        store = SqliteStore.open(Path(home) / name, "alice")
        card = DeviceCard(name, "phone", "linux", "test")
        sign_in = str(zlib.crc32(name.encode()))

        def dial(sink: Sink) -> SimulatedRemote:
            return SimulatedRemote(self, sink, sign_in)

        if self._is_virtual:
            scheduler = VirtualScheduler(self._virtual_clock, skew_ms)
            return Client(store, lambda _: NoUpkeep(), card, dial, deliver, scheduler, lambda: 0.5)
        return Client(store, functools.partial(Upkeep, store), card, dial, deliver, ThreadScheduler(time))

    @property
    def reachable(self) -> bool:
        return self._reachable

    @reachable.setter
    def reachable(self, reachable: bool) -> None:
        with self._lock:
            self._reachable = reachable
            for stream in [] if reachable else list(self._server.streams):
                stream.end(GONE)

    def session(self, name: str) -> Fields | None:
        """A copy of a session's document as the server has it: `state` holds the fields' values, the rest is
        what merges them. None = there is none."""
        with self._lock:
            found = self._server.get(("sessions", name))
            return None if found is None else copy.deepcopy(found.fields)

    def put(self, name: str, fields: Fields | None) -> None:
        """Sets a session's whole document, as an administrator would; None deletes it.

        To set a field by hand: `session(name)`, change its `state`, and put it back.
        """
        with self.now() as server:
            server.put((("sessions", name), copy.deepcopy(fields)))

    def refuse(self, why: str) -> None:
        """The rules refuse every write of a session, with these words in the log, until `allow`."""
        with self._lock:
            self._server.rules = lambda path, *_: why if path[0] == "sessions" else ""

    def allow(self) -> None:
        """The project's own rules hold again."""
        with self._lock:
            self._server.rules = refusal

    def now(self) -> _Turn:
        """The server itself, at the present time, for the one thread that is in the `with` block."""
        return _Turn(self._lock, self._virtual_clock, self._server, keeps_time=self._is_virtual)


class _Turn:
    """The server for one thread, at the present time."""

    def __init__(
        self, lock: Any, virtual_clock: VirtualClock, server: SimulatedServer, *, keeps_time: bool
    ) -> None:
        self._lock, self._virtual_clock, self._server = lock, virtual_clock, server
        self._keeps_time = keeps_time

    def __enter__(self) -> SimulatedServer:
        self._lock.acquire()
        if not self._keeps_time:
            self._virtual_clock.now_ms = time.time() * 1000
        return self._server

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class SimulatedRemote:
    """The port `Remote` on a `SimulatedFirestore`; `sign_in`: under which the device works."""

    def __init__(self, cloud: SimulatedFirestore, sink: Sink, sign_in: str) -> None:
        self._cloud, self._sink, self._sign_in = cloud, sink, sign_in
        self._stream: ServerStream | None = None

    def listen(self, stream: int, targets: Sequence[Target]) -> None:
        self.hang_up()
        self.identify()
        with self._cloud.now() as server:
            if self._cloud.reachable:
                self._stream = server.listen(stream, targets, self._sink, sign_in=self._sign_in)
            else:
                self._sink(StreamEnded(stream, GONE))

    def add_target(self, target: Target) -> None:
        with self._cloud.now():
            if self._stream is not None and self._stream.open:
                self._stream.add(target)

    def remove_target(self, target: int) -> None:
        with self._cloud.now():
            if self._stream is not None and self._stream.open:
                self._stream.remove(target)

    def hang_up(self) -> None:
        with self._cloud.now():
            if self._stream is not None:
                self._stream.close()
                self._stream = None

    def commit(self, ticket: int, writes: Sequence[Write]) -> None:
        with self._cloud.now() as server:
            if not self._cloud.reachable:
                self._sink(CommitFailed(ticket, GONE))
                return
            self._cloud.commits += writes[0].path[0] == "sessions"
            try:
                done = server.commit(writes, self._sign_in)
            except Rejected as rejected:
                self._sink(CommitFailed(ticket, rejected.fault))
            else:
                self._sink(Committed(ticket, done, done))

    def read(self, ticket: int, path: DocumentPath) -> None:
        with self._cloud.now() as server:
            if not self._cloud.reachable:
                self._sink(ReadFailed(ticket, GONE))
                return
            try:
                self._sink(ReadDone(ticket, server.read(path, self._sign_in), server.time()))
            except Rejected as rejected:
                self._sink(ReadFailed(ticket, rejected.fault))

    def drop_token(self) -> None:
        pass

    def identify(self) -> None:
        self._sink(SignInKnown(self._sign_in))

    def reset_channel(self) -> None:
        pass

    def close(self) -> None:
        self.hang_up()
