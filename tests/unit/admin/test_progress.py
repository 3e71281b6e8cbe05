"""The progress bar: drawn over itself on a terminal, silent elsewhere."""

from __future__ import annotations

import io

from dalsegno.admin._progress import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_grows_on_its_line() -> None:
    """On a terminal each step is drawn over the last one, and the end ends the line."""
    terminal = Terminal()
    now_s = iter([0.0, 1.0])
    with Bar(terminal, lambda: next(now_s)) as bar:
        bar("erasing", 50, 100)
        bar("erasing", 100, 100)
    half, full = "#" * 15 + "." * 15, "#" * 30
    assert f"\rerasing [{half}]  50%  50 of 100\rerasing [{full}] 100%  100 of 100\n" == terminal.getvalue()


def test_a_bar_does_not_hurry() -> None:
    """Between two drawings a tenth of a second goes by, but the last step is always shown."""
    terminal = Terminal()
    bar = Bar(terminal, lambda: 0.0)
    for done in range(1, 101):
        bar("erasing", done, 100)
    assert 2 == terminal.getvalue().count("\r")
    assert "100 of 100" in terminal.getvalue()


def test_without_a_total_it_counts() -> None:
    """Where nobody knows how many there are, the bar is a number."""
    terminal = Terminal()
    Bar(terminal)("reading", 7, 0)
    assert "\rreading: 7" == terminal.getvalue()


def test_where_nobody_looks_nothing_is_drawn() -> None:
    """Into a file or a pipe, and when told to be quiet, nothing is written."""
    file, terminal = io.StringIO(), Terminal()
    for bar in (Bar(file), Bar(terminal, quiet=True)):
        with bar:
            bar("erasing", 1, 2)
    assert ("", "") == (file.getvalue(), terminal.getvalue())
