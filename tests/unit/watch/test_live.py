"""What is shown when; real threads, a server in memory."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dalsegno._client.client import Client
from dalsegno._watch.live import Log, Screen, watch
from dalsegno._watch.screen import Line
from dalsegno._watch.terminal import Terminal
from dalsegno._watch.view import View
from dalsegno.testing import SimulatedFirestore
from tests.support.client_tests import Book
from tests.unit.watch.views import texts


class Seen:
    """A display that does something after each look, and ends the watching once it has seen enough.

    `rest_s` is an hour, so that what is waited for comes by being told, or the test never ends.
    """

    def __init__(self, then: Callable[[View, int], bool]) -> None:
        self._then = then
        self.looks = 0

    def show(self, view: View) -> float:
        self.looks += 1
        if self._then(view, self.looks):
            raise KeyboardInterrupt
        return 3600.0


def run(client: Client, then: Callable[[View, int], bool]) -> None:
    with pytest.raises(KeyboardInterrupt):
        watch(client, Seen(then))


@pytest.fixture
def cloud() -> SimulatedFirestore:
    return SimulatedFirestore()


def test_it_is_shown_again_when_another_device_edits(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """And with the name of that device, and who is online, as soon as these are known."""
    with cloud.client(tmp_path, "phone") as phone, cloud.client(tmp_path, "watch") as client:

        def sees(view: View, looks: int) -> bool:
            if looks == 1:
                phone.open("moby-dick", Book).update(note="call me")
            edits = [(s.id, s.state["note"], s.device.name if s.device else "") for s in view.sessions]
            return [("moby-dick", "call me", "phone")] == edits and all(d.online for d in view.devices[:2])

        run(client, sees)


def test_it_is_shown_again_when_the_window_is_resized(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """The handler that was there before is there afterwards."""
    before = signal.getsignal(signal.SIGWINCH)
    with cloud.client(tmp_path, "watch", reachable=False) as client:
        seen: list[int] = []

        def sees(_: View, looks: int) -> bool:
            seen.append(looks)
            if looks == 1:
                os.kill(os.getpid(), signal.SIGWINCH)
            return looks == 2

        run(client, sees)
        client.close(0.0)
    assert before == signal.getsignal(signal.SIGWINCH)


def test_what_ages_is_shown_again_without_a_change(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """After as long as the display asked for."""

    class Impatient(Seen):
        def show(self, view: View) -> float:
            super().show(view)
            return 0.0

    with cloud.client(tmp_path, "watch", reachable=False) as client:
        with pytest.raises(KeyboardInterrupt):
            watch(client, Impatient(lambda _, looks: looks == 20))
        client.close(0.0)


def test_a_screen_draws_the_picture_and_a_log_its_lines(
    cloud: SimulatedFirestore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen in the terminal's size, until the next age; the log until the next change."""
    drawn: list[list[Line]] = []
    monkeypatch.setattr(Terminal, "size", lambda _: os.terminal_size((30, 8)))
    monkeypatch.setattr(Terminal, "draw", lambda _, lines: drawn.append(lines))
    out = io.StringIO()
    with cloud.client(tmp_path, "watch", reachable=False) as client:
        client.open("moby-dick", Book).update(note="call me")
        client.close(0.0)
    with cloud.client(tmp_path, "watch", reachable=False) as client:

        def shows(view: View, _: int) -> bool:
            assert Screen(Terminal(out)).show(view) >= 10
            Log(out).show(view)
            return True

        run(client, shows)
        client.close(0.0)
    assert "moby-dick" == texts(drawn[0])[1].split()[0]
    assert "session moby-dick book/1 watch: note call me" in out.getvalue()
