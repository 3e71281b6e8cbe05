"""Kill -9: an app that edits is killed at random moments, online and offline, again and again.

    python -m tests.soak.kills --kills 200 --seed 1

Real processes on the official emulator, through a fault proxy that changes its mind while they live. Every
edit whose `update` had returned must be at the server after the last restart.
"""

from __future__ import annotations

import argparse
import random
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from dalsegno.testing import FaultProxy
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.soak.diary import place_of
from tests.support.emulator import RULES
from tests.support.users import stock_client

LONGEST_LIFE_S = 1.2
SAVED_WITHIN_S = 60.0
LINKS: Mapping[str, Callable[[FaultProxy], None]] = {
    "online": FaultProxy.restore,
    "offline": FaultProxy.cut,
    "half open": FaultProxy.half_open,
    "stalled": FaultProxy.stall,
    "slow": lambda link: link.delay(30.0, 40.0),
}


@dataclass(slots=True)
class Outcome:
    """What came of it. `unheard`: edits at the server whose process died before it could tell of them."""

    kills: int = 0
    confirmed: int = 0
    at_start_up: int = 0
    unheard: int = 0
    links: dict[str, int] = field(default_factory=dict)


def run(
    host: str,
    project: str,
    *,
    kills: int,
    seed: int,
    longest_life_s: float = LONGEST_LIFE_S,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Kills and looks; AssertionError if an edit is missing at the end."""
    chance = random.Random(seed)
    outcome = Outcome()
    confirmed: set[int] = set()
    with tempfile.TemporaryDirectory() as home, FaultProxy(host, seed=seed) as link:
        diary = [sys.executable, "-m", "tests.soak.diary", project, link.host, home]
        first = 0
        for number in range(kills):
            state = _change(link, chance, outcome)
            command = [*diary, str(first), str(chance.randrange(2**32))]
            heard = _live_and_die(command, link, chance, outcome, longest_life_s)
            confirmed.update(heard)
            first = max([first - 1, *heard]) + 1
            outcome.kills += 1
            if number % 20 == 19:
                say(f"{number + 1} kills, {len(confirmed)} edits, the last {state}")
        link.restore()
        _save([*diary, "0", "flush"])
    outcome.confirmed = len(confirmed)
    there = _at_the_server(host, project)
    lost = sorted(number for number in confirmed if there.get(place_of(number)) != number + 1)
    assert [] == lost, f"{len(lost)} of {len(confirmed)} edits are lost: {lost[:20]}"
    outcome.unheard = len(there) - len(confirmed)
    return outcome


def _change(link: FaultProxy, chance: random.Random, outcome: Outcome) -> str:
    name = chance.choice(list(LINKS)) if chance.random() < 0.6 else "online"
    link.restore()
    LINKS[name](link)
    outcome.links[name] = outcome.links.get(name, 0) + 1
    return name


def _live_and_die(
    command: list[str], link: FaultProxy, chance: random.Random, outcome: Outcome, longest_life_s: float
) -> list[int]:
    """One life: of the process from its start, or (mostly) from its first edit. Gives what it confirmed."""
    life_s = chance.uniform(0.0, longest_life_s)
    turn_s = chance.uniform(0.0, longest_life_s) if chance.random() < 0.4 else None
    with _process(command) as process:
        assert process.stdout is not None
        if chance.random() < 0.85:
            ready, _, _ = select.select([process.stdout], [], [], SAVED_WITHIN_S)
            assert ready, "the app does not come up"
        else:
            life_s /= 2
            outcome.at_start_up += 1
        if turn_s is not None and turn_s < life_s:
            time.sleep(turn_s)
            _change(link, chance, outcome)
            life_s -= turn_s
        time.sleep(life_s)  # the moment of death: not a wait for anything
        assert process.poll() is None, "the app ended by itself"
        process.kill()
        told = process.stdout.read().decode()
    return [int(line) for line in told.splitlines(keepends=True) if line.endswith("\n")]


def _save(command: list[str]) -> None:
    with _process(command) as process:
        told, _ = process.communicate(timeout=SAVED_WITHIN_S)
    assert b"saved\n" == told, "the last start could not save everything"


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _at_the_server(host: str, project: str) -> dict[tuple[str, str], int]:
    """Session and field → value, of all edits at the server."""
    sessions = stock_client(host, project, "alice").collection("users/alice/sessions").stream()
    return {
        (session.id, name): value
        for session in sessions
        for name, value in (session.to_dict() or {})["state"].items()
        if name != "newest"
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with FirestoreEmulator.start(rules=RULES) as emulator:
        start_s = time.monotonic()
        outcome = run(
            emulator.host,
            "demo-kills",
            kills=asked.kills,
            seed=asked.seed,
            say=lambda line: print(line, flush=True),
        )
        took_s = time.monotonic() - start_s
    links = ", ".join(f"{name} {count}" for name, count in sorted(outcome.links.items()))
    print(
        f"links: {links}; {outcome.at_start_up} killed while starting; {outcome.unheard} edits more than told"
    )
    print(f"{outcome.kills} kills in {took_s:.0f} s, {outcome.confirmed} edits confirmed, 0 lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
