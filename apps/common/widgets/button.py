"""TextButton: a button with words on it, and an icon if wanted."""

from __future__ import annotations

from kivy.metrics import dp
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout

from apps.common.hover import Hoverable
from apps.common.keys import Focusable
from apps.common.kv import load_beside
from apps.common.widgets import busyring as _busyring  # noqa: F401 - used in kv
from apps.common.widgets import icon as _icon  # noqa: F401 - used in kv

load_beside(__file__)


class TextButton(Focusable, Hoverable, ButtonBehavior, BoxLayout):
    """``on_release`` is the event to bind; ``filled`` for the main action; ``active`` for the chosen one
    of several; ``danger`` for what takes something away; ``busy``: what it began is still going on."""

    text = StringProperty("")
    icon = StringProperty("")
    filled = BooleanProperty(False)
    active = BooleanProperty(False)
    danger = BooleanProperty(False)
    busy = BooleanProperty(False)
    tone = ColorProperty([0, 0, 0, 1])
    tall = NumericProperty(dp(40))  # the least height; 0: it is not there
    wanted_width = NumericProperty(0.0)
    ink = ColorProperty([0, 0, 0, 1])
