"""Covers as textures: read in the background, drawn by the player where a track has none.

Used on Kivy's main thread; files are read on a thread of its own. Invariant: there is a picture for every
track at once; the track's own cover replaces it when it has been read.
"""

from __future__ import annotations

import colorsys
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from kivy.clock import Clock
from kivy.core.image import Image as CoreImage
from kivy.graphics import Color, Fbo, Rectangle
from kivy.graphics.texture import Texture

from apps.common.icons import coverage
from apps.player.library import Track
from apps.player.tags import CoverError, image_suffix, read_cover

_DRAWN_PX = 256
_NOTE_PX = 96
_COVER_PX = 512
_KEPT = 200  # textures; a long queue scrolls through more than fit on a screen


@lru_cache(maxsize=_KEPT)
def drawn_cover(track: str) -> Texture:
    """A note on a colour of its own for every track."""
    hue = int(track[:4] or "0", 16) / 0xFFFF if all(c in "0123456789abcdef" for c in track[:4]) else 0.5
    top, bottom = (colorsys.hls_to_rgb(hue, light, 0.34) for light in (0.42, 0.22))
    note = coverage("note", _NOTE_PX)
    margin = (_DRAWN_PX - _NOTE_PX) // 2
    pixels = bytearray()
    for y in range(_DRAWN_PX):
        share = y / _DRAWN_PX
        ground = bytes(round(255 * (a + (b - a) * share)) for a, b in zip(top, bottom, strict=True))
        line = bytearray(ground * _DRAWN_PX)
        if margin <= y < margin + _NOTE_PX:
            for x, cover in enumerate(note[(y - margin) * _NOTE_PX : (y - margin + 1) * _NOTE_PX]):
                at = 3 * (margin + x)
                line[at : at + 3] = bytes(c + (255 - c) * cover * 3 // 1020 for c in ground)
        pixels += line
    texture = Texture.create(size=(_DRAWN_PX, _DRAWN_PX), colorfmt="rgb", mipmap=True)
    texture.blit_buffer(bytes(pixels), colorfmt="rgb", bufferfmt="ubyte")
    texture.flip_vertical()
    return texture


class Covers:
    """Textures by track; `on_ready(track)`: a better one is there; `on_problem`: why there is none."""

    def __init__(self, on_ready: Callable[[str], None], on_problem: Callable[[str], None]) -> None:
        self._on_ready, self._on_problem = on_ready, on_problem
        self._textures: dict[str, Texture | None] = {}
        self._reader = ThreadPoolExecutor(1, "player-covers")

    def texture(self, track: str, found: Track | None) -> Texture:
        """The best picture there is now."""
        if found is not None and track not in self._textures:
            self._textures[track] = None
            self._reader.submit(self._read, found)
        return self._textures.get(track) or drawn_cover(track)

    def close(self) -> None:
        self._reader.shutdown(wait=False, cancel_futures=True)

    def _read(self, found: Track) -> None:
        try:
            data = read_cover(found.path)
        except CoverError as error:
            Clock.schedule_once(lambda _dt, problem=str(error): self._on_problem(problem))
            return
        if data is not None:
            Clock.schedule_once(lambda _dt: self._show(found, data))

    def _show(self, found: Track, data: bytes) -> None:
        try:
            texture = CoreImage(io.BytesIO(data), ext=image_suffix(data) or "png").texture
        except Exception:  # noqa: BLE001 - image loaders raise whatever their library raises
            self._on_problem(f"The cover of “{found.title}” is damaged, so a drawn one is shown.")
            return
        self._textures[found.id] = _fitted(texture)
        self._on_ready(found.id)


def _fitted(texture: Texture) -> Texture:
    """The middle square of a picture, in a size that can be shrunk without a flicker.

    A power of two, since only such textures have mipmaps that cover all of them.
    """
    width, height = texture.size
    side = min(width, height)
    middle = texture.get_region((width - side) // 2, (height - side) // 2, side, side)
    canvas = Fbo(size=(_COVER_PX, _COVER_PX))
    with canvas:
        Color(1, 1, 1, 1)
        Rectangle(texture=middle, size=canvas.size)
    canvas.draw()
    fitted = Texture.create(size=canvas.size, colorfmt="rgba", mipmap=True)
    # From the top down, and flipped, as pictures from files are: rounded rectangles take no other.
    pixels, stride = canvas.pixels, 4 * _COVER_PX
    rows = [pixels[at : at + stride] for at in range(0, stride * _COVER_PX, stride)]
    fitted.blit_buffer(b"".join(reversed(rows)), colorfmt="rgba", bufferfmt="ubyte")
    fitted.flip_vertical()
    return fitted
