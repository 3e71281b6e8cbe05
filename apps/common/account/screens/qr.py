"""QrCode: a QR code as a picture: dark on white in every look, with its quiet zone, in whole pixels."""

from __future__ import annotations

from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.properties import ObjectProperty
from kivy.uix.widget import Widget

QUIET = 4  # modules on each side: less, and readers miss it

Modules = tuple[tuple[bool, ...], ...]


class QrCode(Widget):
    """``modules``: row by row, True = dark; None: an empty white square."""

    modules: Modules | None = ObjectProperty(None, allownone=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bind(pos=self._draw, size=self._draw, modules=self._draw)

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(pos=self.pos, size=self.size)
            if self.modules:
                side = len(self.modules)
                module_px = max(1, int(min(self.size) / (side + 2 * QUIET)))
                size = side * module_px
                Rectangle(
                    texture=_texture(self.modules),
                    pos=(round(self.center_x - size / 2), round(self.center_y - size / 2)),
                    size=(size, size),
                )


def _texture(modules: Modules) -> Texture:
    """One pixel per module, enlarged without a blur; textures begin at the bottom."""
    side = len(modules)
    texture = Texture.create(size=(side, side), colorfmt="rgb")
    texture.mag_filter = texture.min_filter = "nearest"
    pixels = b"".join((b"\0" if dark else b"\xff") * 3 for row in reversed(modules) for dark in row)
    texture.blit_buffer(pixels, colorfmt="rgb", bufferfmt="ubyte")
    return texture
