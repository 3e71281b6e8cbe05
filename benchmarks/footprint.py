"""Threads and memory with 1, 5 and 20 open sessions, against as many listeners of the stock client."""

from __future__ import annotations

import time

from benchmarks.figures import Results
from benchmarks.scene import Scene, session_ids
from tests.support.child import Child

COUNTS = (1, 5, 20)


def measure(scene: Scene) -> Results:
    """Each count in a fresh pair of processes."""
    results: Results = {}
    for count in COUNTS:
        scene.progress(f"threads and memory: {count} of each")
        ours, stock = _ours(scene, count), _stock(scene, count)
        sessions, listeners = ("session", "listener") if count == 1 else ("sessions", "listeners")
        for what in ("threads", "os_threads", "rss_mb"):
            results[f"{what}_{count}_{sessions}"] = ours[what]
            results[f"stock_{what}_{count}_{listeners}"] = stock[what]
    return results


def _ours(scene: Scene, count: int) -> dict[str, float]:
    names = session_ids(f"foot{count}", count)
    with Child("benchmarks.ours") as device:
        device.ask(
            "start",
            project=scene.project,
            host=scene.emulator.host,
            home=str(scene.home),
            name=f"foot{count}",
        )
        device.ask("open", sessions=names)
        for serial, name in enumerate(names):
            device.ask("update", session=name, serial=serial + 1)
        device.ask("live")
        found: dict[str, float] = device.ask("footprint")
        return found


def _stock(scene: Scene, count: int) -> dict[str, float]:
    names = session_ids(f"foot-stock{count}", count)
    with Child("benchmarks.stock") as device:
        device.ask("start", project=scene.project, open_project=scene.open_project, host=scene.emulator.host)
        device.ask("create", sessions=names)
        device.ask("listen", sessions=names)
        while device.ask("firsts") < count:
            time.sleep(0.05)
        found: dict[str, float] = device.ask("footprint")
        return found
