"""What is written to a terminal."""

from __future__ import annotations

import io
import os

import pytest

from dalsegno._watch.screen import BOLD, GOOD, PLAIN
from dalsegno._watch.terminal import SMALLEST, Terminal, is_terminal


class Paper(io.StringIO):
    """A terminal of a size that the test sets, and what was written since the last look."""

    def news(self) -> str:
        found = self.getvalue()
        self.seek(0)
        self.truncate()
        return found

    def isatty(self) -> bool:
        return True


def test_only_lines_that_changed_are_written() -> None:
    """Those that are no more are blanked."""
    paper = Paper()
    terminal = Terminal(paper)
    terminal.draw([((BOLD, "one"),), ((PLAIN, "two"),)])
    assert "\x1b[2J\x1b[1;1H\x1b[1mone\x1b[0m\x1b[K\x1b[2;1Htwo\x1b[K" == paper.news()
    terminal.draw([((BOLD, "one"),), ((PLAIN, "three"),)])
    assert "\x1b[2;1Hthree\x1b[K" == paper.news()
    terminal.draw([((BOLD, "one"),)])
    assert "\x1b[2;1H\x1b[K" == paper.news()
    terminal.draw([((BOLD, "one"),)])
    assert "" == paper.news()


def test_a_resized_terminal_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it, as nobody knows what it shows."""
    paper, sizes = Paper(), [SMALLEST]
    monkeypatch.setattr(Terminal, "size", lambda _: sizes[-1])
    terminal = Terminal(paper)
    terminal.draw([((PLAIN, "one"),)])
    paper.news()
    sizes.append(os.terminal_size((80, 24)))
    terminal.draw([((PLAIN, "one"),)])
    assert "\x1b[2J\x1b[1;1Hone\x1b[K" == paper.news()


def test_the_terminal_is_given_back_as_it_was() -> None:
    """Its own screen, its cursor and its wrapping; also when what is shown fails."""
    paper = Paper()
    with pytest.raises(KeyboardInterrupt), Terminal(paper):
        assert "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J" == paper.news()
        raise KeyboardInterrupt
    assert "\x1b[?7h\x1b[?25h\x1b[?1049l" == paper.news()


def test_no_colours_are_used_where_none_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR; bold and dim are no colours. A dumb terminal gets lines, like a pipe."""
    monkeypatch.setenv("NO_COLOR", "1")
    paper = Paper()
    Terminal(paper).draw([((GOOD, "live"), (BOLD, "one"))])
    assert "\x1b[2J\x1b[1;1Hlive\x1b[1mone\x1b[0m\x1b[K" == paper.news()
    monkeypatch.setenv("TERM", "xterm")
    assert is_terminal(paper)
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(paper)
