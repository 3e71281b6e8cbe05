"""Covers as textures: read in the background, drawn by the player where a track has none.

Used on Kivy's main thread; files are read on a thread of its own. Invariant: there is a picture for every
track at once; the track's own cover replaces it when it has been read.
"""

from __future__ import annotations

import colorsys
import io
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from kivy.clock import Clock
from kivy.core.image import Image as CoreImage
from kivy.graphics.texture import Texture

from apps.common.icons import coverage
from apps.common.shrink import shrunk
from apps.player.library import Track
from apps.player.tags import CoverError, image_suffix, read_cover

_DRAWN_PX = 256
_NOTE_PX = 96
_COVER_PX = 512
_KEPT = 64  # textures of some 1.4 MB; more than fit on a screen, fewer than a long queue has


@lru_cache(maxsize=1)
def _note() -> bytes:
    return coverage("note", _NOTE_PX)


@lru_cache(maxsize=256)
def _over(ground: int) -> bytes:
    """What white at three quarters makes of `ground`, by how much it covers."""
    return bytes(ground + (255 - ground) * cover * 3 // 1020 for cover in range(256))


@lru_cache(maxsize=_KEPT)
def drawn_cover(track: str) -> Texture:
    """A note on a colour of its own for every track."""
    hue = int(track[:4] or "0", 16) / 0xFFFF if all(c in "0123456789abcdef" for c in track[:4]) else 0.5
    top, bottom = (colorsys.hls_to_rgb(hue, light, 0.34) for light in (0.42, 0.22))
    note = _note()
    margin = (_DRAWN_PX - _NOTE_PX) // 2
    pixels = bytearray()
    for y in range(_DRAWN_PX):
        share = y / _DRAWN_PX
        ground = bytes(round(255 * (a + (b - a) * share)) for a, b in zip(top, bottom, strict=True))
        line = bytearray(ground * _DRAWN_PX)
        if margin <= y < margin + _NOTE_PX:
            covers = note[(y - margin) * _NOTE_PX : (y - margin + 1) * _NOTE_PX]
            for channel, c in enumerate(ground):  # a table for each is many times quicker than each pixel
                line[3 * margin + channel : 3 * (margin + _NOTE_PX) : 3] = covers.translate(_over(c))
        pixels += line
    texture = Texture.create(size=(_DRAWN_PX, _DRAWN_PX), colorfmt="rgb", mipmap=True)
    texture.blit_buffer(bytes(pixels), colorfmt="rgb", bufferfmt="ubyte")
    texture.flip_vertical()
    return texture


class Covers:
    """Textures by track; `on_ready(track)`: a better one is there; `on_problem`: why there is none."""

    def __init__(self, on_ready: Callable[[str], None], on_problem: Callable[[str], None]) -> None:
        self._on_ready, self._on_problem = on_ready, on_problem
        self._textures: OrderedDict[str, Texture | None] = OrderedDict()
        self._reader = ThreadPoolExecutor(1, "player-covers")

    def texture(self, track: str, found: Track | None) -> Texture:
        """The best picture there is now."""
        if found is not None and track not in self._textures:
            self._textures[track] = None
            self._reader.submit(self._read, found)
            while len(self._textures) > _KEPT:
                self._textures.popitem(last=False)
        if track in self._textures:
            self._textures.move_to_end(track)
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
            texture = CoreImage(io.BytesIO(data), ext=image_suffix(data) or "png", nocache=True).texture
        except Exception:  # noqa: BLE001 - image loaders raise whatever their library raises
            self._on_problem(f"The cover of “{found.title}” is damaged, so a drawn one is shown.")
            return
        self._textures[found.id] = _fitted(texture)
        self._on_ready(found.id)


def _fitted(texture: Texture) -> Texture:
    """The middle square of a picture."""
    width, height = texture.size
    side = min(width, height)
    middle = texture.get_region((width - side) // 2, (height - side) // 2, side, side)
    return shrunk(middle, _COVER_PX, _COVER_PX)
