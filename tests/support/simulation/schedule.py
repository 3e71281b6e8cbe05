"""Schedules: what happens to a household of devices, as plain data made from a seed.

Invariant: a schedule is a function of its seed; running one twice does the same twice, and it can be run with
events left out. A new kind of event joins by adding itself to `KINDS`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.support.simulation.versions import VERSIONS

SESSIONS = ("book", "song")
MUSIC = "music"
"""The session of what is played. Only what is drawn for it touches it: a seed without is as it was."""
DAY_MS = 86_400_000.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to one device (or to the server's side of its stream)."""

    at_ms: float
    kind: str
    device: int
    args: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.at_ms / 1000:9.3f} s  device {self.device}  {self.kind} {' '.join(map(repr, self.args))}"
        )


@dataclass(frozen=True, slots=True)
class Household:
    """How the devices are: how far each clock is off, how bad each line is, of which version the app is there
    at first, and how long a token lasts (0: for ever)."""

    skews_ms: tuple[float, ...]
    troubles: tuple[float, ...]
    versions: tuple[str, ...]
    lasts_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    seed: int
    household: Household
    events: tuple[Event, ...]

    def only(self, events: tuple[Event, ...]) -> Schedule:
        return replace(self, events=events)

    def silent(self) -> Schedule:
        """The same without music."""
        return self.only(tuple(event for event in self.events if event.kind not in LINES))

    @property
    def has_music(self) -> bool:
        return any(event.kind in LINES for event in self.events)

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}, {self.household}", *map(str, self.events)])


Args = Callable[[random.Random], tuple[Any, ...]]


def _edit(chance: random.Random) -> tuple[Any, ...]:
    field = chance.choice(["place", "place", "furthest", "furthest", "furthest", "note", "text_size", "mood"])
    return chance.choice(SESSIONS), field, round(chance.random(), 3), chance.random() < 0.15


def _session(chance: random.Random) -> tuple[Any, ...]:
    return (chance.choice(SESSIONS),)


def _another(chance: random.Random) -> tuple[Any, ...]:
    """Which of the devices, as a share of them all."""
    return (chance.random(),)


def _nothing(_: random.Random) -> tuple[Any, ...]:
    return ()


KINDS: Mapping[str, tuple[int, Args]] = {
    # kind: (how often, its arguments)
    "edit": (40, _edit),
    "open": (6, _session),
    "close": (4, _session),
    "line": (10, lambda c: (c.choice(["CUT", "SILENT", "STALLED", "STALLED_UP", *["UP"] * 4]),)),
    "crash": (4, lambda c: (c.uniform(0, 20_000),)),
    "upgrade": (2, _another),
    "die_at_write": (4, lambda c: (c.randint(1, 6), c.random() < 0.5)),
    "fill_disk": (2, lambda c: (c.uniform(500, 60_000),)),
    "jump": (2, lambda c: (c.choice([-1, 1]) * c.uniform(0, DAY_MS),)),
    "pause": (2, lambda c: (c.uniform(100, 60_000),)),
    "change_network": (2, _nothing),
    "hurry": (2, _nothing),
    "want_recent": (1, _nothing),
    "reset_stream": (3, _session),
    "miscount": (3, lambda c: (c.choice(SESSIONS), c.choice([0, 2]))),
    "repeat": (3, lambda c: (c.choice(SESSIONS), c.random())),
    "end_stream": (3, lambda c: (c.choice(["OK", "UNAVAILABLE", "INTERNAL", "UNAUTHENTICATED"]),)),
    "sign_out": (2, _another),
    "sign_in": (2, _nothing),
    "share_sign_in": (1, _another),
    "rename": (1, lambda c: (c.random(), c.choice(["Pixel 8", "Laptop", "Tablet"]))),
    "delete": (1, _session),
    "restore": (1, lambda c: (c.random(), c.random() < 0.5)),
    "new_server": (1, _nothing),
    "refuse_field": (2, lambda c: (c.choice(["place", "furthest", "note"]), c.uniform(500, 60_000))),
    "refuse_target": (1, lambda c: (c.choice(SESSIONS), c.choice(["CANCELLED", "PERMISSION_DENIED"]))),
}


PLACES: Mapping[str, tuple[int, Args]] = {
    "go_back": (3, _session),
    "take": (4, _session),
    "leap": (2, _session),
}
"""What a user does about places. Drawn by themselves, so that a seed's other events stay as they were."""


def _place_in_music(chance: random.Random) -> tuple[Any, ...]:
    """A track, or what stands; and where in it, in seconds."""
    return chance.choice(["", "", *TRACKS]), round(chance.uniform(0, 200), 1)


def _track(chance: random.Random) -> tuple[Any, ...]:
    return (chance.choice(TRACKS),)


def _nap(chance: random.Random) -> tuple[Any, ...]:
    """Too short to be noticed, or long enough."""
    return (chance.choice([chance.uniform(500, 7_000), *[chance.uniform(14_000, 300_000)] * 2]),)


TRACKS = ("t1", "t2", "t3")

LINES: Mapping[str, tuple[int, Args]] = {
    "listen": (3, _nothing),
    "stop_listening": (2, _nothing),
    "play": (14, _place_in_music),
    "rest": (6, _nothing),
    "play_on": (5, _nothing),
    "skip": (4, _track),
    "next_track": (4, _track),
    "volume": (2, _nothing),
    "sleep": (4, _nap),
    "vanish": (4, lambda c: (c.uniform(20_000, 400_000),)),
}
"""What happens to music. Drawn by themselves, too."""

MUSICAL = 0.3
"""So many of all households have music."""
LISTENING_MS = 300_000.0
"""Music goes on for longer than all the rest: a lease lasts 180 s."""


def schedule(seed: int) -> Schedule:
    """2 to 6 devices, some minutes, some dozens of events."""
    chance = random.Random(seed)
    count = chance.choice([2, 2, 2, 3, 3, 4, 5, 6])
    household = Household(
        tuple(_skew(chance) for _ in range(count)),
        tuple(chance.choice([0.0, 0.05, 0.3]) for _ in range(count)),
        _versions(chance, count),
        tuple(chance.choice([0.0, 0.0, 0.0, 5_000.0, 30_000.0]) for _ in range(count)),
    )
    weights = [weight for weight, _ in KINDS.values()]
    at_ms, events = 0.0, list[Event]()
    for _ in range(chance.randint(15, 70)):
        at_ms += chance.choice([0.0, 5.0, 40.0, 900.0, 5_000.0, 20_000.0]) * chance.random() * 2
        kind = chance.choices(list(KINDS), weights)[0]
        events.append(Event(round(at_ms, 3), kind, chance.randrange(count), KINDS[kind][1](chance)))
    more = (*_places(seed, count, at_ms), *_lines(seed, count, at_ms))
    return Schedule(seed, household, tuple(sorted([*events, *more], key=_when)))


def _places(seed: int, count: int, until_ms: float) -> list[Event]:
    chance = random.Random(f"{seed}/places")
    weights = [weight for weight, _ in PLACES.values()]
    kinds = chance.choices(list(PLACES), weights, k=chance.randint(0, 12))
    return [
        Event(round(chance.uniform(0, until_ms), 3), k, chance.randrange(count), PLACES[k][1](chance))
        for k in kinds
    ]


def _lines(seed: int, count: int, until_ms: float) -> list[Event]:
    chance = random.Random(f"{seed}/lines")
    if chance.random() >= MUSICAL:
        return []
    at_ms, events = chance.uniform(0, until_ms / 2), list[Event]()
    weights = [weight for weight, _ in LINES.values()]
    for _ in range(chance.randint(4, 40)):
        at_ms += chance.choice([0.0, 20.0, 400.0, 4_000.0, 20_000.0, 60_000.0]) * chance.random() * 2
        if at_ms > until_ms + LISTENING_MS:
            break
        kind = chance.choices(list(LINES), weights)[0]
        events.append(Event(round(at_ms, 3), kind, chance.randrange(count), LINES[kind][1](chance)))
    return events


def _when(event: Event) -> float:
    return event.at_ms


def _versions(chance: random.Random, count: int) -> tuple[str, ...]:
    """One household in three has the same on all devices: there the strictest rules hold."""
    if chance.random() < 0.33:
        return ("new",) * count
    return tuple(chance.choice(["new", "new", *VERSIONS]) for _ in range(count))


def _skew(chance: random.Random) -> float:
    return chance.choice([0.0, 0.0, 1.0, -1.0, chance.uniform(-1, 1)]) * DAY_MS
