"""Where the time goes between `update()` on one device and the callback on another: docs/latency.md's table.

    python -m benchmarks.latency [SAMPLES]

Two processes on one machine, which share its steady clock; one edit at a time, in twenty sessions by turns.
Shown are medians, and the share of each step. Not part of `make bench`: being timed costs a little.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.figures import percentile
from benchmarks.scene import SESSIONS, Scene, scene, session_ids
from tests.support.child import Child

STEPS: Sequence[tuple[str, str, str]] = (
    ("to the engine's thread", "called", "edit begins"),
    ("stamp and join", "edit begins", "disk begins"),
    ("on disk", "disk begins", "disk ends"),
    ("tell this device", "disk ends", "edit ends"),
    ("wake the caller, then the uploader's turn", "edit ends", "commit begins"),
    ("encode, hand over to gRPC", "commit begins", "commit handed over"),
    ("gRPC, server and its rules, gRPC", "commit handed over", "arrived"),
    ("parse", "arrived", "parsed"),
    ("to the engine's thread", "parsed", "taken"),
    ("join, and on disk if that comes first", "taken", "joined"),
    ("tell, to the callback's thread", "joined", "callback"),
)
BESIDE = (
    ("update() has returned, after", "called", "returned"),
    ("on disk at the other device", "heard, disk begins", "heard, disk ends"),
)
WHOLE = ("all of it", "called", "callback")
WARM_UP = 2 * SESSIONS


def measure(scene: Scene, samples: int) -> list[Mapping[str, int]]:
    """The marks of each turn, of both devices."""
    with Child("benchmarks.traced") as writer, Child("benchmarks.traced") as hearer:
        names = session_ids("traced")
        for child, name in ((writer, "phone"), (hearer, "laptop")):
            child.ask(
                "start", project=scene.project, host=scene.emulator.host, home=str(scene.home), name=name
            )
            child.ask("open_traced", sessions=names)
        writer.ask("live")
        hearer.ask("live")
        found: list[Mapping[str, int]] = []
        for turn in range(WARM_UP + samples):
            serial = 1000 + turn
            hearer.events.clear()
            sent = writer.ask("timed_update", session=names[turn % len(names)], serial=serial)
            heard = hearer.event(partial(lambda s, e: e.get("heard") == s, serial))
            if turn >= WARM_UP:
                found.append({**sent, **heard["marks"]})
            time.sleep(1.05 / SESSIONS)
        return found


def table(turns: Sequence[Mapping[str, int]]) -> str:
    """One line a step."""
    whole = _median(turns, *WHOLE[1:])
    lines = [
        f"| {text} | {_median(turns, begin, end):.2f} | {100 * _median(turns, begin, end) / whole:.0f} % |"
        for text, begin, end in (*STEPS, WHOLE, *BESIDE)
    ]
    return "\n".join(["| step | ms, median | share |", "|---|---|---|", *lines])


def _median(turns: Sequence[Mapping[str, int]], begin: str, end: str) -> float:
    return percentile([(t[end] - t[begin]) / 1e6 for t in turns if begin in t and end in t], 50)


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with scene(lambda text: print(text, flush=True)) as made:
        print(table(measure(made, samples)))


if __name__ == "__main__":
    main()
