"""A terminal that is drawn on, and given back as it was. One thread.

Plain ANSI, as terminals of the last forty years and small devices understand it. Only lines that are
otherwise than before are written. NO_COLOR is heeded.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Self, TextIO

from dalsegno._watch.screen import BAD, BOLD, DIM, GOOD, PLAIN, Line

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
"""The other screen, no cursor, no wrapping: a width that a font sees otherwise costs one cell, no line."""
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_STYLES = {PLAIN: "", BOLD: "\x1b[1m", DIM: "\x1b[2m", GOOD: "\x1b[32m", BAD: "\x1b[33m"}
_COLOURS = (GOOD, BAD)
SMALLEST = os.terminal_size((20, 8))


def is_terminal(out: TextIO) -> bool:
    """Whether it can be drawn on."""
    return out.isatty() and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def without_echo(keys: TextIO) -> Iterator[None]:
    """What is typed meanwhile neither stands in the picture, nor goes to the shell afterwards."""
    if sys.platform == "win32" or not keys.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(keys.fileno())
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(keys.fileno(), termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # it is closed already
            termios.tcsetattr(keys.fileno(), termios.TCSAFLUSH, before)


def text(line: Line) -> str:
    """Without any style."""
    return "".join(piece for _, piece in line).rstrip()


class Terminal:
    """Usable as a context manager."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._drawn: list[str] = []
        self._size: os.terminal_size | None = None
        self._plain = "NO_COLOR" in os.environ

    def __enter__(self) -> Self:
        self._write(_ENTER)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # it is closed already
            self._write(_LEAVE)

    def size(self) -> os.terminal_size:
        """As it is now; one that does not know its size is taken for the smallest."""
        try:
            size = os.get_terminal_size(self._out.fileno())
        except OSError:
            return SMALLEST
        return size if size.columns and size.lines else SMALLEST

    def draw(self, lines: Sequence[Line]) -> None:
        """The whole picture; its lines are those of `size`, or fewer."""
        size = self.size()
        if size != self._size:  # a terminal that was resized shows what it likes
            self._size, self._drawn = size, []
            self._write("\x1b[2J")
        drawn = [self._styled(line) for line in lines]
        blank = [""] * (len(self._drawn) - len(drawn))
        before = [*self._drawn, *[""] * len(drawn)]
        news = [(n, line) for n, line in enumerate([*drawn, *blank], 1) if line != before[n - 1]]
        self._write("".join(f"\x1b[{number};1H{line}\x1b[K" for number, line in news))
        self._drawn = drawn

    def _styled(self, line: Line) -> str:
        return "".join(self._in_style(style, piece) for style, piece in line)

    def _in_style(self, style: str, piece: str) -> str:
        code = "" if self._plain and style in _COLOURS else _STYLES[style]
        return f"{code}{piece}\x1b[0m" if code and piece else piece

    def _write(self, what: str) -> None:
        self._out.write(what)
        self._out.flush()
