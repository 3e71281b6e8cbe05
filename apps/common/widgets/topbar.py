"""TopBar: the bar along the upper edge: buttons, a title that takes the room, buttons."""

from __future__ import annotations

from kivy.uix.boxlayout import BoxLayout

from apps.common.kv import load_beside

load_beside(__file__)


class TopBar(BoxLayout):
    """Put IconButtons and a ``Title`` (one line) into it."""
