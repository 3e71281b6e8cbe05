"""Touches and key presses made by a program, through the window's own event path.

A gesture is a generator: it is advanced once per frame, and returns ``time.monotonic_ns()`` of the moment
that counts:
when the finger went up, when the key went down. Runs on Kivy's main thread.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any

from kivy.base import EventLoop
from kivy.core.window import Window
from kivy.input.motionevent import MotionEvent
from kivy.uix.textinput import TextInput

from apps.common.keys import CODES

Gesture = Generator[None, None, int]
GLIDE_FRAMES = 6
RESTING_FRAMES, RESTING_S = 60, 2.0  # an animation is shorter; what another thread brings may take longer
BURST = 8  # a slow window finds several letters waiting; drawing each takes far longer than typing it
REST_FRAMES = 6
REST_S = 0.12  # a knob is grasped before it is moved; a list that scrolls decides by that (after 55 ms)


class Unreachable(Exception):
    """There is nothing to touch: says what was looked for, and what there is."""


class Finger(MotionEvent):
    """One finger on the window, in pixels from the lower left corner."""

    def __init__(self, x: float, y: float) -> None:
        super().__init__("driver", time.monotonic_ns(), _fractions(x, y), is_touch=True, type_id="touch")
        self.profile = ["pos", "button"]
        self.button = "left"

    def depack(self, args: dict[str, float]) -> None:
        self.sx, self.sy = args["sx"], args["sy"]
        super().depack(args)

    def down(self) -> None:
        EventLoop.post_dispatch_input("begin", self)

    def to(self, x: float, y: float) -> None:
        self.move(_fractions(x, y))
        EventLoop.post_dispatch_input("update", self)

    def up(self) -> None:
        EventLoop.post_dispatch_input("end", self)


def _fractions(x: float, y: float) -> dict[str, float]:
    return {"sx": x / max(1.0, Window.width - 1.0), "sy": y / max(1.0, Window.height - 1.0)}


def find(name: str) -> Any:
    """The widget with this kv id, or this ``tag``, that is on screen; the topmost if there are several."""
    known: set[str] = set()
    for root in Window.children:
        for widget in root.walk():
            named = dict(getattr(widget, "ids", {}))
            tag = getattr(widget, "tag", "")
            if tag:
                named[tag] = widget
            known.update(named)
            if name in named and _is_touchable(named[name]):
                return named[name]
    there = "it is not on screen" if name in known else f"there are: {', '.join(sorted(known))}"
    raise Unreachable(f"cannot touch {name!r}: {there}")


def words_of(name: str) -> str:
    """The text of a widget on screen; for what may be in no history: a code."""
    widget = find(name)
    if getattr(widget, "secret", False) or not isinstance(getattr(widget, "text", None), str):
        raise Unreachable(f"{name!r} is not to be read")
    return str(widget.text)


def _is_touchable(widget: Any) -> bool:
    if widget.get_root_window() is None or widget.disabled or widget.width < 2 or widget.height < 2:
        return False
    ancestor = widget
    while ancestor is not None and ancestor is not Window:
        if ancestor.opacity == 0:
            return False
        ancestor = ancestor.parent
    x, y = widget.to_window(*widget.center)
    return bool(0 <= x <= Window.width and 0 <= y <= Window.height)


def _resting(name: str) -> Generator[None, None, Any]:
    """The widget, once it is there and stands still: nobody aims at what slides in."""
    place, frames, until_s = None, 0, time.monotonic() + RESTING_S
    while frames < RESTING_FRAMES or time.monotonic() < until_s:
        frames += 1
        with suppress(Unreachable):
            widget = find(name)
            now = widget.to_window(*widget.center)
            if now == place:
                return widget
            place = now
        yield
    return find(name)


def click(name: str, at: tuple[float, float] = (0.5, 0.5)) -> Gesture:
    """Touch a widget and let go: at its centre, or at these fractions of its width and height."""
    widget = yield from _resting(name)
    finger = Finger(*widget.to_window(widget.x + at[0] * widget.width, widget.y + at[1] * widget.height))
    finger.down()
    yield
    at_ns = time.monotonic_ns()
    finger.up()
    return at_ns


def type_in(text: str, name: str | None = None) -> Gesture:
    """Touch a field, if one is named, and type: through the window, as a keyboard does."""
    if name is not None:
        yield from click(name)
        yield
    if not any(isinstance(w, TextInput) and w.focus for root in Window.children for w in root.walk()):
        raise Unreachable("nothing to type into: no field has the focus")
    for number, letter in enumerate(text, 1):
        Window.dispatch("on_textinput", letter)
        if number % BURST == 0 or number == len(text):
            yield
    return time.monotonic_ns()


def clear(name: str) -> Gesture:
    """Touch a field, and take out what is in it."""
    yield from click(name)
    yield
    yield from press("ctrl+a")
    return (yield from press("backspace"))


def hold(name: str, for_s: float) -> Gesture:
    """Touch the centre of a widget and stay on it for a while."""
    widget = yield from _resting(name)
    finger = Finger(*widget.to_window(*widget.center))
    finger.down()
    until_ns = time.monotonic_ns() + int(for_s * 1e9)
    while time.monotonic_ns() < until_ns:
        yield
    at_ns = time.monotonic_ns()
    finger.up()
    return at_ns


def drag(name: str, value: float) -> Gesture:
    """Drag the knob of a SeekBar to where ``value`` lies."""
    slider = yield from _resting(name)
    start, y = slider.to_window(slider.x_of(slider.shown), slider.center_y)
    end, _ = slider.to_window(slider.x_of(value), slider.center_y)
    return (yield from _glide((start, y), (end, y), rest_s=REST_S))


def swipe(dx: float, dy: float, name: str | None = None) -> Gesture:
    """Swipe across a widget, or the window, by fractions of its size: (-0.5, 0) is to the left by half of
    it."""
    if name is None:
        x, y, width, height = Window.width / 2, Window.height / 2, Window.width, Window.height
    else:
        widget = yield from _resting(name)
        (x, y), (width, height) = widget.to_window(*widget.center), widget.size
    step = (dx * width / 2, dy * height / 2)
    return (yield from _glide((x - step[0], y - step[1]), (x + step[0], y + step[1])))


def _glide(start: tuple[float, float], end: tuple[float, float], rest_s: float = 0.0) -> Gesture:
    finger = Finger(*start)
    finger.down()
    started, frames = time.monotonic(), 0
    while rest_s and (time.monotonic() < started + rest_s or frames < REST_FRAMES):
        frames += 1
        yield
    for x, y in _points(start, end):
        yield
        finger.to(x, y)
    yield
    at_ns = time.monotonic_ns()
    finger.up()
    return at_ns


def _points(start: tuple[float, float], end: tuple[float, float]) -> Iterator[tuple[float, float]]:
    for i in range(1, GLIDE_FRAMES + 1):
        part = i / GLIDE_FRAMES
        yield start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def press(chord: str) -> Gesture:
    """Press and release a key, as in ``right``, ``space``, ``ctrl+o``."""
    *modifiers, name = chord.split("+") if chord != "+" else ["+"]
    key = CODES.get(name, ord(name[0]))
    codepoint = name if len(name) == 1 else (" " if name == "space" else "")
    at_ns = time.monotonic_ns()
    Window.dispatch("on_key_down", key, 0, codepoint, modifiers)
    yield
    Window.dispatch("on_key_up", key, 0)
    return at_ns
