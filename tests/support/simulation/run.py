"""Runs a schedule: devices with the real engine, a simulated Firestore, and a witness of the invariants.

Replays exactly: everything that happens follows from the schedule. `shrink` leaves events out while it fails.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from dalsegno.core.policies import HIGHEST, LATEST, ON_THIS_DEVICE, Restart, Schema
from dalsegno.core.ports import Fault, Snapshot, Write
from dalsegno.core.wire import decode
from dalsegno.errors import StorageFull
from dalsegno.types import Link, Micros, Saved
from tests.support.simulated_firestore import Fields, ServerStream, SimulatedFirestore
from tests.support.simulation.chance import BadLuck
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.network import Fate, Way
from tests.support.simulation.schedule import SESSIONS, Event, Schedule
from tests.support.simulation.wheel import Wheel
from tests.support.simulation.witness import Failure, Witness

SCHEMA = Schema(
    "reading", 2, {"place": LATEST, "furthest": HIGHEST, "note": LATEST, "text_size": ON_THIS_DEVICE}
)
OLD = Schema("reading", 1, {"place": LATEST, "text_size": ON_THIS_DEVICE})

STEP_MS = 30_000.0
LONGEST_MS = 15 * 60_000.0
"""How long the devices have to agree once all trouble is over: two of the longest waits, and the watchdog."""

MOST_COMMITS = 100
"""What all devices together may have to say once all trouble is over: six, two sessions each, some tries."""

QUIET_MS = 5 * 60_000.0


class Simulation:
    """One run of one schedule. `run` raises `Failure` when something does not hold."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.wheel = Wheel()
        self.server = SimulatedFirestore(self.wheel)
        self.witness = Witness(self.server, SCHEMA)
        self.server.committed = self._committed
        self.devices = [self._device(n) for n in range(len(schedule.household.skews_ms))]
        self._edits = 0
        self._ending = False

    def run(self) -> None:
        try:
            self._run()
        except Failure:
            raise
        except Exception as error:
            raise Failure("broken", f"{type(error).__name__}: {error}") from error

    def _run(self) -> None:
        start_ms = self.wheel.now_ms
        for it in self.devices:
            self._start(it)
        for event in self._schedule.events:
            self.wheel.run(max(start_ms + event.at_ms - self.wheel.now_ms, 0.0))
            self._happen(event)
        self._end()

    # --- the household ---

    def _device(self, number: int) -> SimulatedDevice:
        seed = f"{self._schedule.seed}/{number}"
        household = self._schedule.household
        it = SimulatedDevice(
            f"device {number}",
            number + 1,
            self.wheel,
            self.server,
            skew_ms=household.skews_ms[number],
            chance=random.Random(f"{seed}/engine").random,
        )
        luck = BadLuck(random.Random(f"{seed}/line"), household.troubles[number])
        it.line.choose, it.line.message_ms, it.line.honours_tokens = luck.fate, luck.message_ms, luck.honours
        it.line.called = lambda: self.witness.called(number)
        it.line.sending = lambda writes: self._sending(number, it, writes)
        it.disk.wrote = lambda batch, before: self.witness.wrote(number, it, batch, before)
        it.changed_hook = lambda change: self.witness.changed(number, change)
        it.died = lambda: self.wheel.after(2_000.0, lambda: self._start(it))
        return it

    def _sending(self, number: int, it: SimulatedDevice, writes: Sequence[Write]) -> None:
        self.witness.sending(number, it, writes)

    def _schema(self, it: SimulatedDevice) -> Schema:
        return OLD if self._schedule.household.old[self.devices.index(it)] else SCHEMA

    def _start(self, it: SimulatedDevice) -> None:
        if it.engine is None:
            it.start()
            for session in SESSIONS[: 2 if self._ending else 1]:
                self._open(it, session)

    def _open(self, it: SimulatedDevice, session: str) -> None:
        if it.engine is not None and not self._users(it, session):
            it.open(session, self._schema(it))

    def _users(self, it: SimulatedDevice, session: str) -> int:
        assert it.engine is not None
        held = it.engine.ledger.held.get(session)  # type: ignore[call-overload]
        return held.users if held else 0

    def _committed(self, path: tuple[str, ...], before: Fields | None, after: Fields, now: Micros) -> None:
        if path[0] == "sessions":
            old = decode(Snapshot(path, before, now)) if before else None
            self.witness.committed(path[1], old, decode(Snapshot(path, after, now)))  # type: ignore[arg-type]

    # --- what happens ---

    def _happen(self, event: Event) -> None:
        it = self.devices[event.device]
        if it.engine is not None or event.kind in ("line", "jump"):
            act: Callable[..., Any] = getattr(self, f"_do_{event.kind}")
            act(it, *event.args)

    def _do_edit(self, it: SimulatedDevice, session: str, field: str, number: float, again: bool) -> None:
        if field not in self._schema(it).policies:
            field = "place"
        self._edits += 1
        value: Any = number if field == "furthest" else f"{it.id[-2:]}:{self._edits}"
        wish = Restart(value) if again and field == "furthest" else value
        self._open(it, session)
        if it.engine is None:
            return
        try:
            done = it.edit(session, {field: wish})
        except StorageFull:
            if not it.disk.full:
                raise
            return
        if done:
            self.witness.confirmed(self.devices.index(it), it, session, field, value)

    def _do_open(self, it: SimulatedDevice, session: str) -> None:
        self._open(it, session)

    def _do_close(self, it: SimulatedDevice, session: str) -> None:
        if self._users(it, session):
            it.release(session)

    def _do_line(self, it: SimulatedDevice, way: str) -> None:
        it.line.turn(Way[way])

    def _do_crash(self, it: SimulatedDevice, _: float) -> None:
        it.die()

    def _do_die_at_write(self, it: SimulatedDevice, writes: int, after: bool) -> None:
        setattr(it.disk, "dies_after" if after else "dies_before", it.disk.writes + writes)

    def _do_fill_disk(self, it: SimulatedDevice, for_ms: float) -> None:
        it.disk.full = True

        def free() -> None:
            it.disk.full = False

        self.wheel.after(for_ms, free)

    def _do_jump(self, it: SimulatedDevice, by_ms: float) -> None:
        it.set_skew(max(-86_400_000.0, min(86_400_000.0, it.skew_ms + by_ms)))

    def _do_pause(self, it: SimulatedDevice, for_ms: float) -> None:
        engine = it.engine
        assert engine is not None
        it.run(engine.pause)

        def resume() -> None:
            if it.engine is engine and not self._ending:
                it.run(engine.resume)

        self.wheel.after(for_ms, resume)

    def _do_change_network(self, it: SimulatedDevice) -> None:
        assert it.engine is not None
        it.run(it.engine.network_changed)

    def _do_hurry(self, it: SimulatedDevice) -> None:
        assert it.engine is not None
        it.run(it.engine.hurry)

    def _do_want_recent(self, it: SimulatedDevice) -> None:
        assert it.engine is not None
        it.run(it.engine.want_recent)

    # --- what the server does to a stream ---

    def _stream(self, it: SimulatedDevice) -> ServerStream | None:
        incoming = it.line.remote.stream if it.line.remote else None
        return incoming.side if incoming and incoming.side and incoming.side.open else None

    def _target(self, stream: ServerStream, session: str) -> int:
        paths = {s.target.path: number for number, s in stream.targets.items()}
        return paths.get(("sessions", session), 0)

    def _do_reset_stream(self, it: SimulatedDevice, session: str) -> None:
        if stream := self._stream(it):
            stream.reset(self._target(stream, session))

    def _do_miscount(self, it: SimulatedDevice, session: str, count: int) -> None:
        stream = self._stream(it)
        if stream and not (count == 0 and self.server.get(("sessions", session))):
            stream.count(self._target(stream, session), count)

    def _do_repeat(self, it: SimulatedDevice, session: str, which: float) -> None:
        versions = [v for v in self.server.history if v.path == ("sessions", session)]
        stream = self._stream(it)
        if stream and versions:
            stream.repeat(self._target(stream, session), versions[int(which * len(versions))])

    def _do_end_stream(self, it: SimulatedDevice, code: str) -> None:
        if stream := self._stream(it):
            stream.end(Fault(code))

    def _do_refuse_target(self, it: SimulatedDevice, session: str, code: str) -> None:
        if stream := self._stream(it):
            stream.refuse(self._target(stream, session), code)

    # --- the end ---

    def _end(self) -> None:
        """All trouble is over: everybody is on, and has to agree, and then to be quiet."""
        self._ending = True
        for it in self.devices:
            it.disk.full, it.disk.dies_before, it.disk.dies_after = False, None, None
            it.line.choose, it.line.message_ms = lambda _: Fate(), lambda: 5.0
            it.line.turn(Way.UP)
            self._start(it)
            engine = it.engine
            assert engine is not None
            for session in SESSIONS:
                self._open(it, session)
            it.run(engine.resume)
        self.wheel.run(STEP_MS)
        for it in self.devices:  # what was being refused just then is tried once more on a new connection
            self._do_change_network(it)
        waited_ms, sent = 0.0, self._sent()
        while waited_ms < STEP_MS or (not self._all_well() and waited_ms < LONGEST_MS):
            self.wheel.run(STEP_MS)
            waited_ms += STEP_MS
            if self._sent() - sent > MOST_COMMITS:
                raise Failure("diverged", "commits without end, though nobody edits any more")
        self.witness.at_the_end(self.devices, SESSIONS)
        self._is_quiet()

    def _sent(self) -> int:
        return sum(len(it.line.commits) for it in self.devices)

    def _all_well(self) -> bool:
        found = [it.engine.status() for it in self.devices if it.engine is not None]
        return all(s.link is Link.LIVE and s.saved is Saved.EVERYWHERE for s in found)

    def _is_quiet(self) -> None:
        """8: nothing changed, nothing written, nothing opened."""
        before = self._work()
        self.wheel.run(QUIET_MS)
        if before != self._work():
            raise Failure("broken", f"not quiet: {before} became {self._work()}")

    def _work(self) -> list[tuple[int, int, int]]:
        return [(len(it.line.commits), len(it.line.listens), len(it.line.reads)) for it in self.devices]


def failure(schedule: Schedule) -> Failure | None:
    """How a schedule fails, or None."""
    try:
        Simulation(schedule).run()
    except Failure as found:
        return found
    return None


def shrink(schedule: Schedule, kind: str) -> Schedule:
    """Leaves out as many events as can be left out while it still fails in the same way."""
    events, size = schedule.events, len(schedule.events) // 2
    while size:
        start = 0
        while start < len(events):
            fewer = events[:start] + events[start + size :]
            found = failure(schedule.only(fewer))
            if found is not None and found.kind == kind:
                events = fewer
            else:
                start += size
        size //= 2
    return schedule.only(events)
