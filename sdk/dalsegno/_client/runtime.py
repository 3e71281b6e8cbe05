"""What works for a client: the worker thread, the engine on it, the disk beneath, and the network stack.

A client and its sessions share it. Invariant: nothing in here holds the client, so that one that is dropped
can be noticed; the observer knows it weakly. The network stack is imported on a thread of its own, after the
client is there: an app shows its place from disk before that.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from dalsegno._core.messages import RemoteEvent, Sink
from dalsegno._core.ports import Store
from dalsegno._core.watch_change_aggregator import ListenMessage
from dalsegno._sync.devices.cards import DeviceCard
from dalsegno._sync.sync_engine import SyncEngine
from dalsegno._sync.view_change import Observer
from dalsegno._sync.world import World
from dalsegno._threads.forks import check_not_forked, keep_in_children
from dalsegno._threads.scheduler import Scheduler, TaskLoop

log = logging.getLogger("dalsegno")
T = TypeVar("T")

Dial = Callable[[Sink], Any]
"""Loads the network stack and gives the port `Remote`, which answers to the sink."""

HEAD_START_MS = 100.0
"""The app's first picture comes first: importing grpc keeps the interpreter busy for a second or so."""

ABANDONED_S = 1.0
"""How long a dropped client waits for a flush of the disk that is under way."""


class Upkeep(Protocol):
    """What makes edits survive a power cut, and looks after the local data. Worker thread, but for `join`."""

    def begin(self) -> None: ...

    def edited(self) -> None: ...

    def join(self, timeout_s: float) -> None: ...


class Runtime:
    """Runs from construction to `end`, or to `abandon`."""

    def __init__(
        self,
        store: Store,
        card: DeviceCard,
        dial: Dial,
        upkeep: Callable[[TaskLoop], Upkeep],
        observer: Observer,
        scheduler: Scheduler,
        random: Callable[[], float],
    ) -> None:
        self.store: Store = store
        self.scheduler: Scheduler = scheduler
        self._pid = os.getpid()
        self.worker: TaskLoop = scheduler.worker()
        world = World(store, scheduler.time, self.worker, random)
        try:
            self.engine: SyncEngine = self.worker.call(lambda: SyncEngine(world, observer, card))
        except BaseException:
            self.worker.stop()
            store.close()
            raise
        self.upkeep: Upkeep = upkeep(self.worker)
        self._dialler = dial
        self._remote: Any = None
        self._stopped = False
        keep_in_children(self)

    def begin(self) -> None:
        """The client is whole: the network follows in a moment."""
        self.call(self.upkeep.begin)
        self.call(lambda: self.worker.set("dial", HEAD_START_MS, self._begin_to_dial))

    def call(self, function: Callable[[], T]) -> T:
        """Runs `function` on the worker and gives its result, or raises its error, here.

        Raises Closed after the end; UsageError in a forked child.
        """
        return self.worker.call(function)

    def check_here(self) -> None:
        """Raises UsageError in a forked child."""
        check_not_forked(self._pid)

    @property
    def forked(self) -> bool:
        """Whether this process is a fork of the one that all this works in."""
        return self.worker.forked

    # --- the end ---

    def end(self, timeout_s: float) -> None:
        """Ends the threads and gives the profile back. Called once."""
        self.call(self._stop)
        self.worker.stop()
        if self._remote is not None:
            self._remote.close()
        self.upkeep.join(timeout_s)
        self.store.close()

    def abandon(self) -> None:
        """The client was dropped: the same, as soon as may be. Any thread, at any moment; never waits."""
        if not self._stopped:
            _abandoned.append(self)
            self.worker.post(self._end_alone)

    def _stop(self) -> None:
        self._stopped = True
        self.engine.stop()

    def _end_alone(self) -> None:
        """On the worker, its last task."""
        try:
            self._stop()
            self.worker.stop()
        finally:
            self.upkeep.join(ABANDONED_S)
            self.store.close()
            _abandoned.remove(self)
        if self._remote is not None:
            self._remote.close()

    # --- the network stack ---

    def _begin_to_dial(self) -> None:
        self.scheduler.aside(self._dial, "dalsegno-dial")

    def _dial(self) -> None:
        def sink(event: RemoteEvent) -> None:
            if isinstance(event, ListenMessage):  # on the stream's reader thread: the server can wait
                self.worker.wait_for_room()
            self.worker.post(lambda: self._handle(event))

        try:
            remote = self._dialler(sink)
        except Exception as error:
            log.error("the network stack could not be loaded", exc_info=True)
            reason = f"the network stack could not be loaded: {type(error).__name__}; reinstall grpcio"
            self.worker.post(lambda: self.engine.no_remote(reason))
        else:
            self.worker.post(lambda: self._attach(remote))

    def _handle(self, event: RemoteEvent) -> None:
        if not self._stopped:  # what was on its way then finds nobody
            self.engine.handle_event(event)

    def _attach(self, remote: Any) -> None:
        if self._stopped:
            remote.close()
            return
        self._remote = remote
        self.engine.attach(remote)


_abandoned: list[Runtime] = []


def await_abandoned() -> None:
    """Waits for clients of this process that were dropped just now: their profiles are about to be free."""
    for runtime in list(_abandoned):
        if not runtime.forked:
            runtime.worker.join(2 * ABANDONED_S)
