"""From a write on one device to the callback on another: Dal Segno against the stock client.

Each side has two processes, the one that writes and the one that hears, and 20 documents that the hearing
process listens to. A round is one page turn on each side, in random order, one after the other has been
heard; the documents take turns, so that none is written more than once a second on any side (Dal Segno
would collect faster edits; people turn pages more slowly). The time runs from before the call that writes
to the first line of the callback. What is in Dal Segno's time and not in the other's: the edit and what is
heard of it are written to disk, stamped and merged, and Dal Segno's writer listens too, as it always does.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from benchmarks.figures import Results, percentile, spread
from benchmarks.scene import SESSIONS, Scene, session_ids
from tests.support.child import Child

WARM_UP = 2 * SESSIONS
ROUND_S = 1.05 / SESSIONS

Write = Callable[[int, int], list[int]]


def measure(scene: Scene, samples: int) -> Results:
    """`samples` page turns on each side."""
    with (
        Child("benchmarks.ours") as writer,
        Child("benchmarks.ours") as hearer,
        Child("benchmarks.stock") as stock_writer,
        Child("benchmarks.stock") as stock_hearer,
    ):
        ours = _ours(scene, writer, hearer)
        stock, plain = _stock(scene, stock_writer, stock_hearer)
        sides = {
            "remote_callback": (ours, hearer),
            "stock_callback": (stock, stock_hearer),
            "plain_callback": (plain, stock_hearer),
        }
        return _summary(_rounds(scene, sides, samples))


def _ours(scene: Scene, writer: Child, hearer: Child) -> Write:
    names = session_ids("ours")
    for child, name in ((writer, "phone"), (hearer, "laptop")):
        child.ask("start", project=scene.project, host=scene.emulator.host, home=str(scene.home), name=name)
        child.ask("open", sessions=names)
    for number, name in enumerate(names, 1):
        writer.ask("update", session=name, serial=number)
    writer.ask("live")
    for number in range(1, len(names) + 1):
        hearer.event(lambda e, n=number: e["heard"] == n)
    return lambda turn, serial: writer.ask("update", session=names[turn % len(names)], serial=serial)


def _stock(scene: Scene, writer: Child, hearer: Child) -> tuple[Write, Write]:
    names, plain = session_ids("stock"), session_ids("plain")
    for child in (writer, hearer):
        child.ask("start", project=scene.project, open_project=scene.open_project, host=scene.emulator.host)
    writer.ask("create", sessions=names)
    for name in plain:
        writer.ask("set_plain", name=name, serial=0)
    hearer.ask("listen", sessions=names)
    hearer.ask("listen_plain", names=plain)
    while hearer.ask("firsts") < len(names) + len(plain):
        time.sleep(0.05)
    return (
        lambda turn, serial: writer.ask("update", session=names[turn % len(names)], serial=serial),
        lambda turn, serial: writer.ask("set_plain", name=plain[turn % len(plain)], serial=serial),
    )


def _rounds(scene: Scene, sides: dict[str, tuple[Write, Child]], samples: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in sides}
    chance = random.Random(1)
    for turn in range(WARM_UP + samples):
        start = time.monotonic()
        for name in chance.sample(list(sides), len(sides)):
            write, hearer = sides[name]
            milliseconds = _once(write, hearer, turn)
            if turn >= WARM_UP:
                took[name].append(milliseconds)
        if turn % 50 == 0:
            scene.progress(f"write → callback: {turn} of {WARM_UP + samples} rounds")
        time.sleep(max(0.0, start + ROUND_S - time.monotonic()))
    return took


def _once(write: Write, hearer: Child, turn: int) -> float:
    serial = 1000 + turn
    hearer.events.clear()
    before_ns, _ = write(turn, serial)
    return (hearer.event(lambda event: event["heard"] == serial)["at_ns"] - before_ns) / 1e6


def _summary(took: dict[str, list[float]]) -> Results:
    results: Results = {"remote_callback_samples": len(took["remote_callback"])}
    for name, samples in took.items():
        results |= spread(name, samples, 50, 95, 99)
    for percent in (50, 95, 99):
        ours, stock = (percentile(took[n], percent) for n in ("remote_callback", "stock_callback"))
        results[f"remote_callback_ratio_p{percent}"] = ours / stock
    return results
