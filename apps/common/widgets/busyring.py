"""BusyRing: something is going on. (Kivy has a Spinner, which is a drop-down list.)"""

from __future__ import annotations

from typing import Any

from kivy.animation import Animation
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty
from kivy.uix.widget import Widget

from apps.common.kv import load_beside

load_beside(__file__)


class BusyRing(Widget):
    """Turns while ``active``, and is not drawn otherwise."""

    active = BooleanProperty(False)
    angle = NumericProperty(0.0)
    color = ColorProperty([0, 0, 0, 1])

    def on_active(self, _widget: Any, active: bool) -> None:
        Animation.cancel_all(self, "angle")
        if active:
            self.angle = 0.0
            turning = Animation(angle=-360.0, d=0.9)
            turning.repeat = True
            turning.start(self)
