"""Runs a schedule: devices with the real engine, a simulated Firestore, and a witness of the invariants.

Replays exactly: everything that happens follows from the schedule. `shrink` leaves events out while it fails.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from dalsegno._core import line as lines
from dalsegno._core.document import StoredSession
from dalsegno._core.document_serializer import decode
from dalsegno._core.lease import RENEW_MS
from dalsegno._core.messages import Snapshot, Write
from dalsegno._core.ports import Batch
from dalsegno._core.types import Link, Micros, Saved, SessionId
from dalsegno._sync.devices.lease import BEAT_MS
from dalsegno._sync.view_change import ViewChange
from dalsegno._sync.way_back import LATER_MS
from dalsegno.testing._simulated_rules import Fields
from dalsegno.testing._simulated_server import SimulatedServer
from dalsegno.testing._virtual_clock import VirtualClock
from tests.support.simulation.chance import BadLuck
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.failure import Failure
from tests.support.simulation.line_witness import LOOK_MS, LineWitness
from tests.support.simulation.music import MusicActs
from tests.support.simulation.network import Fate, Way
from tests.support.simulation.schedule import MUSIC, SESSIONS, Schedule
from tests.support.simulation.versions import FieldPolicies
from tests.support.simulation.witness import Witness

STEP_MS = 30_000.0
LONGEST_MS = 15 * 60_000.0
"""How long the devices have to agree once all trouble is over: two of the longest waits, and the watchdog."""

MOST_COMMITS = 100
"""What all devices together may have to say once all trouble is over: six, two sessions each, some tries."""

SOON_MS = 3_000.0
QUIET_MS = 5 * 60_000.0

ERASED = 4
"""Of so many schedules one ends with an administrator who erases everything."""


class Simulation(MusicActs):
    """One run of one schedule. `run` raises `Failure` when something does not hold."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.virtual_clock = VirtualClock()
        self.server = SimulatedServer(self.virtual_clock)
        self.versions = list(schedule.household.versions)
        self.witness = Witness(self.server, FieldPolicies(self.versions), len(self.versions))
        self.line_witness = LineWitness(self.server, schedule.household.troubles)
        self.listening, self._away_until_ms = set(), {}
        self.server.committed = self._committed
        self._refused = Counter()
        self.server.rules = self._rules
        self._found: Failure | None = None
        self.devices = [self._device(n) for n in range(len(schedule.household.skews_ms))]

    def run(self) -> None:
        try:
            self._run()
        except Failure:
            raise
        except Exception as error:
            raise Failure("broken", f"{type(error).__name__}: {error}") from error

    def _run(self) -> None:
        start_ms = self.virtual_clock.now_ms
        for it in self.devices:
            self._start(it)
        if self._schedule.has_music:
            self._listen()
        for event in self._schedule.events:
            self.virtual_clock.run(max(start_ms + event.at_ms - self.virtual_clock.now_ms, 0.0))
            self._happen(event)
            self._tell()
        self._end()
        self._tell()

    def _tell(self) -> None:
        if self._found is not None:
            raise self._found

    def _listen(self) -> None:
        """Every few seconds, to whoever sounds."""
        self.line_witness.listen(self.devices)
        self.virtual_clock.after(LOOK_MS, self._listen)

    # --- the household ---

    def _device(self, number: int) -> SimulatedDevice:
        seed = f"{self._schedule.seed}/{number}"
        household = self._schedule.household
        it = SimulatedDevice(
            f"device {number}",
            number + 1,
            self.virtual_clock,
            self.server,
            skew_ms=household.skews_ms[number],
            chance=random.Random(f"{seed}/engine").random,
        )
        luck = BadLuck(random.Random(f"{seed}/line"), household.troubles[number])
        it.line.choose, it.line.message_ms, it.line.honours_tokens = luck.fate, luck.message_ms, luck.honours
        most_ms = household.lasts_ms[number]
        tokens = random.Random(f"{seed}/tokens")
        it.line.lasts_ms = lambda: tokens.uniform(0.0, most_ms) if most_ms and not self._ending else None
        it.line.called = lambda: self.witness.called(number, it)
        it.line.sending = lambda writes: self._sending(number, it, writes)
        it.disk.wrote = lambda batch, before: self._wrote(number, it, batch, before)
        it.changed_hook = lambda change: self._in_app(lambda: self._changed(number, it, change))
        it.holder_hook = lambda _: self._in_app(lambda: self.line_witness.look(number, it))
        it.died = lambda: self._died(number, it)
        return it

    def _wrote(
        self, number: int, it: SimulatedDevice, batch: Batch, before: dict[SessionId, StoredSession | None]
    ) -> None:
        self.witness.wrote(number, it, batch, before)
        self.line_witness.wrote(number, it, batch, before)

    def _died(self, number: int, it: SimulatedDevice) -> None:
        self.line_witness.died(number)
        away_ms = self._away_until_ms.pop(number, 0.0) - self.virtual_clock.now_ms
        self.virtual_clock.after(max(away_ms, 2_000.0), lambda: self._start(it))

    def _changed(self, number: int, it: SimulatedDevice, change: ViewChange) -> None:
        self.witness.changed(number, change)
        if change.session == MUSIC:
            self.line_witness.look(number, it)

    def _in_app(self, check: Callable[[], None]) -> None:
        """What fails in an app's callback harms only the app: so it is kept, and raised by the simulation."""
        try:
            check()
        except Failure as found:
            self._found = self._found or found

    def _sending(self, number: int, it: SimulatedDevice, writes: Sequence[Write]) -> None:
        self.witness.sending(number, it, writes)

    def _start(self, it: SimulatedDevice) -> None:
        if it.engine is None:
            it.start()
            for session in SESSIONS[: 2 if self._ending else 1]:
                self._open(it, session)
            if self.devices.index(it) in self.listening:
                self._listens(it)

    def _committed(self, path: tuple[str, ...], before: Fields | None, after: Fields, now: Micros) -> None:
        if path[0] == "sessions" and len(path) == 2:
            old = decode(Snapshot(path, before, now)) if before else None
            new = decode(Snapshot(path, after, now))
            self.witness.committed(path[1], old, new)  # type: ignore[arg-type]
            if path[1] == MUSIC:
                self.line_witness.committed(old, new)  # type: ignore[arg-type]

    # --- the end ---

    def _end(self) -> None:
        """All trouble is over: everybody is on, and has to agree, and then to be quiet."""
        self._ending = True
        self._refused.clear()
        for it in self.devices:
            it.disk.full, it.disk.dies_before, it.disk.dies_after = False, None, None
            it.line.choose, it.line.message_ms = lambda _: Fate(), lambda: 5.0
            it.line.turn(Way.UP)
            self._wake(it)
            self._start(it)
            engine = it.engine
            assert engine is not None
            for session in SESSIONS:
                self._open(it, session)
            if self._schedule.has_music:
                self._listens(it)
            it.run(engine.resume)
        self.virtual_clock.run(STEP_MS)
        self._sign_all_in()
        for it in self.devices:  # what was being refused just then is tried once more on a new connection
            self._do_change_network(it)
        waited_ms, sent = 0.0, self._sent()
        while waited_ms < STEP_MS or (not self._all_well() and waited_ms < LONGEST_MS):
            self.virtual_clock.run(STEP_MS)
            waited_ms += STEP_MS
            if self._sent() - sent > MOST_COMMITS:
                raise Failure("diverged", "commits without end, though nobody edits any more")
        self.witness.at_the_end(self.devices, SESSIONS)
        self.witness.sees_all_devices(self.devices)
        if self._schedule.has_music:
            self._music_ends()
        self._is_quiet()
        self._agrees_soon()
        if self._schedule.seed % ERASED == 0:
            self._is_erased()
            self.witness.at_the_end(self.devices, SESSIONS)

    def _agrees_soon(self) -> None:
        """All edit at once; 3 s after that all outboxes are empty, all read the same, and nobody commits."""
        for it in self.devices:
            for session in SESSIONS:
                for field in ("furthest", "note"):
                    self._do_edit(it, session, field, self.devices.index(it) / 10, False)
        self.virtual_clock.run(SOON_MS)
        self.witness.at_the_end(self.devices, SESSIONS)
        self.virtual_clock.run(LATER_MS)  # marks that may wait have waited
        self._is_quiet()

    def _music_ends(self) -> None:
        """Whoever sounds goes on, saying so now and then; 3 s after a press, or a pause, all agree."""
        witness = self.line_witness
        witness.agrees(self.devices)
        sent = self._sent()
        self.virtual_clock.run(QUIET_MS)
        if self._sent() - sent > QUIET_MS // RENEW_MS + 1:
            raise Failure("broken", f"{self._sent() - sent} commits of music that plays on")
        witness.agrees(self.devices)
        listeners = [it for it in self.devices if self._schema(it, MUSIC) is not None]
        for it in listeners[-1:]:
            self._do_play(it, "t1", 1.0)
            self.virtual_clock.run(SOON_MS)
            witness.agrees(self.devices)
            if not witness.sounds(it):
                raise Failure("diverged", f"{it.name} was pressed, and is silent")
        for it in listeners[:1]:
            self._do_rest(it)
            self.virtual_clock.run(SOON_MS)
            witness.agrees(self.devices)
            if lines.moving(witness.history.line):
                raise Failure("diverged", f"it was paused by {it.name}, and plays")
        self.witness.at_the_end(self.devices, [MUSIC])
        self.virtual_clock.run(LATER_MS)
        witness.history.nothing_was_passed_over()

    def _sign_all_in(self) -> None:
        """Who was thrown out knows it, keeps everything, and goes on with it once signed in again."""
        for it in self.devices:
            self._do_change_network(it)
        self.virtual_clock.run(STEP_MS)
        self.witness.knows_who_is_out(self.devices)
        for it in self.devices:
            assert it.engine is not None
            if it.engine.status().signed_out:
                self._do_sign_in(it)
        self.virtual_clock.run(STEP_MS)

    def _is_erased(self) -> None:
        """What an administrator erases is not written again by itself; the next edit brings it back whole."""
        seen, sent = self._views(), self._work()
        for session in SESSIONS:
            self._do_delete(self.devices[0], session)
        self.virtual_clock.run(QUIET_MS)
        if (seen, sent) != (self._views(), self._work()):
            raise Failure("broken", f"erased: {seen}, {sent} became {self._views()}, {self._work()}")
        for session in SESSIONS:
            self._do_edit(self.devices[0], session, "place", 0.0, False)
        self.virtual_clock.run(STEP_MS + LATER_MS)

    def _views(self) -> list[dict[str, Any]]:
        return [it.view(session) for it in self.devices for session in SESSIONS]

    def _sent(self) -> int:
        return sum(self._commits(it) for it in self.devices)

    def _commits(self, it: SimulatedDevice) -> int:
        """Without the signs of life."""
        return sum(any(w.path[0] != "devices" for w in writes) for _, writes in it.line.commits)

    def _all_well(self) -> bool:
        found = [it.engine.status() for it in self.devices if it.engine is not None]
        return all(s.link is Link.LIVE and s.saved is Saved.EVERYWHERE for s in found)

    def _is_quiet(self) -> None:
        """8: nothing changed, nothing written, nothing opened, but for a sign of life now and then."""
        before, beats = self._work(), self._beats()
        self.virtual_clock.run(QUIET_MS)
        if before != self._work():
            raise Failure("broken", f"not quiet: {before} became {self._work()}")
        most = QUIET_MS // BEAT_MS + 1
        if any(after - begun > most for begun, after in zip(beats, self._beats(), strict=True)):
            raise Failure("broken", f"too many signs of life: {beats} became {self._beats()}")

    def _work(self) -> list[tuple[int, int, int]]:
        return [(self._commits(it), len(it.line.listens), len(it.line.reads)) for it in self.devices]

    def _beats(self) -> list[int]:
        return [len(it.line.commits) - self._commits(it) for it in self.devices]


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
