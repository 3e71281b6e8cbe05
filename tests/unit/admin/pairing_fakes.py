"""What a pairing desk asks, scripted: Firebase, the register of devices, and the time."""

from __future__ import annotations

from dataclasses import dataclass, field

from dalsegno._core.types import UserId
from dalsegno._errors import DalSegnoError
from dalsegno.admin._accounts import Proof

HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@dataclass
class Firebase:
    """Believes that a token is its user's name."""

    failing: DalSegnoError | None = None
    asked: list[str] = field(default_factory=list)

    def proven(self, id_token: str) -> Proof:
        self.asked.append(id_token)
        if self.failing:
            raise self.failing
        return Proof(UserId(id_token), 0, "1700000000", id_token)

    def mint(self, proof: Proof) -> str:
        if self.failing:
            raise self.failing
        return f"token of {proof.uid}"


@dataclass
class Register:
    """Knows of nobody who was thrown out, unless told."""

    failing: DalSegnoError | None = None

    def check(self, proof: Proof) -> None:
        if self.failing:
            raise self.failing


@dataclass
class Clock:
    s: float = 1000.0

    def __call__(self) -> float:
        return self.s
