"""Panel: a box with round corners that lies above the rest and throws a soft shadow.

The shadow is a small texture stretched from its middle: one textured quad per panel, where a blur computed
per pixel costs more than all the rest of a screen together.
"""

from __future__ import annotations

from kivy.metrics import dp
from kivy.properties import ColorProperty, NumericProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common.kv import load_beside

load_beside(__file__)


class Panel(BoxLayout):
    """``radius``: of its corners; ``reach``: how far the shadow is seen; ``fall``: how far below."""

    radius = NumericProperty(dp(10))
    reach = NumericProperty(dp(18))
    fall = NumericProperty(dp(4))
    ground = ColorProperty([1, 1, 1, 1])
    edge = ColorProperty([0, 0, 0, 0])
