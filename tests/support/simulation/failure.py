"""What does not hold."""

from __future__ import annotations


class Failure(AssertionError):
    """`kind`: lost, diverged or broken."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
