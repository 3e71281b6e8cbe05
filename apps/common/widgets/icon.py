"""Icon: one of :data:`apps.common.icons.ICONS` in any colour and size."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from kivy.graphics.texture import Texture
from kivy.metrics import dp
from kivy.properties import ColorProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from apps.common.icons import coverage
from apps.common.kv import load_beside

load_beside(__file__)


@lru_cache(maxsize=256)
def icon_texture(name: str, size_px: int) -> Texture:
    """A white texture with the icon as its opacity; tint it with Color."""
    pixels = bytearray(b"\xff" * (4 * size_px * size_px))
    pixels[3::4] = coverage(name, size_px)
    texture = Texture.create(size=(size_px, size_px), colorfmt="rgba")
    texture.blit_buffer(bytes(pixels), colorfmt="rgba", bufferfmt="ubyte")
    texture.flip_vertical()
    return texture


class Icon(Widget):
    """``icon``: a name, or "" for none; ``icon_size``: the side of its square in pixels; ``color``."""

    icon = StringProperty("")
    icon_size = NumericProperty(dp(24))
    color = ColorProperty([1, 1, 1, 1])
    texture = ObjectProperty(None, allownone=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bind(icon=self._draw, icon_size=self._draw)
        self._draw()

    def _draw(self, *_: object) -> None:
        self.texture = icon_texture(self.icon, round(self.icon_size)) if self.icon else None
