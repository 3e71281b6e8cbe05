"""Saying: a sentence in a tinted box: what is good to know, or what is wrong with a form as a whole."""

from __future__ import annotations

from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.kv import load_beside

load_beside(__file__)


class Saying(BoxLayout):
    """Not there while ``text`` is "". ``tone``: "info" or "bad"."""

    text = StringProperty("")
    tone = StringProperty("info")
