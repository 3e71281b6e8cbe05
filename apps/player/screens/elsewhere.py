"""Strips over the cover: where the music is, or was, and one thing to do about it."""

from __future__ import annotations

from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.kv import load_beside


class Strip(BoxLayout):
    """`says`: a sentence; "" and the strip is gone; `why`: a second one. `on_act`: the button was pressed."""

    says = StringProperty("")
    why = StringProperty("")
    icon = StringProperty("")
    __events__ = ("on_act",)

    def on_act(self) -> None:
        """Somebody wants that."""


class ElsewhereStrip(Strip):
    """Another device plays, or has vanished while it did; the music can go on here."""


class BackStrip(Strip):
    """A place was left, or gave way; one can go back there."""


load_beside(__file__)
