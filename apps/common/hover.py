"""What the pointer is on. Touch screens have none: then ``hovered`` stays False."""

from __future__ import annotations

from typing import Any

from kivy.core.window import Window
from kivy.event import EventDispatcher
from kivy.properties import BooleanProperty


class Hoverable(EventDispatcher):
    """Mixin for a widget: ``hovered`` is True while the mouse pointer is on it."""

    hovered = BooleanProperty(False)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        Window.bind(mouse_pos=self._pointer_moved, on_cursor_leave=self._pointer_left)

    def _pointer_moved(self, _window: Any, position: tuple[float, float]) -> None:
        widget: Any = self
        self.hovered = (
            widget.get_root_window() is not None
            and not widget.disabled
            and widget.collide_point(*widget.to_widget(*position))
        )

    def _pointer_left(self, *_: object) -> None:
        self.hovered = False
