"""Shell: the root of a window: the ground, the app's content, its overlays, and the two voices above all
of it."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty
from kivy.uix.floatlayout import FloatLayout

from apps.common.kv import load_beside
from apps.common.widgets.banner import Banner
from apps.common.widgets.message import Message
from apps.common.widgets.overlay import Overlay

load_beside(__file__)


class Shell(FloatLayout):
    """Put the content first, then Drawers and Sheets.

    ``wide``: laid out as a laptop's window. ``banner``: offers, quietly (``shell.banner.offer(…)``).
    ``tell(what, to_do)``: says what is wrong.
    """

    wide = BooleanProperty(False)

    def __init__(self, **kwargs: Any) -> None:
        self.banner = Banner()
        self.message = Message()
        super().__init__(**kwargs)
        self.bind(pos=self._place, size=self._place)
        for voice in (self.banner, self.message):
            voice.bind(height=self._place, lift=self._place)

    def on_kv_post(self, _base: Any) -> None:
        overlays = [child for child in self.children if isinstance(child, Overlay)]
        super().add_widget(
            self.banner, index=len(overlays)
        )  # an offer never covers what was opened on purpose
        super().add_widget(self.message)
        self._place()

    def tell(self, text: str, to_do: str = "", *, bad: bool = False) -> None:
        """Say what happened, and what the user can do."""
        self.message.tell(text, to_do, tone="bad" if bad else "info")

    def _place(self, *_: object) -> None:
        for voice in (self.banner, self.message):
            voice.width = min(self.width - dp(24), dp(520))
            voice.center_x = self.center_x
        self.banner.top = self.top - dp(64) + (1 - self.banner.lift) * dp(12)
        self.message.y = self.y + dp(20) - (1 - self.message.lift) * dp(12)
