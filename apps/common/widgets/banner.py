"""Banner: a quiet offer, above the content, that nobody has to answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.animation import Animation
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty

from apps.common.kv import load_beside
from apps.common.widgets import button as _button  # noqa: F401 - used in kv
from apps.common.widgets import iconbutton as _iconbutton  # noqa: F401 - used in kv
from apps.common.widgets.panel import Panel

load_beside(__file__)


class Banner(Panel):
    """``offer()`` shows it; it goes away when taken, dismissed or withdrawn."""

    icon = StringProperty("")
    text = StringProperty("")
    detail = StringProperty("")
    action = StringProperty("")
    is_open = BooleanProperty(False)
    lift = NumericProperty(0.0)  # 0 hidden, 1 in place
    taken = ObjectProperty(None, allownone=True)
    dismissed = ObjectProperty(None, allownone=True)

    def offer(
        self,
        text: str,
        *,
        detail: str = "",
        action: str = "",
        icon: str = "",
        on_action: Callable[[], Any] | None = None,
        on_dismiss: Callable[[], Any] | None = None,
    ) -> None:
        """Show the offer, in place of the one that was there."""
        self.text, self.detail, self.action, self.icon = text, detail, action, icon
        self.taken, self.dismissed = on_action, on_dismiss
        self.is_open = True
        Animation.cancel_all(self)
        Animation(lift=1, d=0.18, t="out_cubic").start(self)

    def take(self) -> None:
        """The user pressed the action."""
        self._leave(self.taken)

    def dismiss(self) -> None:
        """The user does not want it."""
        self._leave(self.dismissed)

    def withdraw(self) -> None:
        """The offer no longer makes sense: away without calling anything."""
        self._leave(None)

    def _leave(self, then: Callable[[], Any] | None) -> None:
        if not self.is_open:
            return
        self.is_open = False
        self.taken = self.dismissed = None
        Animation.cancel_all(self)
        Animation(lift=0, d=0.14, t="in_cubic").start(self)
        if then is not None:
            then()

    def on_touch_down(self, touch: Any) -> bool:
        if not self.is_open or not self.collide_point(*touch.pos):
            return False
        super().on_touch_down(touch)
        return True
