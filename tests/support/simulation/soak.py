"""`make soak SCHEDULES=10000 SEED=0`: runs schedules on all cores, and prints every failure, shrunk.

The last line is `N schedules, 0 lost, 0 diverged, 0 broken`; the exit code is 0 only then. A failing seed
replays exactly: `make soak SCHEDULES=1 SEED=<seed>`.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter

from tests.support.simulation.run import failure, shrink
from tests.support.simulation.schedule import schedule

TOLD = 5
"""So many failures are shrunk and shown; the others are counted."""


def kind_of(seed: int) -> tuple[int, str, str]:
    """How the schedule of this seed fails: its kind and its message, or two empty strings."""
    logging.getLogger("dalsegno").setLevel(logging.ERROR)  # refusals are part of the weather
    found = failure(schedule(seed))
    return (seed, found.kind, str(found)) if found else (seed, "", "")


def explain(seed: int) -> str:
    """The shortest schedule that still fails like it, and how."""
    found = failure(schedule(seed))
    assert found is not None
    least = shrink(schedule(seed), found.kind)
    return f"{least}\n{failure(least)}\nreplay: make soak SCHEDULES=1 SEED={seed}"


def soak(schedules: int, seed: int) -> int:
    """Gives how many failed."""
    started, kinds, failed = time.monotonic(), Counter[str](), list[int]()
    seeds = range(seed, seed + schedules)
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for number, (one, kind, message) in enumerate(pool.imap_unordered(kind_of, seeds, 20), 1):
            if kind:
                kinds[kind] += 1
                failed.append(one)
                print(f"seed {one}: {message[:500]}", flush=True)
            if number % 500 == 0 and number < schedules:
                print(
                    f"{number} schedules, {time.monotonic() - started:.0f} s, {len(failed)} failed",
                    flush=True,
                )
    for one in sorted(failed)[:TOLD]:
        print(f"\n{explain(one)}", flush=True)
    print(f"{time.monotonic() - started:.1f} s, {os.cpu_count()} processes, seeds {seed} to {seeds[-1]}")
    print(f"{schedules} schedules, " + ", ".join(f"{kinds[k]} {k}" for k in ("lost", "diverged", "broken")))
    return len(failed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sys.exit(1 if soak(given.schedules, given.seed) else 0)


if __name__ == "__main__":
    main()
