"""A place that moves by itself: where playback stands, without a write for every tick.

Pure: any thread. Invariant: a playhead says the same position to everyone who asks about the same moment, so
a device writes one only when the movement itself changes (play, pause, seek, another rate), never in between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

POSITION_LIMIT_MS = 10 * 366 * 24 * 3_600_000  # ten years: nothing that is played is longer
RATE_LIMIT = 100.0
AT_LIMIT_MS = 253_402_300_800_000  # the year 10000, where Firestore's timestamps end


@dataclass(frozen=True, slots=True)
class Playhead:
    """At server time `at` (ms since 1970) playback stood at `position` (ms, fractions too), moving at `rate`.

    A `rate` of 0 is paused, 1 is normal speed. Raises ValueError for values that no player can have.
    """

    position: float = 0.0
    rate: float = 0.0
    at: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", _number("position", self.position, POSITION_LIMIT_MS))
        object.__setattr__(self, "rate", _number("rate", self.rate, RATE_LIMIT))
        at = _number("at", self.at, AT_LIMIT_MS)
        if not at.is_integer():
            raise ValueError(f"playhead.at must be whole milliseconds, not {self.at!r}")
        object.__setattr__(self, "at", int(at))

    @classmethod
    def paused_from(cls, position_ms: float, now_ms: int) -> Playhead:
        """Standing still at `position_ms`."""
        return cls(position_ms, 0.0, now_ms)

    @classmethod
    def playing_from(cls, position_ms: float, now_ms: int, rate: float = 1.0) -> Playhead:
        """Moving from `position_ms` on, since `now_ms` (server time)."""
        return cls(position_ms, rate, now_ms)

    @property
    def moving(self) -> bool:
        return self.rate > 0.0

    def position_at(self, now_ms: float, duration_ms: float | None = None) -> float:
        """The position in ms at server time `now_ms`; never before the written one, never past `duration_ms`.

        A `now_ms` before `at` (the clocks of two devices differ a little) counts as `at`: nothing jumps back.
        """
        elapsed_ms = max(0.0, now_ms - self.at)
        position_ms = min(self.position + elapsed_ms * self.rate, float(POSITION_LIMIT_MS))
        return position_ms if duration_ms is None else min(position_ms, max(0.0, duration_ms))

    def paused_at(self, now_ms: int, duration_ms: float | None = None) -> Playhead:
        """The same playhead, stopped at `now_ms` where it then stands."""
        return Playhead(self.position_at(now_ms, duration_ms), 0.0, max(now_ms, self.at))

    def to_value(self) -> dict[str, float | int]:
        """As a Firestore value: `{"position": ms, "rate": 1.0, "at": ms}`."""
        return {"position": self.position, "rate": self.rate, "at": self.at}

    @classmethod
    def from_value(cls, value: object) -> Playhead:
        """Reads what `to_value` wrote, here or in another language; keys it does not know are passed over.

        The position is what matters: if it does not say how it moves, or since when, it stands still there.
        Raises ValueError: no map, or no position in it.
        """
        if not isinstance(value, Mapping):
            raise ValueError(f"a playhead is a map of position, rate and at, not {type(value).__name__}")
        if "position" not in value:
            raise ValueError("a playhead needs a position")
        position = _number("position", value["position"], POSITION_LIMIT_MS)
        try:
            at = math.floor(_number("at", value.get("at"), AT_LIMIT_MS))
            rate = _number("rate", value.get("rate"), RATE_LIMIT)
        except ValueError:
            at, rate = _at(value.get("at")), 0.0
        return cls(position, rate, at)


def _at(value: object) -> int:
    """When, where only the rate is odd; 0 where nobody knows."""
    try:
        return math.floor(_number("at", value, AT_LIMIT_MS))
    except ValueError:
        return 0


def _number(name: str, value: object, limit: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"playhead.{name} must be a number, not {type(value).__name__}")
    # An int too large for a float is compared as it is: float() would raise OverflowError.
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"playhead.{name} must be finite, not {value!r}")
    if not 0 <= value <= limit:
        raise ValueError(f"playhead.{name} must be between 0 and {limit:.0f}, not {value!r}")
    return float(value)
