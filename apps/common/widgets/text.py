"""Text of the controls: Text (body), Caption (small, soft), Title, Heading. They wrap at their own width."""

from __future__ import annotations

from typing import Any

from kivy.properties import BooleanProperty
from kivy.uix.label import Label

from apps.common.glyphs import font_for
from apps.common.kv import load_beside
from apps.common.theme import FONTS, SERIF, UI
from apps.common.writing import visual

load_beside(__file__)


class Text(Label):
    """Body text. ``one_line`` shortens with an ellipsis instead of wrapping."""

    one_line = BooleanProperty(False)

    def texture_update(self, *arguments: Any) -> None:
        if not self.text.isascii():
            self._write()
        super().texture_update(*arguments)

    def _write(self) -> None:
        """Letters that our typefaces do not have, and words that run from right to left."""
        family = SERIF if self.font_name == SERIF else UI
        font = font_for(self.text, FONTS / f"{family}-Regular.ttf")
        self._label.options["font_name"] = self.font_name if font.parent == FONTS else str(font)
        self._label.resolve_font_name()
        self._label.text = visual(self.text)


class Caption(Text):
    """Small secondary text."""


class Title(Text):
    """The name of a thing: a book, a track, a panel."""


class Heading(Text):
    """The name of a screen."""
