"""Bad luck on a line: what happens to each call, by its own random numbers."""

from __future__ import annotations

import random

from dalsegno._core.messages import RpcError
from tests.support.simulation.network import Fate

COMMIT_FAULTS = ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "CANCELLED", "DEADLINE_EXCEEDED", "ABORTED"]
REFUSALS = ["UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED", "ABORTED", "FAILED_PRECONDITION"]


class BadLuck:
    """`trouble`: the share of calls to which something happens."""

    def __init__(self, chance: random.Random, trouble: float) -> None:
        self._chance, self._trouble = chance, trouble

    def fate(self, kind: str) -> Fate:
        chance = self._chance
        quick = Fate(self._delay(), self._delay())
        if chance.random() >= self._trouble:
            return quick
        if kind == "listen":
            code = chance.choice(["UNAVAILABLE", "UNAUTHENTICATED", "PERMISSION_DENIED", "INTERNAL"])
            return chance.choice(
                [Fate(reaches_ms=None), Fate(instead=RpcError(code)), Fate(chance.uniform(0, 9e3))]
            )
        return chance.choice(
            [
                Fate(reaches_ms=None),
                Fate(self._delay(), None),
                Fate(chance.uniform(0, 30_000), self._delay()),
                Fate(self._delay(), chance.uniform(0, 9_000)),
                Fate(instead=RpcError(chance.choice(COMMIT_FAULTS))),
                Fate(told=RpcError(chance.choice(COMMIT_FAULTS[:5]))),
                Fate(instead=RpcError(chance.choice(REFUSALS))),
            ]
        )

    def message_ms(self) -> float:
        """How long one message of a stream takes."""
        return self._delay() if self._chance.random() >= self._trouble / 4 else self._chance.uniform(0, 5_000)

    def honours(self) -> bool:
        return self._chance.random() < 0.8

    def _delay(self) -> float:
        return self._chance.uniform(1, 60)
