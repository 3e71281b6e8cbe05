"""Was this device away? One that slept or was frozen must look who plays now before it goes on as if it did.

On the app's thread only. Invariants: more time than `GAP_S` never passes between two signs of life (a tick,
or a block that the sound device pulled) without being noticed, once; and then nothing that nobody pressed is
written before the server has said who plays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.player.audio.engine import Engine
from apps.player.line import Line
from dalsegno import Playhead

GAP_S = 3.0  # ten ticks a second: a busy device is late by one, not by two; and nobody wakes so soon
RESUME_S = 10.0  # after a longer sleep whoever listened is not there any more
LOOK_S = 5.0  # sound that comes later than this comes out of nowhere


@dataclass(frozen=True, slots=True)
class _Look:
    """Waiting for the server's word on who plays.

    slept_s   how long this device was away; None: it makes no sound by itself, as after a start
    line      what the shared state said when it was last known to be alive
    """

    began_s: float
    slept_s: float | None = None
    line: tuple[str, Playhead] | None = None


class Waking:
    """What one device may do by itself. `clock` counts seconds, those asleep included."""

    def __init__(
        self, line: Line, engine: Engine, clock: Callable[[], float], tell: Callable[[], None]
    ) -> None:
        """`tell` is called when the sound has ended by itself."""
        self._line, self._engine, self._clock, self._tell = line, engine, clock, tell
        self._look: _Look | None = None
        self._seen = _Look(clock())  # the one that has just been answered
        self._sounded = self._was_mine = False
        self._lived_line = line.now
        self.begin()

    def begin(self) -> None:
        """Somebody is using the device right now: there is nothing to wait for."""
        self._last_s = self._clock()
        self._engine.longest_wait_s()
        self._look = None

    def lives(self) -> None:
        """A tick is done: this is how things stood when the device was last known to be alive."""
        self._sounded, self._was_mine = self._engine.playing, self._line.is_mine
        self._lived_line = self._line.now

    def was_away(self, *, resumes: bool = True) -> bool:
        """Whether this device slept in the middle of its sound: then it is silent now, and looks first."""
        slept_s = self._slept_s()
        if slept_s <= GAP_S or not (self._sounded or self._engine.playing):
            return False
        self._engine.pause()
        self._engine.poll()  # what happened before it slept is to be told of no more
        self._look = _Look(self._clock(), slept_s if resumes else None, self._lived_line)
        self._line.look()
        self._tell()
        if self._engine.track == self._line.state.track:
            self._line.note_heard(self._engine.position_ms)  # last: a full disk must not keep it from looking
        return True

    def _slept_s(self) -> float:
        """Since the last call. An app's thread that is held up while the sound goes on is no sleep."""
        now_s = self._clock()
        away_s, self._last_s = now_s - self._last_s, now_s
        return min(away_s, self._engine.longest_wait_s())

    def look(self) -> None:
        """The device is connected: what a crash left in the shared state is to be put right, once it is known
        that it still stands there.
        """
        if self._look is None and not self._engine.playing:
            self._look = _Look(self._clock())

    def must_settle(self) -> bool:
        """The server has said who plays: this device, which is silent. True once."""
        if self._look is None or not self._line.fresh:
            return False
        self._seen, self._look = self._look, None
        return not self._engine.playing and self._line.is_mine and self._line.state.playhead.moving

    def may_resume(self) -> bool:
        """Whether the sound goes on by itself: to be asked when it must settle."""
        look = self._seen
        if look.slept_s is None or look.line != self._line.now:
            return False
        return look.slept_s <= RESUME_S and self._clock() - look.began_s <= LOOK_S

    def give_way(self) -> None:
        """Another device has pressed play: its word may be known before anybody was told of it."""
        if self._engine.playing and self._was_mine and not self._line.is_mine:
            self._engine.pause()
            self._tell()
