"""ElsewhereStrip: says that another device plays, and offers to go on here."""

from __future__ import annotations

from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.kv import load_beside

load_beside(__file__)


class ElsewhereStrip(BoxLayout):
    """`device`: the name of the device that plays; "" and the strip is gone. `on_take`: play here was
    pressed.
    """

    device = StringProperty("")
    __events__ = ("on_take",)

    def on_take(self) -> None:
        """Play here."""
