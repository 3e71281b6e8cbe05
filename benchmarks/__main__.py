"""`make bench`: measures, shows a table, writes build/bench/results.json.

    python -m benchmarks [--only NAME …] [--samples 400] [--quick]

Names: remote_callback, update_cost, cold_place, import_time, footprint, handoff, watch, slow_link,
server_down, size.
Exit 0 when all was measured, whether or not each target is met: the table says which are.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    cold_place,
    footprint,
    handoff,
    import_time,
    remote_callback,
    server_down,
    size,
    slow_link,
    update_cost,
    watch,
)
from benchmarks.figures import Results, table
from benchmarks.scene import Scene, scene
from dalsegno import EmulatorError

OUT = Path("build/bench/results.json")

Figure = Callable[[Scene, argparse.Namespace], Results]
FIGURES: dict[str, Figure] = {
    "import_time": lambda _, options: import_time.measure(options.starts),
    "cold_place": lambda scene, options: cold_place.measure(scene, options.starts),
    "update_cost": lambda scene, options: update_cost.measure(scene, options.samples),
    "footprint": lambda scene, _: footprint.measure(scene),
    "remote_callback": lambda scene, options: remote_callback.measure(scene, options.samples, options.runs),
    "handoff": lambda scene, options: handoff.measure(scene, options.rounds),
    "slow_link": lambda scene, _: slow_link.measure(scene),
    "watch": lambda scene, _: watch.measure(scene),
    "size": lambda scene, options: size.measure(scene, options.starts, options.samples),
    "server_down": lambda scene, options: server_down.measure(scene, options.down_s),
}


def main() -> int:
    options = _options()
    started = time.monotonic()

    def progress(text: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)

    results: Results = {}
    try:
        with scene(progress) as made:
            for name in options.only or FIGURES:
                progress(f"{name} …")
                results |= FIGURES[name](made, options)
    except EmulatorError as error:
        print(error, file=sys.stderr)
        return 1
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"\n{table(results)}\n\nwritten to {OUT}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Dal Segno's figures")
    parser.add_argument("--only", nargs="+", choices=list(FIGURES), help="measure just these")
    parser.add_argument("--samples", type=int, default=400, help="page turns on each side")
    parser.add_argument("--runs", type=int, default=remote_callback.RUNS, help="of these, new processes each")
    parser.add_argument("--starts", type=int, default=15, help="process starts for each start-up figure")
    parser.add_argument("--rounds", type=int, default=100, help="take-overs, and as many transfers")
    parser.add_argument("--down-s", type=float, default=60.0, help="how long the server is down, in seconds")
    parser.add_argument("--quick", action="store_true", help="few samples: to see that it works")
    options = parser.parse_args()
    if options.quick:
        options.samples, options.runs, options.starts, options.down_s = 40, 1, 3, 5.0
        options.rounds = 5
    return options


if __name__ == "__main__":
    sys.exit(main())
