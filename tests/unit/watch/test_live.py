"""What is shown when; real threads, a server in memory."""

from __future__ import annotations

import io
import os
import queue
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dalsegno as ds
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


class Silent:
    """A client to which nothing happens but what the test does. What is subscribed stands in `wakes`."""

    status = ds.Status(ds.Link.LIVE, "", ds.Saved.EVERYWHERE)

    def __init__(self) -> None:
        self.wakes: dict[str, Callable[[object], object]] = {}
        self._recent_list = SimpleNamespace(on_change=self._taker("recent"))
        self.on_status, self.on_devices = self._taker("status"), self._taker("devices")
        self.recent: Callable[[int], list[ds.Recent]] = lambda limit: []
        self.devices: Callable[[], list[ds.DeviceInfo]] = list
        self.now_ms = lambda: 0

    def _taker(self, name: str) -> Callable[[Callable[[object], object]], Callable[[], object]]:
        def take(callback: Callable[[object], object]) -> Callable[[], object]:
            self.wakes[name] = callback
            return lambda: self.wakes.pop(name)

        return take

    def happens(self, what: str) -> None:
        if what == "resize":
            os.kill(os.getpid(), signal.SIGWINCH)
        else:
            self.wakes[what](None)


class NeverIdle(queue.SimpleQueue[None]):
    """Nobody waits at it: what wakes is there already, or will never come. `last`: the newest of them."""

    last: NeverIdle

    def __init__(self) -> None:
        NeverIdle.last = self

    def get(self, block: bool = True, timeout: float | None = None) -> None:
        assert not self.empty(), "nothing wakes it"
        super().get()


@pytest.mark.parametrize("what", ["status", "devices", "recent", "resize"])
def test_each_thing_that_happens_wakes_it(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself, and a burst of it once; afterwards nobody is called any more."""
    monkeypatch.setattr(queue, "SimpleQueue", NeverIdle)
    client: Any = Silent()
    before = signal.getsignal(signal.SIGWINCH)

    def sees(_: View, looks: int) -> bool:
        for _n in range(3 if looks == 1 else 0):
            client.happens(what)
        assert looks == 1 or NeverIdle.last.empty()
        return looks == 2

    run(client, sees)
    assert {} == client.wakes
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
