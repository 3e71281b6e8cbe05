"""Message: says what is wrong and what to do, then goes away by itself."""

from __future__ import annotations

from typing import Any

from kivy.animation import Animation
from kivy.clock import Clock
from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from apps.common.kv import load_beside
from apps.common.widgets import iconbutton as _iconbutton  # noqa: F401 - used in kv
from apps.common.widgets import text as _text  # noqa: F401 - used in kv
from apps.common.widgets.panel import Panel

load_beside(__file__)

SHOWN_S = 8.0  # time to read two lines twice


class Message(Panel):
    """``tell(what, to_do)``; ``tone`` is "info" or "bad"."""

    text = StringProperty("")
    to_do = StringProperty("")
    tone = StringProperty("info")
    is_open = BooleanProperty(False)
    lift = NumericProperty(0.0)
    shown_s = NumericProperty(SHOWN_S)
    _timer: Any = None

    def tell(self, text: str, to_do: str = "", *, tone: str = "info") -> None:
        """Show it, in place of the one that was there."""
        self.text, self.to_do, self.tone = text, to_do, tone
        self.is_open = True
        Animation.cancel_all(self)
        Animation(lift=1, d=0.16, t="out_cubic").start(self)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = Clock.schedule_once(lambda _dt: self.dismiss(), self.shown_s)

    def dismiss(self) -> None:
        if self.is_open:
            self.is_open = False
            Animation.cancel_all(self)
            Animation(lift=0, d=0.14, t="in_cubic").start(self)

    def on_touch_down(self, touch: Any) -> bool:
        if not self.is_open or not self.collide_point(*touch.pos):
            return False
        super().on_touch_down(touch)
        return True
