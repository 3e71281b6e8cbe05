"""How loud this device is: the shared volume, and no louder than somebody here expects.

On the app's thread only. Invariant: a device that takes over is at the most one step louder than it was heard
last; that is its own matter, never written for the others, and over as soon as somebody moves the volume.
"""

from __future__ import annotations

from apps.player.audio.engine import Engine
from apps.player.line import Line

STEP = 0.1


class Loudness:
    """Of one device."""

    def __init__(self, line: Line, engine: Engine) -> None:
        self._line, self._engine = line, engine
        engine.set_volume(line.state.volume)

    @property
    def heard(self) -> float:
        """How loud it is here, which may be less than the shared volume."""
        state = self._line.state
        quieter = self._engine.playing and 0.0 <= state.loudness < state.volume
        return state.loudness if quieter else state.volume

    def begins(self) -> None:
        """This device begins to sound."""
        state = self._line.state
        least = state.loudness + STEP if state.loudness >= 0.0 else 1.0
        self._is_heard(min(state.volume, least))

    def moved(self, volume: float) -> None:
        """Somebody has moved the volume, wherever."""
        self._engine.set_volume(volume)
        if self._engine.playing:
            self._is_heard(volume)

    def _is_heard(self, volume: float) -> None:
        self._engine.set_volume(volume)
        self._line.update(loudness=volume)
