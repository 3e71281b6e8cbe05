"""EmptyState: what a screen shows when there is nothing yet: what it is for, and the one thing to do."""

from __future__ import annotations

from kivy.properties import StringProperty
from kivy.uix.anchorlayout import AnchorLayout

from apps.common.kv import load_beside
from apps.common.widgets import button as _button  # noqa: F401 - used in kv
from apps.common.widgets import text as _text  # noqa: F401 - used in kv

load_beside(__file__)


class EmptyState(AnchorLayout):
    """``on_act`` fires when its button is pressed; no button without ``action``."""

    icon = StringProperty("")
    title = StringProperty("")
    text = StringProperty("")
    action = StringProperty("")
    action_icon = StringProperty("")
    __events__ = ("on_act",)

    def on_act(self) -> None:
        """The button was pressed."""
