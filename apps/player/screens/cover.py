"""CoverArt: the big picture of the track that plays."""

from __future__ import annotations

from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from apps.common.kv import load_beside

load_beside(__file__)


class CoverArt(Widget):
    """A square in the middle of its room; `texture` is any square picture."""

    texture = ObjectProperty(None, allownone=True)
    side = NumericProperty(0.0)
