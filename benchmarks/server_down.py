"""How much processor a device burns while the server is down: Dal Segno against the stock client.

An emulator of its own is started and ended for this. Both processes have 20 documents open, and owe nothing.
"""

from __future__ import annotations

import os
import time

import psutil

from benchmarks.figures import Results
from benchmarks.scene import OPEN_RULES, RULES, Scene, session_ids
from dalsegno.testing import FirestoreEmulator
from tests.support.child import Child


def measure(scene: Scene, down_s: float) -> Results:
    """Per cent of one core, over `down_s` seconds from the moment the server is gone."""
    assert "FIRESTORE_EMULATOR_HOST" not in os.environ
    with Child("benchmarks.ours") as ours, Child("benchmarks.stock") as stock:
        with FirestoreEmulator.start(progress=scene.progress) as emulator:
            emulator.load_rules(scene.project, RULES.read_text(encoding="utf-8"))
            emulator.load_rules(scene.open_project, OPEN_RULES)
            _settle(scene, emulator, ours, stock)
        scene.progress(f"the server is down for {down_s:g} s")
        before = [_cpu_s(ours), _cpu_s(stock)]
        time.sleep(down_s)
        spent = [_cpu_s(ours) - before[0], _cpu_s(stock) - before[1]]
        stock.kill()
    percent = [100 * seconds / down_s for seconds in spent]
    return {"down_cpu_percent": percent[0], "down_cpu_percent_stock": percent[1], "down_s": down_s}


def _settle(scene: Scene, emulator: FirestoreEmulator, ours: Child, stock: Child) -> None:
    names, theirs = session_ids("down"), session_ids("down-stock")
    ours.ask("start", project=scene.project, host=emulator.host, home=str(scene.home), name="down")
    ours.ask("open", sessions=names)
    for serial, name in enumerate(names):
        ours.ask("update", session=name, serial=serial + 1)
    ours.ask("live")
    stock.ask("start", project=scene.project, open_project=scene.open_project, host=emulator.host)
    stock.ask("create", sessions=theirs)
    stock.ask("listen", sessions=theirs)
    while stock.ask("firsts") < len(theirs):
        time.sleep(0.05)


def _cpu_s(child: Child) -> float:
    times = psutil.Process(child.pid).cpu_times()
    return float(times.user + times.system)
