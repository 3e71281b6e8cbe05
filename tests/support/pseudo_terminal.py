"""A program in a terminal of a size that the test chooses, and what stands on its screen.

It understands what `dalsegno watch` writes, and nothing else: whatever else comes is kept in `strange`.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
_PIECE = re.compile(r"\x1b\[(?:(?P<row>\d+);1H|(?P<clear>2J|K)|\?(?P<mode>\d+[hl])|[\d;]*m)|[^\x1b]+")


class PseudoTerminal:
    """Usable as a context manager, which ends the program."""

    def __init__(
        self, arguments: Sequence[str], columns: int, rows: int, environment: Mapping[str, str]
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", **environment},
        )
        os.close(slave)
        self.lines = [""] * rows
        self.modes: set[str] = set()
        """Those that are on: `1049`, the other screen."""
        self.strange: list[str] = []
        self._row = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until_shows(self, *words: str) -> list[str]:
        """Waits until each of these stands on the screen; gives the screen."""

        def shown() -> list[str] | None:
            lines = [*self.lines]
            return lines if all(any(word in line for line in lines) for word in words) else None

        return until(shown, what=f"{words} on {self}") or []

    def types(self, text: str) -> None:
        """Without the Enter key."""
        os.write(self._master, text.encode())

    @property
    def echoes(self) -> bool:
        """Whether what is typed stands on the screen."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def resize(self, columns: int, rows: int) -> None:
        """As a user does with a window: the program is told."""
        self.lines = [""] * rows
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process.send_signal(
            signal.SIGWINCH
        )  # a window system would; here nobody is the terminal's session

    def ends(self) -> int:
        """Waits for its end; gives the exit code."""
        code = self.process.wait(30.0)
        self._reader.join(30.0)
        return code

    def _read(self) -> None:
        rest = ""
        while chunk := self._chunk():
            text = rest + chunk.decode("utf-8", "surrogateescape")
            end = text.rfind("\x1b", -12) if "\x1b" in text[-12:] else len(text)
            end = end if not re.fullmatch(r"\x1b\[[\d;?]*[A-Za-z]", text[end:]) else len(text)
            rest = text[end:]
            self._take(text[:end])

    def _chunk(self) -> bytes:
        try:
            return os.read(self._master, 65_536)
        except OSError:  # the program has closed its end
            return b""

    def _take(self, text: str) -> None:
        at = 0
        for piece in _PIECE.finditer(text):
            self.strange += [text[at : piece.start()]] if piece.start() > at else []
            at = piece.end()
            self._take_piece(piece)
        self.strange += [text[at:]] if text[at:] else []

    def _take_piece(self, piece: re.Match[str]) -> None:
        if piece["row"]:
            self._row = int(piece["row"]) - 1
            self.lines[self._row] = ""
        elif piece["clear"] == "2J":
            self.lines = [""] * len(self.lines)
        elif piece["mode"]:
            mode, on = piece["mode"][:-1], piece["mode"].endswith("h")
            (self.modes.add if on else self.modes.discard)(mode)
        elif not piece[0].startswith("\x1b"):
            self.lines[self._row] += piece[0]

    def __repr__(self) -> str:
        return f"the screen {self.lines} (strange: {self.strange})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(30.0)
        os.close(self._master)
