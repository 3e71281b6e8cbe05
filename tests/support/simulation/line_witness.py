"""What must hold of music on the devices: who sounds, by whose doing, and that no place heard is lost.

Looks at a device whenever it tells something of the session, and every few seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dalsegno._core import clock as clocks
from dalsegno._core import line as lines
from dalsegno._core import ruling
from dalsegno._core.clock import device_of
from dalsegno._core.document import NO_STAMP, Document, StoredSession
from dalsegno._core.lease import FRESH_MS
from dalsegno._core.line import Line
from dalsegno._core.ports import Batch
from dalsegno._core.types import Link, SessionId, Stamp
from dalsegno._sync.open_session import OpenSession
from dalsegno.testing._simulated_server import SimulatedServer
from tests.support.simulation.confirmed import TOLERANCE_MS
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.failure import Failure
from tests.support.simulation.line_history import LineHistory, Place, is_whole, line_in
from tests.support.simulation.network import Way
from tests.support.simulation.on_disk import rows_of
from tests.support.simulation.schedule import MUSIC

ID = SessionId(MUSIC)
LOOK_MS = 2_500.0
BEATS_MS = 2_000.0
"""What was heard for less than this may be lost with a process: how far it was is kept once a second."""
DROWSY_MS = 12_000.0
"""Whoever was frozen for longer is silent afterwards: `leases.ASLEEP_MS`, and a beat."""
BOTH_MS, BOTH_IN_TROUBLE_MS = 5_000.0, 60_000.0
"""How long two devices that are both online may sound: until the take-over is heard; on a bad line, later."""


@dataclass(slots=True)
class Ear:
    """One device as it was last looked at.

    since_ms   since when it sounds like this
    ahead_ms   how far its idea of the server's time is ahead
    asleep_ms  since when it is frozen, if it sounded then
    grave      the place that was heard here when the process died
    """

    line: Line = field(default_factory=dict)
    sounds: bool = False
    since_ms: float = 0.0
    ahead_ms: float = 0.0
    asleep_ms: float | None = None
    grave: Place | None = None
    leases: set[Stamp] = field(default_factory=set)


class LineWitness:
    """Watches the music of one simulation."""

    def __init__(self, server: SimulatedServer, troubles: Sequence[float]) -> None:
        self._server, self._troubles = server, troubles
        self.history = LineHistory(server)
        self._ears = [Ear() for _ in troubles]
        self._acting: tuple[int, str] | None = None
        self._commands: list[float] = []
        self._both_ms = 0.0

    @property
    def _now_ms(self) -> float:
        return self._server.virtual_clock.now_ms

    # --- what people do ---

    @contextmanager
    def person(self, device: int, kind: str) -> Iterator[None]:
        """Somebody does this there: whatever becomes of the line is their will."""
        self._acting = (device, kind)
        try:
            yield
        finally:
            self._acting = None
        if kind == "CONTROL":
            self._commands.append(self._now_ms)

    def opened(self, device: int, it: SimulatedDevice) -> None:
        """What was heard here last is shown, or in a mark."""
        self.look(device, it)
        ear, open_session = self._ears[device], self._open_session(it)
        if ear.grave is None or open_session is None:
            return
        place, ear.grave = ear.grave, None
        covers = place.has(Place.of(lines.values_of(ear.line)))
        if not (covers or it.disk.was_full or self._is_marked(place, open_session)):
            raise Failure("lost", f"device {device} was heard at {place}, died, and shows {ear.line}")

    def closed(self, device: int, it: SimulatedDevice) -> None:
        ear = self._ears[device]
        if it.engine is None:
            return
        if ID in it.engine.local_store.lines.sounding:
            raise Failure("broken", f"device {device} sounds, and the session is closed")
        ear.line, ear.sounds = {}, False

    def died(self, device: int) -> None:
        ear = self._ears[device]
        own_act = self._acting is not None and self._acting[0] == device
        if own_act:
            ear.grave = None
        elif ear.sounds and self._now_ms - ear.since_ms > BEATS_MS:
            ear.grave = Place.heard(ear.line, self._heard_ms(ear))
        ear.line, ear.sounds, ear.asleep_ms = {}, False, None

    def falls_asleep(self, device: int, it: SimulatedDevice) -> None:
        self.look(device, it)
        if self._ears[device].sounds:
            self._ears[device].asleep_ms = self._now_ms

    def woke_up(self, device: int, it: SimulatedDevice) -> None:
        ear = self._ears[device]
        if it.engine is None or ear.asleep_ms is None:
            return
        self.look(device, it)
        if ear.sounds and self._now_ms - ear.asleep_ms > DROWSY_MS:
            raise Failure("broken", f"device {device} slept, and sounds: {ear.line}")
        ear.asleep_ms = None

    def _heard_ms(self, ear: Ear) -> float:
        """Until when, by the device's own idea of the server's time."""
        until_ms = self._now_ms if ear.asleep_ms is None else ear.asleep_ms
        return until_ms + ear.ahead_ms

    # --- a look at a device ---

    def sounds(self, it: SimulatedDevice) -> bool:
        return it.engine is not None and ID in it.engine.local_store.lines.sounding

    def _open_session(self, it: SimulatedDevice) -> OpenSession | None:
        found = it.engine.local_store.open_sessions.get(ID) if it.engine is not None else None
        return found if found is not None and found.users else None

    def look(self, device: int, it: SimulatedDevice) -> None:
        """The line is whole; who begins to sound may; and who is silenced keeps what was heard."""
        open_session = self._open_session(it)
        if open_session is None or it.engine is None:
            return
        ear, line = self._ears[device], ruling.line_of(open_session.replica)
        rows = ruling.own_rows(open_session.replica)
        if any(not row.corrected and row.entry != line.get(name) for name, row in rows.items()):
            return  # whose music it is will be decided once their stamps are true
        is_whole(f"device {device}", line)
        before, was = ear.line, ear.sounds
        if not was or lines.values_of(before) != lines.values_of(line):
            ear.since_ms = self._now_ms
        ear.line, ear.sounds = line, self.sounds(it)
        if self._acting is None or self._acting[0] != device:
            if ear.sounds and not was:
                self._may_begin(device, line)
            if was and not ear.sounds:
                self._may_end(device, ear, before)
            if before and lines.rank(before) != lines.rank(line):
                self._keeps(device, it, open_session, before, was)
        if ear.asleep_ms is None:
            ear.ahead_ms = it.engine.local_store.now_ms() - self._now_ms

    def _may_begin(self, device: int, line: Line) -> None:
        """Nobody's sound starts by itself: somebody else has said so, just now."""
        slow_ms = TOLERANCE_MS if any(self._troubles) else 1_000.0
        fresh = any(self._now_ms - at_ms <= FRESH_MS + slow_ms for at_ms in self._commands)
        if not fresh:
            raise Failure("broken", f"device {device} begins to sound by itself: {line}")

    def _may_end(self, device: int, ear: Ear, before: Line) -> None:
        """By a later lease, a later act, or because it slept."""
        was, now = lines.rank(before), lines.rank(ear.line)
        if now[:2] < was[:2]:
            raise Failure("broken", f"device {device} gave way to an older one: {before} → {ear.line}")
        if now[:2] == was[:2] and ear.asleep_ms is None:
            raise Failure("broken", f"device {device} falls silent by itself: {before} → {ear.line}")

    def _keeps(
        self, device: int, it: SimulatedDevice, open_session: OpenSession, before: Line, was: bool
    ) -> None:
        """2, no place is lost: what was heard here, or is not sent yet, and shows no more, is in a mark."""
        ear, own = self._ears[device], device_of(lines.rank(before)[2]) == it.id
        if not (was or own) or lines.begun(before) == lines.begun(ear.line):
            return
        until_ms = self._heard_ms(ear)
        place = Place.heard(before, until_ms)
        if was and place is not None:
            place = replace(place, from_ms=place.until_ms)
        covers = Place.of(lines.values_of(ear.line))
        if ear.sounds or not was:
            covers = Place.heard(ear.line, until_ms)
        if place is None or place.has(covers) or (self.history.lossy and not was):
            return
        if was and covers is not None and covers.track == place.track and covers.from_ms >= place.from_ms:
            return  # it goes on further on: nothing was heard that is not before that
        same_lease = lines.lease(before) == lines.lease(ear.line)
        if (same_lease or not was) and self.history.was_seen(before, ear.line):
            return
        if not it.disk.was_full:
            self.history.must_be_kept(
                place, f"device {device} was there at {self._now_ms:.0f}: {before} → {ear.line}"
            )

    def _is_marked(self, place: Place, open_session: OpenSession) -> bool:
        here = any(place.has(Place.of(mark.values)) for mark in open_session.shelf.newest_first)
        return here or self.history.is_marked(place)

    # --- the disk ---

    def wrote(
        self,
        device: int,
        it: SimulatedDevice,
        batch: Batch,
        before: Mapping[SessionId, StoredSession | None],
    ) -> None:
        """A new lease is taken by a person, or claimed again by one who sounds."""
        known = {row.field: row for row in rows_of(before.get(ID))}
        for row in batch.pending.get(ID, ()):
            lease, ear = lines.lease(line_in({row.field: row.entry})), self._ears[device]
            if lease == NO_STAMP or device_of(lease) != it.id or lease in ear.leases:
                continue
            before_it = known.get(row.field)
            renamed = before_it is not None and (before_it.seq == row.seq or not before_it.corrected)
            if not renamed and self._acting != (device, "TAKE"):
                self._may_reclaim(device, it, lease)
            ear.leases.add(lease)

    def _may_reclaim(self, device: int, it: SimulatedDevice, lease: Stamp) -> None:
        holder = self.history.holder
        if it.disk.was_full and holder is not None and holder.lease == lease:
            return  # it was taken long ago, and a full disk was not told of it
        others = [holder.lease] if holder is not None else []
        just_after = any(lease == clocks.after(other, 0, it.id) for other in others)
        if not (self._ears[device].sounds and just_after):
            raise Failure("broken", f"device {device} took over by itself: {lease}, the holder is {holder}")
        self.history.reclaimed.add(lease)

    # --- the household ---

    def committed(self, before: Document | None, after: Document) -> None:
        self.history.committed(before, after)

    def listen(self, devices: Sequence[SimulatedDevice]) -> None:
        """Now and then: two that are online do not both sound for long."""
        for device, it in enumerate(devices):
            if not it.sleep.frozen:
                self.look(device, it)
        loud = [device for device, it in enumerate(devices) if self.sounds(it) and not it.sleep.frozen]
        both = [device for device in loud if self._is_online(devices[device])]
        self._both_ms = self._both_ms + LOOK_MS if len(both) > 1 else 0.0
        most_ms = BOTH_IN_TROUBLE_MS if any(self._troubles[device] for device in both) else BOTH_MS
        if self._both_ms > most_ms:
            raise Failure("broken", f"devices {both} sound, all online, for {self._both_ms / 1000:.0f} s")

    def _is_online(self, it: SimulatedDevice) -> bool:
        """And does not wait, after a failure, before it tries to send again."""
        if it.engine is None or it.line.way is not Way.UP or it.engine.uploader.rests(ID):
            return False
        return it.engine.status().link is Link.LIVE

    def agrees(self, devices: Sequence[SimulatedDevice]) -> None:
        """All are online, and all was heard: one sounds at the most, and everybody knows which; not of what
        the server lost, before somebody writes it again."""
        for device, it in enumerate(devices):
            self.look(device, it)
        loud = [device for device, it in enumerate(devices) if self.sounds(it)]
        line, holder = self.history.line, self.history.holder
        if len(loud) > 1:
            raise Failure("diverged", f"devices {loud} sound")
        if self.history.lossy and self.history.document is None:
            return
        if loud and (holder is None or holder.device != devices[loud[0]].id or not lines.moving(line)):
            raise Failure("diverged", f"device {loud[0]} sounds, the holder is {holder} of {line}")
        by = {it.id: it for it in devices if self._open_session(it) is not None}
        if not loud and lines.moving(line) and lines.held_by(line) in by:
            raise Failure("diverged", f"nobody sounds, and the line moves: {line}, {holder}")
        for device, it in enumerate(devices):
            if self._open_session(it) is None or it.engine is None:
                continue
            found = it.engine.leases.holding(ID)
            active = found.device if found is not None and found.active else None
            if active != (devices[loud[0]].id if loud else None):
                raise Failure("diverged", f"device {device} says {found}, and {loud} sound, {line}")
