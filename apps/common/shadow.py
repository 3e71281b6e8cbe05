"""A soft shadow as a small texture that is stretched from its middle (Kivy's BorderImage).

One textured quad per shadow, where Kivy's BoxShadow computes a blur for every pixel of it: in software,
that costs more than all the rest of a screen together.
"""

from __future__ import annotations

from functools import lru_cache
from math import hypot
from typing import Final

from kivy.graphics.texture import Texture

SHADOW_PX: Final = 40  # breadth of the texture's border, over which the shadow fades


@lru_cache(maxsize=1)
def shadow_texture() -> Texture:
    """White, with a soft round edge as its opacity; the middle is opaque."""
    side = 2 * SHADOW_PX + 2
    pixels = bytearray(b"\xff" * (4 * side * side))
    for row in range(side):
        for column in range(side):
            dx = max(0, SHADOW_PX - min(column, side - 1 - column))
            dy = max(0, SHADOW_PX - min(row, side - 1 - row))
            near = max(0.0, 1.0 - hypot(dx, dy) / SHADOW_PX)
            pixels[4 * (row * side + column) + 3] = round(255 * near * near * (3 - 2 * near))
    texture = Texture.create(size=(side, side), colorfmt="rgba")
    texture.blit_buffer(bytes(pixels), colorfmt="rgba", bufferfmt="ubyte")
    return texture
