"""Time for stamps: a hybrid logical clock, fed by the server's time. Pure.

Invariant: a clock never makes a stamp that is not newer than every stamp it made or saw before, unless
`forget_provisional` took back stamps that no other device has seen.
"""

from __future__ import annotations

import re

from dalsegno._core.document import NO_STAMP
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Millis, Stamp

_STAMP = re.compile(r"(\d{15})-(\d{5})-([0-9a-f]{16})", re.ASCII)
_MOST_PER_MILLI = 99_999
_LAST_MILLI = 999_999_999_999_999

MAX_AHEAD_MS = 60_000
"""How far a stamp may be ahead of the server; the security rules refuse more."""

DRIFT = 100e-6
"""What two cheap quartz clocks drift apart: 100 ppm, 6 ms a minute."""

DIFFER_MS = 20.0
"""The clocks of two of the server's machines may differ by so much. Whoever took that for a jump of a clock
would give a good estimate away for one that an hour-old stream allows."""

MAX_ERROR_MS = 5_000.0
"""Half of the 10 s after which a call is given up: any answer in time is good enough, a stalled one not."""


def stamp(millis: int, counter: int, device: DeviceId) -> Stamp:
    """The text of a stamp; fixed width, so that later stamps sort behind earlier ones."""
    return Stamp(f"{millis:015d}-{counter:05d}-{device}")


def is_stamp(text: object) -> bool:
    """Whether this is a stamp as `stamp` writes it."""
    return isinstance(text, str) and _STAMP.fullmatch(text) is not None


def millis_of(stamp: Stamp) -> Millis:
    return Millis(int(stamp[:15]))


def device_of(stamp: Stamp) -> DeviceId:
    return DeviceId(stamp[22:])


def renamed(stamp: Stamp, device: DeviceId) -> Stamp:
    """The same moment, of another device."""
    return Stamp(stamp[:22] + device)


def after(floor: Stamp, now_ms: float, device: DeviceId) -> Stamp:
    """The stamp of `device` for an edit at `now_ms` that is newer than `floor`."""
    millis, counter = int(floor[:15]), int(floor[16:21])
    now = min(max(int(now_ms), 0), _LAST_MILLI)
    if now > millis:
        return stamp(now, 0, device)
    if counter < _MOST_PER_MILLI:
        return stamp(millis, counter + 1, device)
    return stamp(millis + 1, 0, device)


class HybridClock:
    """Makes stamps for one device. `settled` ignores stamps that may still be corrected."""

    def __init__(self, device: DeviceId, newest: Stamp = NO_STAMP) -> None:
        self.device = device
        self._newest = newest
        self._settled = newest

    @property
    def settled(self) -> Stamp:
        """The newest stamp made or seen that is final: the floor of whatever is stamped anew."""
        return self._settled

    def tick(self, now_ms: float, *, final: bool) -> Stamp:
        """A stamp newer than all before. `final`: the server's time is known, it will not be corrected."""
        self._newest = after(self._newest, now_ms, self.device)
        if final:
            self._settled = max(self._settled, self._newest)
        return self._newest

    def observe(self, seen: Stamp) -> None:
        """Another replica's stamp: what is made from now on is newer."""
        self._newest = max(self._newest, seen)
        self._settled = max(self._settled, seen)

    def resume(self, provisional: Stamp) -> None:
        """A stamp of an earlier run that may still be corrected: newer ones sort behind it until then."""
        self._newest = max(self._newest, provisional)

    def forget_provisional(self) -> None:
        """Takes back the stamps that were not final, so that they can be made again with the right time."""
        self._newest = self._settled


@record(frozen=True, slots=True)
class Bounds:
    """The server's lead on our steady clock lies between these two, as of `at_ms` (steady)."""

    low_ms: float
    high_ms: float
    at_ms: float

    def grown(self, at_ms: float) -> Bounds:
        """The same at a later time: two quartz clocks have drifted apart by then."""
        drift_ms = max(at_ms - self.at_ms, 0.0) * DRIFT
        return Bounds(self.low_ms - drift_ms, self.high_ms + drift_ms, at_ms)

    def met(self, other: Bounds) -> Bounds:
        """What both allow; the newer one alone, if a clock jumped and they contradict each other by more than
        two servers may differ."""
        low, high = max(self.low_ms, other.low_ms), min(self.high_ms, other.high_ms)
        if low - high > DIFFER_MS:
            return other
        return Bounds(min(low, high), max(low, high), other.at_ms)


PARTED_MS = 2_000.0
"""When a wall clock and a steady clock that began together no longer tell the same story. What a wall clock
is set right by in passing (1.8 s an hour at the most) seldom comes to this, and then costs one question."""


class Agreement:
    """Whether the wall clock and the steady clock still go side by side.

    They part when somebody sets the wall clock, and when the steady one stands still: in the sleep of some
    systems, in a virtual machine that is put aside. Which of the two it was, only the server can tell.
    """

    def __init__(self, wall_ms: float, steady_ms: float) -> None:
        self._lead_ms = wall_ms - steady_ms

    def parted_ms(self, wall_ms: float, steady_ms: float) -> float:
        """By how much the wall clock has run ahead of the steady one since it last did; 0.0: by nothing that
        counts."""
        parted_ms = wall_ms - steady_ms - self._lead_ms
        if abs(parted_ms) < PARTED_MS:
            return 0.0
        self._lead_ms += parted_ms
        return parted_ms


class ServerClock:
    """Estimates the server's lead on our steady clock: the middle of what all answers so far allow.

    A server time was made between asking and hearing, so each answer bounds the lead from both sides; the
    bounds of several are narrower than those of the quickest one.
    """

    def __init__(self) -> None:
        self._bounds: Bounds | None = None

    @property
    def known(self) -> bool:
        """Whether the estimate is good enough to name edits by."""
        return self.error_ms <= MAX_ERROR_MS

    @property
    def error_ms(self) -> float:
        """How far off the estimate may be at the most; infinite while nothing is known."""
        return float("inf") if self._bounds is None else (self._bounds.high_ms - self._bounds.low_ms) / 2

    def heard(self, server_ms: float, asked_ms: float, heard_ms: float) -> None:
        """A server time that was made between `asked_ms` and `heard_ms` (steady)."""
        found = Bounds(server_ms - heard_ms, server_ms - min(asked_ms, heard_ms), heard_ms)
        self._bounds = found if self._bounds is None else self._bounds.grown(heard_ms).met(found)

    def forget(self) -> None:
        """The steady clock may have stood still: measure again."""
        self._bounds = None

    def server_ms(self, steady_ms: float) -> float | None:
        """The server's time now, or None while it is not known."""
        bounds = self._bounds
        return None if bounds is None else steady_ms + (bounds.low_ms + bounds.high_ms) / 2
