"""Starts an app in its own process and pushes its controls: for the demo and for tests.

    with AppProcess("reader", "--profile", "phone", "--size", "390x780", book) as phone:
        at_ns = phone.click("next_page")
        seen = phone.wait(lambda s: s["page"] == 2)

Each AppProcess has one reader thread; its methods may be called from any one thread at a time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

READY_S = 60.0  # a cold start on a busy machine
REPLY_S = 60.0
CLOSE_S = 20.0  # the app's own bounded flush, with room for a busy machine


class DriveError(Exception):
    """An app did not do what it was told; says which app, what was wanted, and what was on screen."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was on an app's screen, and when it was drawn."""

    at_ns: int
    what: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.what.get(name)


class AppProcess:
    """One running app. ``name`` is for messages; output that is not the driver's goes to ``log``."""

    def __init__(self, module: str, *arguments: object, name: str = "", log: Path | None = None) -> None:
        self.name = name or module
        self._log = log.open("ab") if log is not None else subprocess.DEVNULL
        self._news = threading.Condition()
        self._history: list[Seen] = []
        self._replies: dict[int, dict[str, Any]] = {}
        self._ended = False
        self._last_id = 0
        self.started_ns = time.monotonic_ns()
        # A session of its own: Ctrl-C in the terminal is for the parent, which then ends its apps in good
        # order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, "--drive", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )
        self._ears = threading.Thread(target=self._listen, name=f"hears {self.name}", daemon=True)
        self._ears.start()

    def __enter__(self) -> AppProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what is on screen -----------------------------------------------------------------------------

    @property
    def history(self) -> list[Seen]:
        """Everything that has been on screen, oldest first."""
        with self._news:
            return list(self._history)

    def wait(
        self,
        holds: Callable[[Seen], Any],
        what: str = "",
        *,
        timeout_s: float = 60.0,
        since_ns: int | None = None,
    ) -> Seen:
        """The first screen for which ``holds``, from what was on it at ``since_ns`` on (None: from what is
        on it now).

        Raises DriveError, with what is on screen instead, when the time is over or the app has ended.
        """
        deadline = time.monotonic() + timeout_s
        with self._news:
            next_index = self._index_at(since_ns)
            while True:
                for seen in self._history[next_index:]:
                    if holds(seen):
                        return seen
                next_index = len(self._history)
                left_s = deadline - time.monotonic()
                if left_s <= 0 or self._ended:
                    raise DriveError(self._missed(what or "what was waited for", timeout_s))
                self._news.wait(left_s)

    def _index_at(self, since_ns: int | None) -> int:
        """Of the screen that was shown at that time."""
        shown = [i for i, seen in enumerate(self._history) if since_ns is None or seen.at_ns <= since_ns]
        return shown[-1] if shown else 0

    def ready(self, timeout_s: float = READY_S) -> Seen:
        """Wait until the app has drawn its first screen."""
        return self.wait(lambda _seen: True, "the first screen", timeout_s=timeout_s)

    def observe(self) -> Seen:
        """What is on screen right now, moving values included."""
        reply = self.send("observe")
        return Seen(reply["at_ns"], reply["seen"])

    def _missed(self, what: str, timeout_s: float) -> str:
        last = dict(self._history[-1].what) if self._history else "nothing yet"
        how = "ended before it showed" if self._ended else f"did not show within {timeout_s:g} s:"
        return f"{self.name} {how} {what}. On screen: {last}"

    # -- controls: each returns the moment of the action, in monotonic ns ------------------------------

    def click(self, on: str, at: tuple[float, float] = (0.5, 0.5)) -> int:
        """Touch a widget, at its centre or at these fractions of its size, from its lower left corner."""
        return int(self.send("click", on=on, at=at)["at_ns"])

    def drag(self, on: str, to: float) -> int:
        return int(self.send("drag", on=on, to=to)["at_ns"])

    def swipe(self, dx: float, dy: float = 0.0, on: str | None = None) -> int:
        return int(self.send("swipe", dx=dx, dy=dy, on=on)["at_ns"])

    def key(self, press: str) -> int:
        return int(self.send("key", press=press)["at_ns"])

    def type(self, text: str, on: str | None = None) -> int:
        """Type into a field, or into the one that has the focus."""
        return int(self.send("type", text=text, on=on)["at_ns"])

    def clear(self, on: str) -> int:
        """Take out what is in a field."""
        return int(self.send("clear", on=on)["at_ns"])

    def read(self, on: str) -> str:
        """What is written in a widget on screen; it is in no `Seen`."""
        return str(self.send("read", on=on)["text"])

    def resize(self, width: int, height: int) -> int:
        return int(self.send("resize", size=[width, height])["at_ns"])

    def screenshot(self, to: Path) -> Path:
        to.parent.mkdir(parents=True, exist_ok=True)
        self.send("screenshot", to=str(to))
        return to

    def send(self, do: str, **more: Any) -> dict[str, Any]:
        """One command and its reply; raises DriveError if it could not be done."""
        with self._news:
            self._last_id += 1
            number = self._last_id
        try:
            stdin = self._pipe(self._process.stdin)
            stdin.write(json.dumps({"id": number, "do": do, **more}) + "\n")
            stdin.flush()
        except OSError:
            raise DriveError(f"{self.name} has ended, and cannot {do}") from None
        with self._news:
            self._news.wait_for(lambda: number in self._replies or self._ended, REPLY_S)
            reply = self._replies.pop(number, None)
        if reply is None:
            more.pop("text", None)  # perhaps a password
            raise DriveError(f"{self.name} {'ended' if self._ended else 'gave no answer'} on: {do} {more}")
        if not reply["ok"]:
            raise DriveError(f"{self.name}: {reply['error']}")
        return reply

    # -- life ------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def ask_to_end(self) -> None:
        """Tell the app to close, and do not wait for it."""
        with suppress(OSError):
            self._pipe(self._process.stdin).close()  # end of input means: quit

    def close(self) -> int:
        """End the app as a user does, by closing it; kill it only if it does not go. Its exit code."""
        if self.running:
            self.ask_to_end()
            try:
                self._process.wait(CLOSE_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._release()
        return self._process.returncode

    def kill(self) -> None:
        """End it at once, as a crash or an empty battery does."""
        self._process.kill()
        self._process.wait()
        self._release()

    def _release(self) -> None:
        self.ask_to_end()
        self._ears.join(CLOSE_S)  # it reads to the end of the output, and closes it
        if not isinstance(self._log, int):
            self._log.close()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe

    def _listen(self) -> None:
        with self._pipe(self._process.stdout) as lines:
            for line in lines:
                self._hear(json.loads(line))
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _hear(self, message: dict[str, Any]) -> None:
        with self._news:
            if "reply" in message:
                self._replies[message["reply"]] = message
            else:
                self._history.append(Seen(message["at_ns"], message["seen"]))
            self._news.notify_all()
