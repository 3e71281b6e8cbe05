"""How far a long task is: a bar on a terminal, nothing elsewhere. The caller's thread.

Invariant: nothing but numbers and our own words is shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO, TypeAlias

Tell: TypeAlias = Callable[[str, int, int], None]
"""(what is being done, how many are done, of how many; 0 = unknown)"""

WIDTH = 30
EVERY_S = 0.1


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


class Bar:
    """Draws itself over its own line. A `Tell`, and a context manager that ends the line."""

    def __init__(
        self,
        stream: TextIO | None = None,
        now_s: Callable[[], float] = time.monotonic,
        *,
        quiet: bool = False,
    ) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet or not self._stream.isatty()
        self._now_s = now_s
        self._drawn = ""
        self._what = ""
        self._next_s = float("-inf")

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._quiet:
            return
        if what != self._what:
            self.end_line()
            self._what, self._next_s = what, float("-inf")
        now_s = self._now_s()
        if now_s >= self._next_s or done == total:
            self._next_s = now_s + EVERY_S
            self._draw(_line(what, done, total))

    def _draw(self, line: str) -> None:
        self._stream.write("\r" + line.ljust(len(self._drawn)))
        self._stream.flush()
        self._drawn = line

    def end_line(self) -> None:
        """What is printed next begins on a line of its own."""
        if self._drawn:
            self._stream.write("\n")
            self._stream.flush()
            self._drawn = ""

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_line()


def _line(what: str, done: int, total: int) -> str:
    if total <= 0:
        return f"{what}: {done}"
    share = min(1.0, done / total)
    full = round(WIDTH * share)
    return f"{what} [{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%}  {done} of {total}"
