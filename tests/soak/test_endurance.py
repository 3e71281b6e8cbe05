"""What a device uses stays flat. `make soak-real` watches it for 24 virtual hours and 10 real minutes."""

from __future__ import annotations

from dataclasses import replace

from tests.soak import endurance
from tests.soak.endurance import Use

SEED = 20260401
REST = Use(threads=12, handles=12, memory_mb=70.0, database_kb=100.0, log_kb=0.0, changes=0)


def test_a_day_of_sleeping_and_waking_leaves_nothing_behind() -> None:
    """A device that wakes up 24 times a day uses as much in the evening as in the morning."""
    assert [] == endurance.flat(endurance.day(hours=24.0, naps=24))


def test_bad_weather_leaves_nothing_behind(emulator_host: str, project: str) -> None:
    """Tunnels, dead links, other networks and naps: threads, handles, memory and database stay flat."""
    assert [] == endurance.flat(endurance.weather(emulator_host, project, seconds=12.0, seed=SEED))


def test_growth_is_seen() -> None:
    """A thread, a handle, or memory that is lost with each cycle would be told."""
    for name in ("threads", "handles", "memory_mb", "database_kb", "log_kb"):
        grown = [replace(REST, **{name: getattr(REST, name) * n}) for n in range(1, 101)]
        if name == "log_kb":
            grown = [replace(use, log_kb=200.0 * n) for n, use in enumerate(grown)]
        assert 1 == len(endurance.flat(grown)), name
    assert [] == endurance.flat([REST] * 100)
