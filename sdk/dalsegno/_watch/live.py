"""Shows what a client knows, and again whenever that is otherwise, until it is interrupted.

Runs on the main thread, and sleeps there until a callback, a resized window or an age wakes it.
"""

from __future__ import annotations

import contextlib
import queue
import signal
from collections.abc import Callable, Iterator
from typing import Protocol, TextIO

from dalsegno._client.client import Client
from dalsegno._watch.changes import told
from dalsegno._watch.screen import lines
from dalsegno._watch.terminal import Terminal
from dalsegno._watch.view import View, look, stale_in_s


class Display(Protocol):
    """Where a view is shown."""

    def show(self, view: View) -> float | None:
        """Shows it; gives after how many seconds it wants to be shown again; None = not before a change."""
        ...


class Screen:
    """A terminal: the whole picture."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def show(self, view: View) -> float:
        size = self._terminal.size()
        self._terminal.draw(lines(view, size.columns, size.lines))
        return stale_in_s(view)


class Log:
    """A pipe or a file: a line for each change."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._before: View | None = None

    def show(self, view: View) -> None:
        for line in told(self._before, view):
            print(line, file=self._out)
        self._out.flush()
        self._before = view


def watch(client: Client, display: Display) -> None:
    """Returns when the client is closed; else it ends with KeyboardInterrupt, or with what `show` raises."""
    wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # its `put` may be called by a signal's handler
    with _woken_by(client, lambda *_: wake.put(None)):
        while True:
            rest_s = display.show(look(client))
            with contextlib.suppress(queue.Empty):
                wake.get(timeout=rest_s)
            while not wake.empty():  # a burst is one change
                wake.get()


@contextlib.contextmanager
def _woken_by(client: Client, wake: Callable[..., None]) -> Iterator[None]:
    ends = [client.on_status(wake), client.on_devices(wake), client._recent_list.on_change(wake)]
    number = getattr(signal, "SIGWINCH", None)
    before = signal.signal(number, wake) if number is not None else None
    try:
        yield
    finally:
        if number is not None:
            signal.signal(number, before)
        for end in ends:
            end()
