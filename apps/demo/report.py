"""One line per step: who did what, what was compared, how long it took, and whether it held."""

from __future__ import annotations

import os
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TextIO

WHO, WHAT, COMPARED = 8, 42, 46  # widths of the columns


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison. ``ms``: how long it took; ``live``: from a finger to the other device's screen."""

    who: str
    what: str
    compared: str
    held: bool
    ms: float | None = None
    live: bool = False


@dataclass(slots=True)
class Report:
    """Prints as it goes; ``held`` is the answer of the whole demo."""

    sink: TextIO = field(default_factory=lambda: sys.stdout)
    lines: list[Line] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return bool(self.lines) and all(line.held for line in self.lines)

    def say(self, text: str) -> None:
        """Progress: what is being done now."""
        print(self._dim(text), file=self.sink, flush=True)

    def warn(self, text: str) -> None:
        """What this run leaves out, and why: said now, and once more at the end."""
        self.warnings.append(text)
        print(textwrap.fill(text, 100), file=self.sink, flush=True)

    def chapter(self, title: str) -> None:
        print(f"\n{self._bold(title)}", file=self.sink, flush=True)

    def add(
        self, who: str, what: str, compared: str, held: bool, ms: float | None = None, *, live: bool = False
    ) -> Line:
        line = Line(who, what, compared, held, ms, live)
        self.lines.append(line)
        time = "" if ms is None else f"{ms:.0f} ms"
        verdict = self._green("held") if held else self._red("NOT HELD")
        shown = f"  {who:<{WHO}}{what:<{WHAT}} {_cut(compared, COMPARED):<{COMPARED}} {time:>8}  {verdict}"
        print(shown, file=self.sink)
        if not held and len(compared) > COMPARED:
            print(textwrap.indent(textwrap.fill(compared, 100), " " * 10), file=self.sink)
        self.sink.flush()
        return line

    def end(self) -> None:
        held = sum(line.held for line in self.lines)
        verdict = f"{held} of {len(self.lines)} comparisons held."
        print(f"\n{self._green(verdict) if self.held else self._red(verdict)}", file=self.sink)
        times = sorted(line.ms for line in self.lines if line.ms is not None and line.live)
        if times:
            median = f"{times[len(times) // 2]:.0f} ms (median of {len(times)})"
            print(f"From a finger on one device to the other one's screen: {median}.", file=self.sink)
        for warning in self.warnings:
            print(textwrap.fill(warning, 100), file=self.sink)
        self.sink.flush()

    def _colour(self, code: int, text: str) -> str:
        plain = not self.sink.isatty() or "NO_COLOR" in os.environ
        return text if plain else f"\033[{code}m{text}\033[0m"

    def _dim(self, text: str) -> str:
        return self._colour(2, text)

    def _bold(self, text: str) -> str:
        return self._colour(1, text)

    def _green(self, text: str) -> str:
        return self._colour(32, text)

    def _red(self, text: str) -> str:
        return self._colour(31, text)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
