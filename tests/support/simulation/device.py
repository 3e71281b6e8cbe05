"""A device with one app: the real engine on virtual time, a disk that outlives the process, a line."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from dalsegno._core.asking import Ask
from dalsegno._core.messages import RemoteEvent
from dalsegno._core.policies import HIGHEST, LATEST, ON_THIS_DEVICE, Schema
from dalsegno._core.replica import Replica
from dalsegno._core.types import DeviceId, SessionId, Status
from dalsegno._sync.devices.cards import DeviceCard
from dalsegno._sync.sync_engine import SyncEngine
from dalsegno._sync.view_change import Holding, ViewChange
from dalsegno._sync.world import World
from dalsegno.testing._memory_persistence import MemoryStore
from dalsegno.testing._simulated_server import SimulatedServer
from dalsegno.testing._virtual_clock import DeviceTime, DeviceTimers, VirtualClock
from tests.support.simulation.disk import Disk
from tests.support.simulation.network import Line
from tests.support.simulation.sleep import Sleep, SleepyTimers
from tests.support.stores import Died

READING = Schema("reading", 1, {"place": LATEST, "furthest": HIGHEST, "text_size": ON_THIS_DEVICE})


class SimulatedDevice:
    """`engine` is None while no process runs. `died` is called when one dies at a write."""

    def __init__(
        self,
        name: str,
        number: int,
        virtual_clock: VirtualClock,
        server: SimulatedServer,
        *,
        skew_ms: float = 0.0,
        chance: Callable[[], float] | None = None,
    ) -> None:
        self.name, self.id = name, DeviceId(f"{number:016x}")
        self.virtual_clock, self.server, self.skew_ms = virtual_clock, server, skew_ms
        self.store = MemoryStore(self.id)
        self.disk = Disk(self.store)
        self.line = Line(virtual_clock, server)
        self.line.sign_in = str(1_700_000_000 + number)
        self.engine: SyncEngine | None = None
        self.sleep = Sleep()
        self.timers: DeviceTimers = SleepyTimers(virtual_clock, self.run, self.sleep)
        self.time = DeviceTime(virtual_clock, skew_ms)
        self.told: list[ViewChange] = []
        self.statuses: list[Status] = []
        self.died: Callable[[], None] = lambda: None
        self.changed_hook: Callable[[ViewChange], None] = lambda _: None
        self.holder_hook: Callable[[SessionId], None] = lambda _: None
        self.has_jumped = False
        self._chance = chance or random.Random(number).random

    # --- the process ---

    def start(self, *, attach: bool = True) -> None:
        """A new process, on the same disk."""
        assert self.engine is None
        self.timers = SleepyTimers(self.virtual_clock, self.run, self.sleep)
        self.time = DeviceTime(self.virtual_clock, self.skew_ms)
        self.disk = self._disk()
        world = World(self.disk, self.time, self.timers, self._chance)
        card = DeviceCard(self.name, "phone", "linux", "reader")
        self.run(lambda: self._begin(world, card))
        if attach:
            self.attach()

    def _begin(self, world: World, card: DeviceCard) -> None:
        self.engine = SyncEngine(world, self, card)

    def _disk(self) -> Disk:
        disk = Disk(self.store)
        disk.full, disk.wrote, disk.was_full = self.disk.full, self.disk.wrote, self.disk.was_full
        return disk

    def attach(self) -> None:
        """The network stack is loaded."""
        engine = self.engine
        if engine is not None:
            remote = self.line.dial(self._sink(engine))
            self.run(lambda: engine.attach(remote))

    def _sink(self, engine: SyncEngine) -> Callable[[RemoteEvent], None]:
        def sink(event: RemoteEvent) -> None:
            if self.engine is engine:
                self.run(lambda: engine.handle_event(event))

        return sink

    def die(self) -> None:
        """As `kill -9`: nothing more happens; the disk stays as it is."""
        self.engine = None
        self.sleep.end()
        self.timers.end()
        if self.line.remote is not None:
            self.line.remote.die()
        self.store = self.store.reopened()
        self.died()

    def run(self, task: Callable[[], object]) -> None:
        """One task of the process; of one that is frozen, later."""
        if self.sleep.takes(lambda: self.run(task)):
            return
        try:
            task()
        except Died:
            self.die()

    # --- the app ---

    def set_skew(self, skew_ms: float) -> None:
        self.skew_ms = self.time.skew_ms = skew_ms
        self.has_jumped = True

    def open(self, session: str, schema: Schema = READING) -> None:
        self.run(lambda: self._engine.open(SessionId(session), schema) and None)

    def release(self, session: str) -> None:
        self.run(lambda: self._engine.release(SessionId(session)))

    def edit(self, session: str, values: Mapping[str, Any]) -> bool:
        """True: it returned, and so is safe. False: the process died in it."""
        return self.does(lambda engine: engine.edit(SessionId(session), values))

    def does(self, act: Callable[[SyncEngine], object]) -> bool:
        """The same for anything that an app does."""
        done = False

        def task() -> None:
            nonlocal done
            act(self._engine)
            done = True

        self.run(task)
        return done

    def view(self, session: str) -> dict[str, Any]:
        """What the app sees."""
        replica = self.replica(session)
        return {**{n: e.value for n, e in replica.view.items()}, **replica.local}

    def replica(self, session: str) -> Replica:
        return self._engine.local_store.open_sessions[SessionId(session)].replica

    @property
    def _engine(self) -> SyncEngine:
        assert self.engine is not None, f"{self.name} is not running"
        return self.engine

    # --- the engine's observer ---

    def changed(self, change: ViewChange) -> None:
        self.told.append(change)
        self.changed_hook(change)

    def marks_changed(self, session: SessionId) -> None:
        """The witness looks for itself."""

    def holder_changed(self, session: SessionId, holding: Holding | None) -> None:
        self.holder_hook(session)

    def asked(self, session: SessionId, ask: Ask) -> None:
        """Nobody answers."""

    def settled(self) -> None:
        status = self._engine.status()
        if not self.statuses or self.statuses[-1] != status:
            self.statuses.append(status)

    def devices_changed(self) -> None:
        """The witness asks for itself."""

    def recent_changed(self) -> None:
        """Nobody shows them."""
