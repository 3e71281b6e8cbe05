"""What size costs: 10,000 sessions on disk, 1,000 open, a field of 2,000 items, 800 sessions to send.

Ratios compare conditions of the same run, so that a busy machine is busy in both.
"""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.figures import Results, percentile
from benchmarks.scene import Scene
from tests.support.child import Child

_DEAD = "127.0.0.1:9"  # "discard": nobody listens there
_PROJECT = "demo-size"
STORED, OPEN, DRAINED = 10_000, 1_000, 800
DRAIN_S = 120.0
"""How long the bench waits; the target is far below."""


def measure(scene: Scene, starts: int, samples: int) -> Results:
    return {**_stored(scene, starts), **_many_open(scene, samples), **_wide(scene, samples), **_drain(scene)}


def _stored(scene: Scene, starts: int) -> Results:
    scene.progress(f"{STORED} sessions on disk")
    with Child("benchmarks.crowd") as device:
        device.ask("fill", project=_PROJECT, home=str(scene.home), name="stored", count=STORED)
    full = [_start(scene, "stored", 20) for _ in range(starts + 1)][1:]
    empty = [_start(scene, "empty", 0) for _ in range(starts + 1)][1:]
    connect, recent, rss = (statistics.median(column) for column in zip(*full, strict=True))
    connect_empty, _, rss_empty = (statistics.median(column) for column in zip(*empty, strict=True))
    return {
        "connect_10k_ms": connect,
        "connect_empty_ms": connect_empty,
        "recent_of_10k_ms": recent,
        "rss_10k_mb": rss - rss_empty,
    }


def _start(scene: Scene, name: str, expected: int) -> tuple[float, float, float]:
    with Child("benchmarks.crowd") as device:
        connect = _connect(device, scene, name)
        found = connect, device.ask("recent", expected=expected), device.ask("rss_mb")
        device.ask("close")
    return found


def _many_open(scene: Scene, samples: int) -> Results:
    scene.progress(f"{OPEN} sessions open")
    with Child("benchmarks.crowd") as device:
        _connect(device, scene, "open")
        device.ask("open", first=0, count=1)
        device.ask("settle")
        one = device.ask("updates", count=samples)
        device.ask("open", first=1, count=OPEN - 1)
        more = device.ask("open", first=OPEN, count=30)
        many = device.ask("updates", count=samples)
        device.ask("close")
    return {
        "open_1000th_ms": percentile(more, 50),
        "update_1000_open_ratio": percentile(many, 95) / percentile(one, 95),
        "update_1000_open_p95_ms": percentile(many, 95),
    }


def _wide(scene: Scene, samples: int) -> Results:
    scene.progress("a field of 2,000 items beside a small one")
    with Child("benchmarks.crowd") as device:
        _connect(device, scene, "wide")
        took = device.ask("wide", count=samples)
        device.ask("close")
    return {
        "update_wide_ratio": percentile(took["wide"], 50) / percentile(took["narrow"], 50),
        "update_wide_p95_ms": percentile(took["wide"], 95),
    }


def _drain(scene: Scene) -> Results:
    scene.progress(f"{DRAINED} closed sessions with an edit each")
    with Child("benchmarks.crowd") as device:
        _connect(device, scene, "drain", project=scene.project)
        device.ask("edit_and_close", count=DRAINED)
        device.ask("close")
    with Child("benchmarks.crowd") as device:
        _connect(device, scene, "drain", project=scene.project, host=scene.emulator.host)
        took: Any = device.answer(device.begin("saved", timeout_s=DRAIN_S), DRAIN_S + 10)
        device.ask("close")
    return {"drain_800_s": float(took)}


def _connect(device: Child, scene: Scene, name: str, project: str = _PROJECT, host: str = _DEAD) -> float:
    took: float = device.ask("connect", project=project, host=host, home=str(scene.home), name=name)
    return took
