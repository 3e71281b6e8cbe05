"""Lets the process that started an app push the app's own controls, over its standard input and output.

Only with ``--drive``, and there is no port: whoever holds the pipes has started the program. One JSON
object per line.

    → {"id": 1, "do": "click", "on": "next_page"}
    ← {"reply": 1, "ok": true, "at_ns": 81236…}                    when the finger went up
    ← {"event": "seen", "at_ns": 81237…, "seen": {"page": 12, …}}  when what is on screen changed, after it
    was drawn

Touches and keys go through the window's own event path, so that a control which is covered, disabled or
off screen does not work here either. Times are ``time.monotonic_ns()``, which all processes of one machine
share.
A reader thread takes lines in; everything else runs on Kivy's main thread. End of input ends the app.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from kivy.base import ExceptionManager
from kivy.clock import Clock
from kivy.core.window import Window

from apps.common.gestures import (
    Gesture,
    Unreachable,
    clear,
    click,
    drag,
    hold,
    press,
    swipe,
    type_in,
    words_of,
)

SETTLE_S = 0.05  # what changes without being drawn is noticed after this


class Driven(Protocol):
    """What the driver needs of an app."""

    moving: frozenset[str]

    def observe(self) -> dict[str, Any]: ...

    def stop(self) -> None: ...


class Driver:
    """Takes commands one after the other: a gesture is over before the next one begins."""

    def __init__(self, app: Driven, source: TextIO | None = None, sink: TextIO | None = None) -> None:
        self._app = app
        self._source = source or sys.stdin
        self._sink = sink or _own_stdout()
        self._waiting: deque[dict[str, Any]] = deque()
        self._gesture: Gesture | None = None
        self._current: dict[str, Any] = {}
        self._last: dict[str, Any] | None = None
        self._pictures: list[tuple[Any, str]] = []

    def start(self) -> None:
        """Begin to listen and to tell."""
        flip = Window.flip

        def flip_and_look() -> None:
            if self._pictures:
                self._take_pictures()
            flip()
            self._look()

        Window.flip = flip_and_look
        Clock.schedule_interval(lambda _dt: self._look(), SETTLE_S)
        Clock.schedule_interval(lambda _dt: self._step(), 0)
        threading.Thread(target=self._listen, name="driver", daemon=True).start()

    # -- in --------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        for line in self._source:
            if line.strip():
                self._waiting.append(json.loads(line))
        self._waiting.append({"do": "quit"})  # nobody is there any more

    def _step(self) -> None:
        """One frame of the current gesture, or the next command."""
        if self._gesture is not None:
            try:
                next(self._gesture)
            except StopIteration as end:
                self._gesture = None
                self._reply(at_ns=end.value)
            except Unreachable as error:
                self._gesture = None
                self._reply(error=str(error))
            except Exception as error:  # the app's own: the finger did its part
                self._gesture = None
                self._reply()
                if ExceptionManager.handle_exception(error) == ExceptionManager.RAISE:
                    raise
        elif self._waiting:
            self._current = self._waiting.popleft()
            self._begin(self._current)

    def _begin(self, command: dict[str, Any]) -> None:
        gestures: dict[str, Callable[[], Gesture]] = {
            "click": lambda: click(command["on"], command.get("at", (0.5, 0.5))),
            "hold": lambda: hold(command["on"], command.get("for_s", 0.6)),
            "drag": lambda: drag(command["on"], command["to"]),
            "swipe": lambda: swipe(command.get("dx", 0.0), command.get("dy", 0.0), command.get("on")),
            "key": lambda: press(command["press"]),
            "type": lambda: type_in(command["text"], command.get("on")),
            "clear": lambda: clear(command["on"]),
        }
        verb = command.get("do")
        if verb in gestures:
            self._gesture = gestures[verb]()
        elif verb == "observe":
            self._reply(seen=self._app.observe())
        elif verb == "read":
            self._read(command["on"])
        elif verb == "resize":
            Window.size = tuple(command["size"])
            self._reply()
        elif verb == "screenshot":
            self._pictures.append((command.get("id"), command["to"]))
            Window.canvas.ask_update()
        elif verb == "quit":
            self._reply()
            self._app.stop()
        else:
            self._reply(error=f"no such command: {verb!r}")

    def _read(self, name: str) -> None:
        """What is written there: in this reply alone."""
        try:
            self._reply(text=words_of(name))
        except Unreachable as error:
            self._reply(error=str(error))

    # -- out -------------------------------------------------------------------------------------------

    def _reply(self, *, at_ns: int | None = None, error: str | None = None, **more: Any) -> None:
        self._tell(
            {
                "reply": self._current.get("id"),
                "ok": error is None,
                "error": error,
                "at_ns": at_ns or _now(),
                **more,
            }
        )

    def _look(self) -> None:
        at_ns = _now()
        seen = self._app.observe()
        steady = {name: value for name, value in seen.items() if name not in self._app.moving}
        if steady != self._last:
            self._last = steady
            self._tell({"event": "seen", "at_ns": at_ns, "seen": seen})

    def _take_pictures(self) -> None:
        for command_id, path in self._pictures:
            save_window(path)
            self._tell({"reply": command_id, "ok": True, "at_ns": _now()})
        self._pictures.clear()

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._sink.write(json.dumps(message, ensure_ascii=False) + "\n")
            self._sink.flush()
        except (BrokenPipeError, ValueError):
            self._app.stop()


def save_window(path: str) -> None:
    """Write what has been drawn into the window to a PNG file."""
    from kivy.core.image import Image
    from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels
    from kivy.graphics.texture import Texture

    width, height = int(Window.width), int(Window.height)
    pixels = bytearray(glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE))
    pixels[3::4] = b"\xff" * (width * height)
    texture = Texture.create(size=(width, height), colorfmt="rgba")
    texture.blit_buffer(bytes(pixels), colorfmt="rgba", bufferfmt="ubyte")
    Image(texture).save(path, flipped=True)


def _own_stdout() -> TextIO:
    """Standard output for us alone: whatever else is printed goes to standard error, and cannot break a
    line of ours."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


def _now() -> int:
    return time.monotonic_ns()
