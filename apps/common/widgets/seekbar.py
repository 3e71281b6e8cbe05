"""SeekBar: a thin bar to seek with, that tells only at the end of a drag where it was put.

``value`` is the truth from outside and may move at any time. While a finger is on the bar, ``shown``
follows the finger and ignores ``value``; at release ``on_commit(value)`` fires, once. Nothing is written
while dragging.
"""

from __future__ import annotations

from typing import Any

from kivy.clock import Clock
from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from apps.common.hover import Hoverable
from apps.common.keys import Focusable
from apps.common.kv import load_beside

load_beside(__file__)


def _plain(value: float) -> str:
    return f"{value:g}"


class SeekBar(Focusable, Hoverable, Widget):
    """Events: ``on_commit(value)`` at release or on a key; ``on_drag(value)`` for a preview meanwhile.

    ``buffered``: a second, fainter mark (furthest read, loaded so far). ``say``: value → text of the bubble.
    ``step``: what an arrow key adds. ``bubble``: show the value above the pointer.
    """

    value = NumericProperty(0.0)
    min = NumericProperty(0.0)
    max = NumericProperty(1.0)
    step = NumericProperty(0.05)
    buffered = NumericProperty(0.0)
    shown = NumericProperty(0.0)
    dragging = BooleanProperty(False)
    bubble = BooleanProperty(True)
    bubble_text = StringProperty("")
    bubble_x = NumericProperty(0.0)
    thickness = NumericProperty(dp(4))
    say = ObjectProperty(_plain)
    show_knob = BooleanProperty(False)  # always, and not only under the pointer

    # Measures that the .kv derives.
    at = NumericProperty(0.0)
    room = NumericProperty(0.0)
    thick = NumericProperty(0.0)
    knob = NumericProperty(0.0)

    __events__ = ("on_commit", "on_drag")

    def on_commit(self, value: float) -> None:
        """The user has put it here."""

    def on_drag(self, value: float) -> None:
        """The user is dragging over here."""

    def on_kv_post(self, _base: Any) -> None:
        for name in ("value", "min", "max"):
            self.fbind(name, self._follow)
        self._follow()

    def _follow(self, *_: object) -> None:
        if not self.dragging:
            self.shown = min(max(self.value, self.min), max(self.min, self.max))

    def fraction(self, value: float) -> float:
        """Where on the bar a value lies, 0…1."""
        span: float = self.max - self.min
        return min(1.0, max(0.0, (value - self.min) / span)) if span > 0 else 0.0

    def value_at(self, x: float) -> float:
        """The value under a horizontal position of the window."""
        room = max(1.0, self.width - 2 * self.inset)
        value: float = self.min + min(1.0, max(0.0, (x - self.x - self.inset) / room)) * (self.max - self.min)
        return value

    def x_of(self, value: float) -> float:
        x: float = self.x + self.inset + self.fraction(value) * (self.width - 2 * self.inset)
        return x

    @property
    def inset(self) -> float:
        return float(dp(8))

    def on_touch_down(self, touch: Any) -> bool:
        if self.disabled or not self.collide_point(*touch.pos):
            return bool(super().on_touch_down(touch))
        if getattr(touch, "is_mouse_scrolling", False):
            return False
        touch.grab(self)
        self.dragging = True
        self._drag_to(touch.x)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return bool(super().on_touch_move(touch))
        self._drag_to(touch.x)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return bool(super().on_touch_up(touch))
        touch.ungrab(self)
        self._put(self.value_at(touch.x))
        return True

    def _drag_to(self, x: float) -> None:
        self.shown = self.value_at(x)
        self._bubble(self.shown)
        self.dispatch("on_drag", self.shown)

    def _put(self, value: float) -> None:
        # The truth may take a moment to come back from outside: stay where the finger was until then.
        self.value = value
        self.dragging = False
        self._follow()
        self.dispatch("on_commit", value)

    def on_key(self, pressed: str) -> bool:
        moves = {"left": -self.step, "right": self.step, "down": -self.step, "up": self.step}
        if pressed not in moves:
            return False
        self._put(min(self.max, max(self.min, self.value + moves[pressed])))
        self._bubble(self.value)
        return True

    def _pointer_moved(self, window: Any, position: tuple[float, float]) -> None:
        super()._pointer_moved(window, position)
        if self.hovered and not self.dragging:
            self._bubble(self.value_at(self.to_widget(*position)[0]))

    def _bubble(self, value: float) -> None:
        self.bubble_text = self.say(value)
        self.bubble_x = self.x_of(value)

    def on_size(self, *_: object) -> None:
        Clock.schedule_once(self._follow, 0)
