"""Which of a machine's clocks the engine goes by: one that goes on in sleep, on every system."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from apps.common.awake import steady_s
from dalsegno._auth.identity_toolkit import IdentityToolkit
from dalsegno._core.clock import PARTED_MS, Agreement
from dalsegno._core.types import DeviceId, Millis, ProjectId
from dalsegno._sync.local_store import LocalStore
from dalsegno._threads.worker import SystemTime
from dalsegno.admin._pairing_desk import Desk
from dalsegno.testing._memory_persistence import MemoryStore

BOOTTIME, RAW = 7, 4  # as Linux and macOS number them


def machine(
    patch: pytest.MonkeyPatch, system: str, clocks: dict[str, int], seconds: dict[int | str, float]
) -> None:
    """Python's `time` as it is on another system."""
    patch.setattr(sys, "platform", system)
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC_RAW"):
        patch.delattr(time, name, raising=False)
    for name, number in clocks.items():
        patch.setattr(time, name, number, raising=False)
    patch.setattr(time, "clock_gettime", lambda clock: seconds[clock], raising=False)
    patch.setattr(time, "monotonic", lambda: seconds["python"])


SYSTEMS: dict[str, tuple[dict[str, int], dict[int | str, float]]] = {
    "linux": ({"CLOCK_BOOTTIME": BOOTTIME, "CLOCK_MONOTONIC_RAW": RAW}, {BOOTTIME: 7_200.0, RAW: 1.0}),
    "android": ({"CLOCK_BOOTTIME": BOOTTIME, "CLOCK_MONOTONIC_RAW": RAW}, {BOOTTIME: 7_200.0, RAW: 1.0}),
    "darwin": ({"CLOCK_MONOTONIC_RAW": RAW}, {RAW: 7_200.0}),
    "ios": ({"CLOCK_MONOTONIC_RAW": RAW}, {RAW: 7_200.0}),
    "freebsd14": ({"CLOCK_MONOTONIC_RAW": RAW}, {RAW: 1.0, "python": 7_200.0}),
    "win32": ({}, {"python": 7_200.0}),
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_steady_clock_counts_sleep(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that has lived through two hours of sleep is taken, not the one that stood still: by the
    engine, by an app, for the life of a token and for that of a pairing code."""
    clocks, seconds = SYSTEMS[system]
    with monkeypatch.context() as patch:
        machine(patch, system, clocks, {"python": 1.0, **seconds})
        tokens = IdentityToolkit(ProjectId("demo-sleep"), "any-key", "127.0.0.1:9")
        nobody: Any = None
        codes: Any = Desk(nobody, nobody)
        found = SystemTime().steady_ms(), steady_s(), tokens.steady_s(), codes._now_s()
    assert (7_200_000.0, 7_200.0, 7_200.0, 7_200.0) == found


def test_clocks_that_agree_within_seconds_have_not_parted() -> None:
    """What adds up over hours is found out once it comes to seconds, with its sign, and then begins anew."""
    agreement = Agreement(1_000_000.0, 5_000.0)
    parted = [
        agreement.parted_ms(1_000_000.0 + wall_ms, 5_000.0 + steady_ms)
        for wall_ms, steady_ms in [
            (0.0, 0.0),
            (PARTED_MS - 1, 0.0),
            (9_000.0 - PARTED_MS + 1, 9_000.0),
            (PARTED_MS, 0.0),
            (PARTED_MS, 0.0),
            (10_000.0, 10_000.0),
            (7_200_000.0, 10_000.0),
        ]
    ]
    assert [0.0, 0.0, 0.0, PARTED_MS, 0.0, -PARTED_MS, 7_190_000.0] == parted


def test_being_held_up_between_two_clocks_is_no_parting() -> None:
    """A process that stands still just between its looks at the clocks takes nothing for a jump."""

    class HeldUp(SystemTime):
        def __init__(self) -> None:
            self.now_ms, self.looks = 0.0, 0

        def steady_ms(self) -> float:
            self.looks += 1
            self.now_ms += (
                60_000 if self.looks == 4 else 0
            )  # two at the start, then before and after the wall
            return self.now_ms

        def wall_ms(self) -> Millis:
            return Millis(int(1e12 + self.now_ms))

    local_store = LocalStore(
        MemoryStore(DeviceId("00000000000000aa")), HeldUp(), lambda change: None, lambda: None
    )
    asked = [local_store.clocks_parted() for _ in range(3)]
    assert [False, False, False] == asked
