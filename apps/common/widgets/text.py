"""Text of the controls: Text (body), Caption (small, soft), Title, Heading. They wrap at their own width."""

from __future__ import annotations

from kivy.properties import BooleanProperty
from kivy.uix.label import Label

from apps.common.kv import load_beside

load_beside(__file__)


class Text(Label):
    """Body text. ``one_line`` shortens with an ellipsis instead of wrapping."""

    one_line = BooleanProperty(False)


class Caption(Text):
    """Small secondary text."""


class Title(Text):
    """The name of a thing: a book, a track, a panel."""


class Heading(Text):
    """The name of a screen."""
