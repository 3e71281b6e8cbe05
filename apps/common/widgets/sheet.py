"""Sheet: a small panel with a few controls: from below on a phone, a card in the corner on a laptop."""

from __future__ import annotations

from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty

from apps.common.kv import load_beside
from apps.common.widgets.overlay import Overlay

load_beside(__file__)


class Sheet(Overlay):
    """``breadth``: how wide it wants to be on a laptop; it is as high as its content."""

    breadth = NumericProperty(dp(380))
    wide = BooleanProperty(False)
