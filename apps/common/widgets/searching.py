"""Searching: something is being looked for, and will not take long."""

from __future__ import annotations

from kivy.animation import Animation
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common.kv import load_beside
from apps.common.widgets import busyring as _busyring  # noqa: F401 - used in kv
from apps.common.widgets import text as _text  # noqa: F401 - used in kv

load_beside(__file__)

PATIENCE_S = 0.2  # what is found sooner was never looked for: nothing flickers


class Searching(BoxLayout):
    """A ring and a word while ``active``; nothing otherwise."""

    active = BooleanProperty(False)
    text = StringProperty("")
    lift = NumericProperty(0.0)

    def on_active(self, _widget: object, active: bool) -> None:
        Animation.cancel_all(self, "lift")
        self.lift = 0.0
        if active:
            (Animation(d=PATIENCE_S) + Animation(lift=1.0, d=0.15)).start(self)
