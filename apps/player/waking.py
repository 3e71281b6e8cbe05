"""Was this device away? One that slept or was frozen must look who plays now before it goes on as if it did.

On the app's thread only. Invariants: more time than `GAP_S` never passes between two signs of life (a tick,
or a block that the sound device pulled) without being noticed, once; and then nothing sounds that nobody
pressed before the server has said who plays. After longer sleeps the SDK itself puts the line to rest.
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

    slept_s   how long this device was away
    line      what the shared state said when it was last known to be alive
    """

    began_s: float
    slept_s: float
    line: tuple[str, Playhead]
    resumes: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """`same`: nobody has done anything to what plays;  `resumes`: the sound goes on by itself."""

    same: bool
    resumes: bool


class Waking:
    """What one device may do by itself. `clock` counts seconds, those asleep included."""

    def __init__(
        self, line: Line, engine: Engine, clock: Callable[[], float], tell: Callable[[], None]
    ) -> None:
        """`tell` is called when the sound has ended by itself."""
        self._line, self._engine, self._clock, self._tell = line, engine, clock, tell
        self._look: _Look | None = None
        self._sounded = False
        self._lived_line = line.now
        self.begin()

    def begin(self) -> None:
        """Somebody is using the device right now: there is nothing to wait for."""
        self._last_s = self._clock()
        self._engine.longest_wait_s()
        self._look = None

    def lives(self) -> None:
        """A tick is done: this is how things stood when the device was last known to be alive."""
        self._sounded, self._lived_line = self._engine.playing, self._line.now

    @property
    def looks(self) -> bool:
        """Whether it waits for the server's word: until then it makes no sound by itself."""
        return self._look is not None

    def was_away(self, *, resumes: bool = True) -> bool:
        """Whether this device slept in the middle of its sound: then it is silent now, and looks first."""
        slept_s = self._slept_s()
        if slept_s <= GAP_S or not (self._sounded or self._engine.playing):
            return False
        self._engine.pause()
        self._engine.poll()  # what happened before it slept is to be told of no more
        self._look = _Look(self._clock(), slept_s, self._lived_line, resumes)
        self._line.look()
        self._tell()
        return True

    def _slept_s(self) -> float:
        """Since the last call. An app's thread that is held up while the sound goes on is no sleep."""
        now_s = self._clock()
        away_s, self._last_s = now_s - self._last_s, now_s
        return min(away_s, self._engine.longest_wait_s())

    def has_looked(self) -> Looked | None:
        """The server has said who plays, and it is this device, which is silent; or it says nothing, and
        nobody waits for the sound any more: a line that moves over silence would count as heard. None:
        nothing is to be done. Told once."""
        look = self._look
        if look is None or (not self._line.fresh and self._clock() - look.began_s <= LOOK_S):
            return None
        self._look = None
        if self._engine.playing or not self._line.sounds_here:
            return None
        soon = look.slept_s <= RESUME_S and self._clock() - look.began_s <= LOOK_S
        same = look.line == self._line.now
        return Looked(same, same and soon and look.resumes)
