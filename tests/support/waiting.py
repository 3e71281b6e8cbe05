"""Waits for a condition, with a deadline: tests wait for what they mean, never for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")

POLL_S = 0.005


def until(
    condition: Callable[[], T | Literal[False, ""] | None], *, timeout_s: float = 30.0, what: str = ""
) -> T:
    """Returns the first true answer of `condition`; fails, saying `what` it waited for, at the deadline."""
    deadline = time.monotonic() + timeout_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(
                f"waited {timeout_s:g} s in vain for {what or condition}; last seen: {answer!r}"
            )
        time.sleep(POLL_S)
    return answer
