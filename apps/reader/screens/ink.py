"""Words as Kivy measures and draws them.

Kivy's main thread. Invariant: a word is measured in the very face in which it is drawn.
"""

from collections import OrderedDict
from functools import lru_cache

from kivy.core.text import Label
from kivy.graphics.texture import Texture

from apps.common.theme import SERIF
from apps.reader.pages.measure import Face

FAMILIES = {"serif": SERIF, "mono": "RobotoMono-Regular"}
KEPT_TEXTURES = 6000  # a dozen pages of words; each is a few kilobytes


@lru_cache(maxsize=64)
def _label(face: Face) -> Label:
    return Label(
        font_name=FAMILIES[face.family],
        font_size=face.size,
        bold=face.bold,
        italic=face.italic,
        font_hinting="light",
        font_kerning=True,
        color=(1, 1, 1, 1),
    )


class KivyMeasurer:
    """A `TextMeasurer`: needs no window."""

    def __init__(self) -> None:
        self._widths: dict[tuple[str, Face], float] = {}

    def width(self, text: str, face: Face) -> float:
        key = text, face
        if key not in self._widths:
            self._widths[key] = float(_label(face).get_extents(text)[0])
        return self._widths[key]

    def ascent(self, face: Face) -> float:
        return float(_label(face).get_ascent())

    def descent(self, face: Face) -> float:
        return float(-_label(face).get_descent())


_textures: OrderedDict[tuple[str, Face], Texture] = OrderedDict()


def word_texture(text: str, face: Face) -> Texture:
    """`text` in white on nothing, to be tinted; needs a window."""
    key = text, face
    if key not in _textures:
        label = _label(face)
        label.text = text
        label.refresh()
        _textures[key] = label.texture
        while len(_textures) > KEPT_TEXTURES:
            _textures.popitem(last=False)
    _textures.move_to_end(key)
    return _textures[key]
