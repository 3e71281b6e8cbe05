"""A file in another's place, on every system. Any thread; standard library only."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

TRIES, PAUSE_S = 10, 0.02
"""Windows: how often, and how long in between, a file is put in its place that somebody has open."""


def put_in_place(
    beside: Path,
    path: Path,
    platform: str = sys.platform,
    replace: Callable[[Path, Path], None] = os.replace,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """`beside` becomes `path`, whatever was there. On Windows it waits a moment for who has it open.

    Raises:
        OSError: PermissionError too, if somebody keeps it open.
    """
    for left in reversed(range(TRIES if platform == "win32" else 1)):
        try:
            replace(beside, path)
            return
        except PermissionError:
            if not left:
                raise
            sleep(PAUSE_S)
