"""Words as Kivy measures and draws them.

Kivy's main thread. Invariant: a word is measured in the very face in which it is drawn.

SDL's renderer puts letters on whole pixels, so that at the size of a book's text "co" runs together. So words
are set at twice the size and drawn at half: letters fall on half pixels, smoothed by four samples a pixel.
"""

from collections import OrderedDict
from functools import lru_cache

from kivy.core.text import Label
from kivy.graphics.texture import Texture

from apps.common.theme import SERIF
from apps.reader.pages.measure import Face

FAMILIES = {"serif": SERIF, "mono": "RobotoMono-Regular"}
KEPT_TEXTURES = 2000  # half a dozen pages of words, some 20 kB each
FINE = 2


def _new_label(face: Face, text: str = "") -> Label:
    return Label(
        text=text,
        font_name=FAMILIES[face.family],
        font_size=face.size * FINE,
        bold=face.bold,
        italic=face.italic,
        font_hinting=None,
        font_kerning=True,
        color=(1, 1, 1, 1),
    )


@lru_cache(maxsize=64)
def _label(face: Face) -> Label:
    return _new_label(face)


class KivyMeasurer:
    """A `TextMeasurer`: needs no window."""

    def __init__(self) -> None:
        self._widths: dict[tuple[str, Face], float] = {}

    def width(self, text: str, face: Face) -> float:
        found = self._widths.get((text, face))
        if found is None:
            found = self._widths[text, face] = _label(face).get_extents(text)[0] / FINE
        return found

    def ascent(self, face: Face) -> float:
        return _label(face).get_ascent() / FINE

    def descent(self, face: Face) -> float:
        return -_label(face).get_descent() / FINE


_textures: OrderedDict[tuple[str, Face], Texture] = OrderedDict()


def word_texture(text: str, face: Face) -> Texture:
    """`text` in white on nothing, to be tinted, `FINE` times as large as it is drawn; needs a window."""
    key = text, face
    if key not in _textures:
        label = _new_label(face, text)  # one each: a texture is filled from its label when it is first drawn
        label.refresh()
        _textures[key] = label.texture
        while len(_textures) > KEPT_TEXTURES:
            _textures.popitem(last=False)
    _textures.move_to_end(key)
    return _textures[key]
