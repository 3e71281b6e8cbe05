"""Drawer: a panel from the side with a list in it: a table of contents, a queue."""

from __future__ import annotations

from kivy.metrics import dp
from kivy.properties import NumericProperty, OptionProperty

from apps.common.kv import load_beside
from apps.common.widgets.overlay import Overlay

load_beside(__file__)


class Drawer(Overlay):
    """``side``: "left" or "right"; ``breadth``: how wide it wants to be, in pixels."""

    side = OptionProperty("left", options=["left", "right"])
    breadth = NumericProperty(dp(360))
