"""A slow uplink: how long a large edit takes to arrive, and how long small ones of another session wait.

One device edits through the fault proxy, which lets 15 KB a second through in each direction; another one,
on a good link, hears of it. The time runs from before `update()` to the first line of the other's callback.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from benchmarks.figures import Results, percentile
from benchmarks.scene import Scene
from dalsegno.testing import FaultProxy
from tests.support.child import Child

BYTES_PER_S = 15_000
LARGE_BYTES = 240_000
REST_S = 1.05
MOST_S = 120.0

SMALL, LARGE = "slow-small", "slow-large"


def measure(scene: Scene) -> Results:
    """One large edit, and small ones until it has arrived."""
    with (
        Child("benchmarks.ours") as writer,
        Child("benchmarks.ours") as hearer,
        FaultProxy(scene.emulator.host) as link,
    ):
        for child, host, name in ((writer, link.host, "slow"), (hearer, scene.emulator.host, "fast")):
            child.ask("start", project=scene.project, host=host, home=str(scene.home), name=name)
            child.ask("open_draft", sessions=[SMALL, LARGE])
        for session in (SMALL, LARGE):
            writer.ask("write", session=session, size=1, serial=1)
            hearer.event(partial(lambda named, e: e.get("written") == [named, 1], session))
        writer.ask("live")
        link.throttle(BYTES_PER_S)
        return _measured(writer, hearer)


def _heard(hearer: Child, session: str, serial: int) -> dict[str, Any] | None:
    return next((e for e in hearer.events if e.get("written") == [session, serial]), None)


def _measured(writer: Child, hearer: Child) -> Results:
    began_ns = writer.ask("write", session=LARGE, size=LARGE_BYTES, serial=2)
    small_s: list[float] = []
    serial = 1
    while not (large := _heard(hearer, LARGE, 2)) and time.monotonic_ns() - began_ns < MOST_S * 1e9:
        serial += 1
        at_ns = writer.ask("write", session=SMALL, size=20, serial=serial)
        time.sleep(REST_S)
        found = hearer.event(partial(lambda s, e: e.get("written") == [SMALL, s], serial), timeout_s=MOST_S)
        small_s.append((found["at_ns"] - at_ns) / 1e9)
    large_s = (large["at_ns"] - began_ns) / 1e9 if large else MOST_S
    return {"slow_large_s": large_s, "slow_small_p95_s": percentile(small_s, 95)}
