"""The clock that goes on while the machine sleeps: tokens, codes and leases grow old in sleep, too.

Any thread. Invariant: it never jumps, whatever becomes of the wall clock (docs/adr/0015).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def sleep_counting_clock() -> Callable[[], float]:
    """In seconds.

    Linux, Android   CLOCK_BOOTTIME; their CLOCK_MONOTONIC stands still in sleep
    macOS, iOS       CLOCK_MONOTONIC_RAW: goes on in sleep there, and no setting of the wall clock moves it;
                     Python's monotonic() is mach_absolute_time, which stands still
    Windows          Python's monotonic(), GetTickCount64 or QueryPerformanceCounter: both go on in sleep
    elsewhere        Python's monotonic(), whatever it does: `LocalStore.clocks_parted` notices
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None and sys.platform in ("darwin", "ios"):
        clock = getattr(time, "CLOCK_MONOTONIC_RAW", None)
    return time.monotonic if clock is None else lambda: time.clock_gettime(clock)
