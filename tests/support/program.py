"""A program that is spoken to in lines: a process with a keyboard and a printer."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


class Program:
    """Usable as a context manager, which ends it. `lines`: all that it has printed so far."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed at the end
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            bufsize=1,
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def types(self, line: str = "") -> None:
        """And the Enter key."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")

    def until(self, what: Callable[[list[str]], T | None], sought: str) -> T:
        """Waits until this is found in what it has printed; `sought`: what that is."""

        def found() -> T | None:
            assert self._process.poll() is None, f"it has ended:\n{self.errors()}"
            return what([*self.lines])

        return until(found, what=f"{sought} in {self.lines[-30:]}")

    def ends(self) -> int:
        """Waits for its end; gives the exit code."""
        code = self._process.wait(30.0)
        self._reader.join(30.0)
        return code

    def errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
        self._reader.join(30.0)
        self._errors.close()
