"""Words as Kivy measures and draws them.

Kivy's main thread. Invariant: a word is measured in the very face in which it is drawn.

SDL's renderer puts letters on whole pixels, so that at the size of a book's text "co" runs together. So words
are set at twice the size and drawn at half: letters fall on half pixels, smoothed by four samples a pixel.
"""

from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

from kivy.core.text import Label
from kivy.graphics.texture import Texture
from kivy.resources import resource_find

from apps.common.glyphs import runs
from apps.common.theme import FONTS, SERIF
from apps.common.writing import visual
from apps.reader.pages.measure import Face

FAMILIES = {"serif": SERIF, "mono": "RobotoMono-Regular"}
KEPT_TEXTURES = 2000  # half a dozen pages of words, some 20 kB each
FINE = 2


def _new_label(face: Face, text: str = "", font: str | None = None) -> Label:
    return Label(
        text=text,
        font_name=font or FAMILIES[face.family],
        font_size=face.size * FINE,
        bold=face.bold,
        italic=face.italic,
        font_hinting=None,
        font_kerning=True,
        color=(1, 1, 1, 1),
    )


@lru_cache(maxsize=256)
def _label(face: Face, font: str | None = None) -> Label:
    return _new_label(face, font=font)


@lru_cache(maxsize=8)
def _own_font(family: str) -> Path:
    name = FAMILIES[family]
    return (
        FONTS / f"{name}-Regular.ttf" if family == "serif" else Path(resource_find(f"data/fonts/{name}.ttf"))
    )


def runs_of(text: str, face: Face) -> list[tuple[str, str | None]]:
    """`text` in pieces as they are drawn, each with the typeface file that has its letters; None is the
    face's own."""
    own = _own_font(face.family)
    return [(piece, None if font == own else str(font)) for piece, font in runs(visual(text), own)]


class KivyMeasurer:
    """A `TextMeasurer`: needs no window."""

    def __init__(self) -> None:
        self._widths: dict[tuple[str, Face], float] = {}

    def width(self, text: str, face: Face) -> float:
        found = self._widths.get((text, face))
        if found is None:
            pieces = runs_of(text, face)
            found = sum(_label(face, font).get_extents(piece)[0] for piece, font in pieces) / FINE
            self._widths[text, face] = found
        return found

    def ascent(self, face: Face, font: str | None = None) -> float:
        return float(_label(face, font).get_ascent() / FINE)

    def descent(self, face: Face) -> float:
        return float(-_label(face).get_descent() / FINE)


_textures: OrderedDict[tuple[str, Face, str | None], Texture] = OrderedDict()


def word_texture(text: str, face: Face, font: str | None = None) -> Texture:
    """`text` in white on nothing, to be tinted, `FINE` times as large as it is drawn; needs a window."""
    key = text, face, font
    if key not in _textures:
        # One label each: a texture is filled from its label when it is first drawn.
        label = _new_label(face, text, font)
        label.refresh()
        _textures[key] = label.texture
        while len(_textures) > KEPT_TEXTURES:
            _textures.popitem(last=False)
    _textures.move_to_end(key)
    return _textures[key]
