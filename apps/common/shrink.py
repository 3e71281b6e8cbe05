"""Pictures of any size as textures that can be drawn small.

Kivy's main thread; needs a window. Invariant: what comes out costs the same, whatever went in.
"""

from __future__ import annotations

from kivy.graphics import Color, Fbo, Rectangle
from kivy.graphics.texture import Texture


def shrunk(texture: Texture, width: int, height: int) -> Texture:
    """`texture` in `width` × `height` pixels, which can be shrunk further without a flicker.

    Powers of two, please: only such textures have mipmaps that cover all of them.
    """
    canvas = Fbo(size=(width, height))
    with canvas:
        Color(1, 1, 1, 1)
        Rectangle(texture=texture, size=canvas.size)
    canvas.draw()
    small = Texture.create(size=canvas.size, colorfmt="rgba", mipmap=True)
    # From the top down, and flipped, as pictures from files are: rounded rectangles take no other.
    pixels, stride = canvas.pixels, 4 * width
    rows = [pixels[at : at + stride] for at in range(0, stride * height, stride)]
    small.blit_buffer(b"".join(reversed(rows)), colorfmt="rgba", bufferfmt="ubyte")
    small.flip_vertical()
    return small
