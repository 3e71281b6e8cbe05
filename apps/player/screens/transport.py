"""Transport: the seek bar with its times, the buttons, the volume."""

from __future__ import annotations

from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.kv import load_beside
from apps.player.view import clock

load_beside(__file__)


class Transport(BoxLayout):
    """Shows what it is told, and says what was pressed."""

    position_ms = NumericProperty(0.0)
    duration_ms = NumericProperty(0.0)
    playing = BooleanProperty(False)
    shuffled = BooleanProperty(False)
    repeat = StringProperty("off")
    volume = NumericProperty(0.8)
    ready = BooleanProperty(True)
    __events__ = (
        "on_toggle",
        "on_next",
        "on_previous",
        "on_toggle_shuffle",
        "on_cycle_repeat",
        "on_toggle_mute",
        "on_seek",
        "on_set_volume",
    )

    def clock(self, position_ms: float) -> str:
        return clock(position_ms)

    def on_toggle(self) -> None: ...
    def on_next(self) -> None: ...
    def on_previous(self) -> None: ...
    def on_toggle_shuffle(self) -> None: ...
    def on_cycle_repeat(self) -> None: ...
    def on_toggle_mute(self) -> None: ...
    def on_seek(self, position_ms: float) -> None: ...
    def on_set_volume(self, volume: float) -> None: ...
