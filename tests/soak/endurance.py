"""Endurance: a device that sleeps and wakes for a day, and one that lives through all kinds of weather.

    python -m tests.soak.endurance --minutes 10 --seed 1

Threads, file handles, memory and database of the device's process must be flat: as much at the end as after
it had warmed up. The day runs on virtual time against a scripted server; the weather is real time on the
emulator, through a fault proxy.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dalsegno._persistence.connection import LOG_LIMIT_BYTES
from dalsegno.testing import FaultProxy
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.child import Child
from tests.support.emulator import RULES
from tests.support.living_server import LivingServer, written
from tests.support.waiting import until

HOUR_MS = 3_600_000.0
LOG_LIMIT_KB = 1.1 * LOG_LIMIT_BYTES / 1024  # the limit counts pages, the file has their headers too
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Use:
    """What the device's process used at a moment of rest."""

    threads: int
    handles: int
    memory_mb: float
    database_kb: float
    log_kb: float
    changes: int

    def __str__(self) -> str:
        return (
            f"{self.threads} threads, {self.handles} handles, {self.memory_mb:.1f} MB, "
            f"{self.database_kb:.0f} kB of data, {self.log_kb:.0f} kB of log, {self.changes} changes shown"
        )


def day(*, hours: float, naps: int, say: Say = lambda _: None) -> list[Use]:
    """A day of `hours` on virtual time: `naps` times awake for a tenth of its share, then asleep."""
    uses = []
    with (
        LivingServer() as server,
        tempfile.TemporaryDirectory() as home,
        Child("tests.soak.resident") as child,
    ):

        def skip(ms: float) -> None:
            server.time.skip(ms)
            child.ask("skip", ms=ms)

        child.ask("start", project="demo-scripted", host=server.host, home=home)
        share_ms = hours * HOUR_MS / naps
        for nap in range(naps):
            child.ask("live")
            server.put(("sessions", "other"), written(page=nap))
            child.ask("edit", edits=3)
            skip(share_ms / 20)
            for call in server.listens[-1:]:
                call.heartbeat()
            skip(share_ms / 20)
            until(lambda: child.ask("saved", timeout_s=5.0), timeout_s=60.0, what="the edits to be saved")
            uses.append(Use(**child.ask("use")))
            child.ask("pause")
            skip(share_ms * 0.9)
            child.ask("resume")
            server.listens[:-1] = []  # ours to forget, or the server's memory would be the test's
            if nap % max(1, naps // 12) == 0:
                say(f"{(nap + 1) * share_ms / HOUR_MS:5.1f} h  {uses[-1]}")
    return uses


def weather(
    host: str, project: str, *, seconds: float, seed: int, at_least: int = 8, say: Say = lambda _: None
) -> list[Use]:
    """Real time: edits, tunnels, dead links, other networks, naps; measured at rest after each.

    On a machine so slow that `seconds` hold less than `at_least` of them, it takes longer.
    """
    chance = random.Random(seed)
    uses: list[Use] = []
    told_s = start_s = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as home,
        FaultProxy(host) as link,
        Child("tests.soak.resident") as child,
    ):
        child.ask("start", project=project, host=link.host, home=home)
        events = _events(link, child)
        while time.monotonic() - start_s < seconds or len(uses) < at_least:
            child.ask("edit", edits=chance.randint(1, 5))
            chance.choice(events)()
            child.ask("edit", edits=1)
            time.sleep(chance.uniform(0.0, 1.5))  # the weather lasts
            link.restore()
            child.ask("resume")
            until(lambda: child.ask("saved", timeout_s=5.0), timeout_s=60.0, what="the edits to be saved")
            child.ask("live")
            uses.append(Use(**child.ask("use")))
            if time.monotonic() - told_s > seconds / 20:
                told_s = time.monotonic()
                say(f"{told_s - start_s:5.0f} s  {uses[-1]}")
        assert child.ask("close"), "the device could not save everything at its end"
    return uses


def _events(link: FaultProxy, child: Child) -> Sequence[Callable[[], Any]]:
    return (
        lambda: None,
        link.cut,
        link.half_open,
        link.stall,
        link.reset,
        lambda: link.delay(50.0, 100.0),
        lambda: child.ask("network_changed"),
        lambda: child.ask("pause"),
    )


def flat(uses: Sequence[Use], *, memory_mb: float = 3.0) -> list[str]:
    """What grew between the second and the last quarter, in words; the limits are those of chance.

    SQLite's log fills up to its limit and is then used again.
    """
    quarter = len(uses) // 4
    early, late = uses[quarter : 2 * quarter], uses[-quarter:]
    grown = []
    limits = {"threads": 2.0, "handles": 2.0, "memory_mb": memory_mb, "database_kb": 64.0}
    for name, limit in limits.items():
        before, after = (statistics.median(getattr(u, name) for u in part) for part in (early, late))
        if after - before > limit:
            grown.append(f"{name} grew from {before:g} to {after:g}")
    log_kb = max(use.log_kb for use in uses)
    if log_kb > LOG_LIMIT_KB:
        grown.append(f"the database's log grew to {log_kb:g} kB")
    return grown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--naps", type=int, default=288)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    asked = parser.parse_args()

    def say(line: str) -> None:
        print(line, flush=True)

    say(f"24 hours of a device asleep and awake, {asked.naps} naps, on virtual time")
    grown = flat(day(hours=24.0, naps=asked.naps, say=say))
    say(f"{asked.minutes:g} minutes of weather on the emulator, seed {asked.seed}")
    with FirestoreEmulator.start(rules=RULES) as emulator:
        uses = weather(emulator.host, "demo-soak", seconds=asked.minutes * 60, seed=asked.seed, say=say)
    grown += flat(uses)
    say("; ".join(grown) or f"flat: {uses[-1]}")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
