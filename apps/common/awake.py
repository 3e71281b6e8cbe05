"""A clock that goes on while the device sleeps: how an app finds out that it was away. No Kivy."""

from __future__ import annotations

import sys
import time


def steady_s() -> float:
    """Seconds that never jump, the time asleep included.

    Linux and Android: CLOCK_BOOTTIME. macOS and iOS: CLOCK_MONOTONIC_RAW, which there, and only there, goes
    on in sleep, while Python's own monotonic clock stands still. Windows: Python's own goes on in sleep.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None and sys.platform in ("darwin", "ios"):
        clock = getattr(time, "CLOCK_MONOTONIC_RAW", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
