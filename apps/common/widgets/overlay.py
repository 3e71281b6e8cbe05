"""Overlay: what Drawer and Sheet have in common: a scrim, a panel that slides in, Escape, Tab inside only."""

from __future__ import annotations

from typing import Any

from kivy.animation import Animation
from kivy.app import App
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.floatlayout import FloatLayout

from apps.common.kv import load_beside
from apps.common.widgets import iconbutton as _iconbutton  # noqa: F401 - used in kv
from apps.common.widgets import panel as _panel  # noqa: F401 - used in kv
from apps.common.widgets import text as _text  # noqa: F401 - used in kv

load_beside(__file__)


class Overlay(FloatLayout):
    """``open()``, ``close()``, ``toggle()``; children given in kv go into the panel, below its title."""

    title = StringProperty("")
    is_open = BooleanProperty(False)
    lift = NumericProperty(0.0)  # 0 away, 1 in place
    dim = NumericProperty(1.0)  # how much what lies below is darkened
    __events__: tuple[str, ...] = ("on_open", "on_close")

    def on_open(self) -> None:
        """It has been opened: fill it, scroll to what is current."""

    def on_close(self) -> None:
        """It has been closed."""

    def add_widget(self, widget: Any, *args: Any, **kwargs: Any) -> None:
        if "content" in self.ids:
            self.ids.content.add_widget(widget, *args, **kwargs)
        else:  # the panel itself, from the class's own rule
            super().add_widget(widget, *args, **kwargs)

    def on_kv_post(self, _base: Any) -> None:
        (self._panel,) = self.children  # the widget itself: ids hold only weak references
        self._take_away()

    def open(self, *_: object) -> None:
        if self.is_open:
            return
        self.is_open = True
        if self._panel.parent is None:
            super().add_widget(self._panel)
        self.dispatch("on_open")
        self._move(1, 0.2, "out_cubic")
        keys = getattr(App.get_running_app(), "keys", None)
        if keys is not None:
            keys.opened(self, self.close)

    def close(self, *_: object) -> None:
        if not self.is_open:
            return
        self.is_open = False
        self._move(0, 0.15, "in_cubic")
        keys = getattr(App.get_running_app(), "keys", None)
        if keys is not None:
            keys.closed(self)
        self.dispatch("on_close")

    def toggle(self, *_: object) -> None:
        if self.is_open:
            self.close()
        else:
            self.open()

    def _move(self, lift: float, seconds: float, transition: str) -> None:
        Animation.cancel_all(self, "lift")
        animation = Animation(lift=lift, d=seconds, t=transition)
        animation.bind(on_complete=self._take_away)
        animation.start(self)

    def _take_away(self, *_: object) -> None:
        """A closed panel is not in the tree: it costs no drawing and no layout."""
        if not self.is_open and self._panel.parent is not None:
            super().remove_widget(self._panel)

    def on_touch_down(self, touch: Any) -> bool:
        if not self.is_open:
            return False
        if not self.ids.panel.collide_point(*touch.pos):
            self.close()
            return True
        super().on_touch_down(touch)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        return bool(super().on_touch_move(touch)) if self.is_open else False

    def on_touch_up(self, touch: Any) -> bool:
        return bool(super().on_touch_up(touch)) if self.is_open else False
