"""What a household does with music: `_do_<kind>` for each kind of `schedule.LINES`."""

from __future__ import annotations

from collections.abc import Mapping

from dalsegno._core import line as lines
from dalsegno._core import ruling
from dalsegno._core.line import Step
from dalsegno._core.playhead import Playhead
from dalsegno._core.policies import HELD
from dalsegno._core.types import SessionId
from dalsegno._core.wishes import Kept, Wish
from dalsegno._errors import StorageFull
from tests.support.simulation.acts import Acts
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.schedule import MUSIC

ID = SessionId(MUSIC)
BEGINS: Mapping[str, Wish] = {"track": Kept(""), "playhead": Kept(Playhead().to_value()), "chapter": Kept(0)}
"""What the fields of the line are as long as nobody has written them."""


class MusicActs(Acts):
    """The part of the household that is about music."""

    listening: set[int]
    """The devices whose app has the session open, or opens it at its next start."""
    _away_until_ms: dict[int, float]

    # --- the app ---

    def _listens(self, it: SimulatedDevice) -> bool:
        """Opens the session; False: this version of the app has none, or it runs no more."""
        number = self.devices.index(it)
        if it.engine is None or self._schema(it, MUSIC) is None:
            return False
        self.listening.add(number)
        if not self._users(it, MUSIC):
            self._open(it, MUSIC)
            self.line_witness.opened(number, it)
        return it.engine is not None

    def _do_listen(self, it: SimulatedDevice) -> None:
        self._listens(it)

    def _do_stop_listening(self, it: SimulatedDevice) -> None:
        number = self.devices.index(it)
        self.listening.discard(number)
        if self._users(it, MUSIC):
            with self.line_witness.person(number, "close"):
                it.release(MUSIC)
            self.line_witness.closed(number, it)

    # --- its user ---

    def _do_play(self, it: SimulatedDevice, track: str, at_s: float) -> None:
        """Here: of what stands there, or of this track."""
        if not self._listens(it):
            return
        place: dict[str, Wish] = {"track": track} if track else {}
        if track or not lines.moving(self._line(it)):
            place["playhead"] = self._moving(it, at_s * 1e3 if track else self._position_ms(it))
        self._steps(it, place, Step.TAKE)

    def _do_rest(self, it: SimulatedDevice) -> None:
        """Whoever plays it: here it is given back, elsewhere it is remote control."""
        if not self._listens(it):
            return
        assert it.engine is not None
        holding = it.engine.leases.holding(ID)
        if holding is not None and holding.here:
            self._steps(it, {}, Step.RELEASE)
        elif holding is not None:
            head = Playhead.paused_from(self._position_ms(it), int(it.engine.local_store.now_ms()))
            self._steps(it, {"playhead": head.to_value()}, Step.CONTROL)

    def _do_play_on(self, it: SimulatedDevice) -> None:
        """Remote control, of a device that rests."""
        if not self._listens(it):
            return
        assert it.engine is not None
        holding = it.engine.leases.holding(ID)
        if holding is not None and not holding.here and not holding.active:
            self._steps(it, {"playhead": self._moving(it, self._position_ms(it))}, Step.CONTROL)

    def _do_skip(self, it: SimulatedDevice, track: str) -> None:
        if self._listens(it) and lines.held_by(self._line(it)) is not None:
            self._steps(it, {"track": track, "playhead": self._moving(it, 0.0)}, Step.CONTROL)

    def _do_next_track(self, it: SimulatedDevice, track: str) -> None:
        """It begins by itself, where one was heard to its end."""
        if self._listens(it) and self.line_witness.sounds(it):
            self._steps(it, {"track": track, "playhead": self._moving(it, 0.0)}, Step.GO_ON)

    def _do_volume(self, it: SimulatedDevice) -> None:
        """A field of the same session that is not of the line."""
        if self._listens(it):
            self._do_edit(it, MUSIC, "volume", self._edits / 100, False)

    def _steps(self, it: SimulatedDevice, values: Mapping[str, Wish], step: Step) -> None:
        schema, number = self._schema(it, MUSIC), self.devices.index(it)
        assert schema is not None
        whole = {**{n: w for n, w in BEGINS.items() if schema.policies.get(n) is HELD}, **values}
        with self.line_witness.person(number, step.name):
            try:
                it.does(lambda engine: engine.edit(ID, whole, step=step))
            except StorageFull:
                if not it.disk.full:
                    raise
            self.line_witness.look(number, it)

    def _line(self, it: SimulatedDevice) -> lines.Line:
        return ruling.line_of(it.replica(MUSIC))

    def _position_ms(self, it: SimulatedDevice) -> float:
        """Where the music is, as this device shows it."""
        assert it.engine is not None
        alive_ms = it.engine.local_store.lines.alive_ms(it.replica(MUSIC))
        entry = lines.settled(self._line(it), alive_ms).get("playhead")
        head = lines.playhead(entry.value) if entry is not None else None
        return head.position if head is not None else 0.0

    def _moving(self, it: SimulatedDevice, position_ms: float) -> Wish:
        assert it.engine is not None
        return Playhead.playing_from(position_ms, int(it.engine.local_store.now_ms())).to_value()

    # --- the device ---

    def _do_sleep(self, it: SimulatedDevice, for_ms: float) -> None:
        """The process is frozen, and wakes by itself."""
        engine, number = it.engine, self.devices.index(it)
        self.line_witness.falls_asleep(number, it)
        it.sleep.frozen = True
        self.virtual_clock.after(for_ms, lambda: self._wake(it) if it.engine is engine else None)

    def _wake(self, it: SimulatedDevice) -> None:
        if it.sleep.frozen:
            it.sleep.wake()
            self.line_witness.woke_up(self.devices.index(it), it)

    def _do_vanish(self, it: SimulatedDevice, for_ms: float) -> None:
        """It dies, and does not come back soon."""
        self._away_until_ms[self.devices.index(it)] = self.virtual_clock.now_ms + for_ms
        it.die()
