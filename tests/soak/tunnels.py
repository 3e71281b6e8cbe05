"""Tunnels: two devices, edited throughout, one or both of which lose the network again and again.

    python -m tests.soak.tunnels --tunnels 30 --longest-s 15 --seed 1

Real processes on the official emulator, through fault proxies. A tunnel is as short or long as chance has it,
and of one of three kinds: the link is cut, or it holds bytes back, or it swallows them and nobody is told.
After each, the time is taken from the return of the link until each device shows every edit that the other
had made by then.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from dalsegno.testing import FaultProxy
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.child import Child
from tests.support.emulator import RULES
from tests.support.users import stock_client
from tests.support.waiting import until

KINDS = ("cut", "half_open", "stall")
PATIENCE_S = 60.0
SLOW_MS = 2000.0
"""A convergence that takes longer is told with what each device went through."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """What came of one tunnel."""

    kind: str
    length_s: float
    devices: str
    edits: int
    converged_ms: float


class Device:
    """A device's process, and the link between it and the emulator."""

    def __init__(self, name: str, upstream: str, project: str, home: Path) -> None:
        self.name = name
        self.link = FaultProxy(upstream).start()
        self._child = Child("tests.soak.trip")
        self.ask = self._child.ask
        self.ask("start", project=project, host=self.link.host, home=str(home), name=name)

    def edits(self, leg: str) -> dict[int, int]:
        """When each edit of this leg was done: its number → nanoseconds."""
        return {e["edit"]: e["at_ns"] for e in self._events("edit", leg)}

    def shown(self, leg: str) -> dict[int, int]:
        """When each edit of the other device was shown here."""
        return {n: e["at_ns"] for e in reversed(self._events("shown", leg)) for n in e["shown"]}

    def story(self, back_ns: int) -> str:
        """What the app was told of its link from 15 s before the return of the link, in seconds from then."""
        lines = []
        for event in list(self._child.events):
            since_s = (event.get("at_ns", 0) - back_ns) / 1e9
            if "link" in event and since_s > -15:
                told = f"{event['link']}, {event['saved']} {event['reason']}"
                lines.append(f"    {self.name} {since_s:+7.3f} s  {told}")
        return "\n".join(lines)

    def _events(self, kind: str, leg: str) -> list[dict[str, Any]]:
        return [e for e in list(self._child.events) if kind in e and e["leg"] == leg]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.__exit__()
        self.link.close()


def run(
    host: str,
    project: str,
    *,
    tunnels: int,
    shortest_s: float,
    longest_s: float,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
) -> list[Tunnel]:
    """Rides through the tunnels; AssertionError if the devices do not agree, or an edit is missing."""
    chance = random.Random(seed)
    done = []
    with (
        tempfile.TemporaryDirectory() as home,
        Device("a", host, project, Path(home)) as a,
        Device("b", host, project, Path(home)) as b,
    ):
        _warm_up(a, b, chance)
        for number in range(tunnels):
            leg = f"leg-{number}"
            for device in (a, b):
                device.ask("leg", session=leg)
            time.sleep(chance.uniform(0.3, 1.5))  # on the open road: not a wait for anything
            until(
                partial(lambda leg: a.edits(leg) and b.edits(leg), leg),
                timeout_s=PATIENCE_S,
                what=f"edits in {leg}",
            )
            length_s = chance.uniform(shortest_s, longest_s)
            within = [a, b] if chance.random() < 0.25 else [chance.choice([a, b])]
            done.append(_tunnel(leg, chance.choice(KINDS), length_s, within, a, b, say))
            say(_row(done[-1]))
        for device in (a, b):
            device.ask("halt")
        _nothing_lost(host, project, [f"leg-{n}" for n in range(tunnels)], a, b)
    return done


def _warm_up(a: Device, b: Device, chance: random.Random) -> None:
    """Until each has shown an edit of the other: a server that has just started is slow."""
    for device in (a, b):
        device.ask("leg", session="warm-up")
        device.ask("ride", seed=chance.randrange(2**32))
    until(lambda: a.shown("warm-up") and b.shown("warm-up"), timeout_s=PATIENCE_S, what="the first edits")


def _tunnel(
    leg: str,
    kind: str,
    length_s: float,
    within: Sequence[Device],
    a: Device,
    b: Device,
    say: Callable[[str], None],
) -> Tunnel:
    for device in within:
        getattr(device.link, kind)()
    time.sleep(length_s)
    for device in within:
        device.link.restore()
    back_ns = time.monotonic_ns()
    shown: list[int] = []
    edits = 0
    for here, there in ((a, b), (b, a)):
        made = [number for number, at_ns in here.edits(leg).items() if at_ns <= back_ns]
        edits += len(made)
        until(
            partial(lambda made, there: set(made) <= there.shown(leg).keys(), made, there),
            timeout_s=PATIENCE_S,
            what=f"{there.name} to show edits {made} of {here.name} after {kind} of {length_s:.1f} s; "
            f"{here.ask('status')}, {there.ask('status')}",
        )
        shown += [there.shown(leg)[number] for number in made]
    converged_ms = max([0.0, *((at_ns - back_ns) / 1e6 for at_ns in shown)])
    if converged_ms > SLOW_MS:
        for device in (a, b):
            say(device.story(back_ns))
    return Tunnel(kind, length_s, "".join(d.name for d in within), edits, converged_ms)


def _nothing_lost(host: str, project: str, legs: Sequence[str], a: Device, b: Device) -> None:
    """Each edit whose `update` returned stands at the server and on both devices, in its own field."""
    for device in (a, b):
        assert device.ask("flush", timeout_s=PATIENCE_S), f"{device.name} could not save everything"
    documents = stock_client(host, project, "alice").collection("users/alice/sessions")
    for leg in legs:
        expected = {f"{d.name}{n}": n + 1 for d in (a, b) for n in d.edits(leg)}
        server = (documents.document(leg).get().to_dict() or {})["state"]
        for device in (a, b):
            until(_same(device, leg, server), what=f"{device.name} to be as the server is, in {leg}")
        lost = {name: value for name, value in expected.items() if server.get(name) != value}
        assert {} == lost, f"edits lost in {leg}"


def _same(device: Device, leg: str, server: Mapping[str, Any]) -> Callable[[], bool]:
    return lambda: bool(device.ask("state", session=leg) == server)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not less than this share of them."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


HEAD = f"{'tunnel':<10} {'length':>8} {'device':>7} {'edits':>6} {'converged':>11}"


def _row(t: Tunnel) -> str:
    return f"{t.kind:<10} {t.length_s:>6.1f} s {t.devices:>7} {t.edits:>6} {t.converged_ms:>8.0f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tunnels", type=int, default=30)
    parser.add_argument("--shortest-s", type=float, default=0.5)
    parser.add_argument("--longest-s", type=float, default=12.0)
    parser.add_argument("--limit-ms", type=float, default=2000.0, help="what p95 must not exceed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}\n{HEAD}", flush=True)
    with FirestoreEmulator.start(rules=RULES) as emulator:
        start_s = time.monotonic()
        tunnels = run(
            emulator.host,
            "demo-tunnels",
            tunnels=asked.tunnels,
            shortest_s=asked.shortest_s,
            longest_s=asked.longest_s,
            seed=asked.seed,
            say=lambda row: print(row, flush=True),
        )
        took_s = time.monotonic() - start_s
    took = [t.converged_ms for t in tunnels]
    p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
    edits = sum(t.edits for t in tunnels)
    print(
        f"{len(tunnels)} tunnels in {took_s:.0f} s, {edits} edits, 0 lost; p50 {p50:.0f} ms, p95 {p95:.0f} ms"
    )
    return 0 if p95 <= asked.limit_ms else 1


if __name__ == "__main__":
    sys.exit(main())
