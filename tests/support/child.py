"""A process of our own that is asked on its standard input and answers on its standard output, in JSON lines.

The parent holds a `Child`; the process runs `serve`. What the process tells unasked are events. Its standard
error is kept, for the message when it dies.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

PATIENCE_S = 60.0
_print_lock = threading.Lock()


class ChildError(Exception):
    """What the process raised: `kind` is the class's name, the text its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Child:
    """`python -m module arguments…`, or another program that talks as `serve` does; ended with the block."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = (sys.executable, "-m"),
    ) -> None:
        self.started_ns = time.monotonic_ns()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [*program, module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **(env or {})},
        )
        self.pid = self._process.pid
        self.events: list[dict[str, Any]] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self._news = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, name=f"child-{self.pid}", daemon=True)
        self._reader.start()

    # --- asking ---

    def ask(self, do: str, /, **arguments: Any) -> Any:
        """Has the process do something and gives the result; raises ChildError with what it raised."""
        return self.answer(self.begin(do, **arguments))

    def begin(self, do: str, /, **arguments: Any) -> int:
        """Like `ask`, without waiting: `answer` gives the result."""
        number = next(self._numbers)
        line = json.dumps({"number": number, "do": do, "with": arguments})
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        return number

    def answer(self, number: int, timeout_s: float = PATIENCE_S) -> Any:
        self._wait(lambda: number in self._answers, timeout_s, "an answer")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise ChildError(*answer["error"])
        return answer["result"]

    def event(
        self, fits: Callable[[dict[str, Any]], object], timeout_s: float = PATIENCE_S
    ) -> dict[str, Any]:
        """The first event that fits, past or future. It stays in `events`."""
        found: list[dict[str, Any]] = []
        seen = 0

        def look() -> bool:
            nonlocal seen
            while seen < len(self.events) and not found:
                if fits(self.events[seen]):
                    found.append(self.events[seen])
                seen += 1
            return bool(found)

        self._wait(look, timeout_s, "an event")
        return found[0]

    def _wait(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        with self._news:
            done = self._news.wait_for(lambda: condition() or self._ended, timeout_s)
            if not condition():
                state = "ended" if self._ended else "said nothing of the kind" if done else "is silent"
                raise AssertionError(
                    f"waited for {what}, but the process {state}. Last events: {self.events[-5:]}\n"
                    f"{self.errors()[-4000:]}"
                )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def errors(self) -> str:
        """What it wrote on its standard error so far."""
        return os.pread(self._errors.fileno(), 1_000_000, 0).decode(errors="replace")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            with self._news:
                if "number" in said:
                    self._answers[said["number"]] = said
                else:
                    self.events.append(said)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    # --- ending ---

    def kill(self) -> None:
        """SIGKILL: it gets no chance to tidy up."""
        self._process.send_signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """Closes its standard input, upon which it ends by itself. Gives its exit code."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        return self.wait()

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        code = self._process.wait(timeout_s)
        self._reader.join(timeout_s)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._process.poll() is None:
                self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
        finally:
            self._errors.close()


# --- in the process -----------------------------------------------------------------------------------


def tell(**event: Any) -> None:
    """Tells the parent something unasked; from any thread."""
    _say(event)


def serve(target: object) -> None:
    """Answers the parent by calling the methods of `target`, until the parent closes our standard input."""
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        try:
            result = getattr(target, asked["do"])(**asked["with"])
            _say({"number": asked["number"], "result": result})
        except Exception as error:  # noqa: BLE001 - handed to the process that asked
            _say({"number": asked["number"], "error": [type(error).__name__, str(error)]})


def _say(said: dict[str, Any]) -> None:
    line = json.dumps(said, default=repr) + "\n"
    with _print_lock:
        sys.stdout.write(line)
        sys.stdout.flush()
