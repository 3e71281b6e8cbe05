"""PageCanvas: draws one page, and says what was touched on it.

Kivy's main thread.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from kivy.core.image import Image as CoreImage
from kivy.graphics import Color, Line, Rectangle, RoundedRectangle
from kivy.graphics.texture import Texture
from kivy.metrics import dp
from kivy.properties import ObjectProperty
from kivy.uix.widget import Widget

from apps.common.theme import theme
from apps.reader.epub import Book
from apps.reader.pages.measure import Face
from apps.reader.pages.slabs import Line as TextLine
from apps.reader.pages.slabs import Picture, Piece, Placed, Rule
from apps.reader.screens.ink import FINE, KivyMeasurer, runs_of, word_texture

SWIPE_DP = 40.0
THIRD = 1 / 3


def picture_texture(book: Book, href: str) -> Texture | None:
    """The picture, decoded; None if it is damaged after all."""
    image = book.image(href)
    if image is None:
        return None
    try:
        texture = CoreImage(BytesIO(image.data), ext=image.kind, mipmap=True).texture
    except Exception:  # noqa: BLE001 - decoders raise whatever they like, and a box is drawn instead
        return None
    return texture


class PageCanvas(Widget):
    """Set `book`, `room` and `page`. Events: ``on_forward``, ``on_backward`` (thirds and swipes),
    ``on_middle``, ``on_link(link)``."""

    book = ObjectProperty(None, allownone=True)
    room = ObjectProperty(None, allownone=True)
    page = ObjectProperty(None, allownone=True)

    __events__ = ("on_forward", "on_backward", "on_middle", "on_link")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._measurer = KivyMeasurer()
        self._pictures: dict[str, Texture | None] = {}
        self._links: list[tuple[float, float, float, float, str]] = []
        for name in ("page", "room", "pos", "size"):
            self.fbind(name, self.redraw)
        theme.bind(mode=self.redraw)  # not fbind, which would keep this page for ever

    def on_book(self, *_: object) -> None:
        self._pictures.clear()

    def on_forward(self) -> None:
        """The reader wants the next page."""

    def on_backward(self) -> None:
        """The reader wants the page before."""

    def on_middle(self) -> None:
        """The middle was touched."""

    def on_link(self, link: str) -> None:
        """A link was touched."""

    # -- drawing

    def redraw(self, *_: object) -> None:
        self.canvas.clear()
        self._links.clear()
        if self.page is None or self.room is None:
            return
        with self.canvas:
            for placed in self.page.placed:
                self._draw(placed)

    def _draw(self, placed: Placed) -> None:
        left = self.x + self.room.left + placed.x
        top = self.top - self.room.top - placed.y
        slab = placed.slab
        if slab.quote:
            Color(*theme.line)
            Rectangle(pos=(round(left + dp(4)), round(top - slab.height)), size=(dp(3), slab.height + 1))
        match slab.ink:
            case TextLine(pieces=pieces, baseline=baseline):
                for piece in pieces:
                    self._draw_piece(piece, left, top - baseline)
            case Picture() as picture:
                self._draw_picture(picture, left, top)
            case Rule(x=x, width=width):
                Color(*theme.ink_faint)
                middle = round(top - slab.height / 2)
                Rectangle(pos=(round(left + x), middle), size=(round(width), theme.hairline))

    def _draw_piece(self, piece: Piece, left: float, baseline: float) -> None:
        start = x = round((left + piece.x) * FINE) / FINE
        Color(*(theme.accent if piece.link else theme.ink))
        for text, font in runs_of(piece.text, piece.face):
            texture = word_texture(text, piece.face, font)
            wide, high = texture.width / FINE, texture.height / FINE
            y = round(baseline + piece.rise + self._measurer.ascent(piece.face, font) - high)
            Rectangle(texture=texture, pos=(x, y), size=(wide, high))
            x += wide
        x, wide = start, x - start
        if piece.link:
            self._links.append((x, y, x + wide, y + high, piece.link))
            Color(*theme.faded(theme.accent, 0.35))
            Rectangle(pos=(x, round(baseline - dp(3))), size=(wide, theme.hairline))

    def _draw_picture(self, picture: Picture, left: float, top: float) -> None:
        x, y = round(left + picture.x), round(top - picture.height)
        size = round(picture.width), round(picture.height)
        if picture.link:
            self._links.append((x, y, x + size[0], y + size[1], picture.link))
        if picture.href is not None and picture.href not in self._pictures:
            self._pictures[picture.href] = picture_texture(self.book, picture.href)
        texture = self._pictures.get(picture.href) if picture.href is not None else None
        if texture is not None:
            Color(1, 1, 1, 0.86 if theme.is_dark else 1)
            Rectangle(texture=texture, pos=(x, y), size=size)
            return
        Color(*theme.raised)
        RoundedRectangle(pos=(x, y), size=size, radius=[theme.radius_m])
        Color(*theme.line)
        Line(rounded_rectangle=(x, y, *size, theme.radius_m), width=theme.hairline)
        self._draw_words(picture.alt or "This picture cannot be shown", x, y, size)

    def _draw_words(self, words: str, x: float, y: float, size: tuple[int, int]) -> None:
        face = Face("serif", max(8, round(self.room.geometry.text_size * 0.8)), italic=True)
        while self._measurer.width(words, face) > size[0] - dp(16) and len(words) > 2:
            words = words[:-2].rstrip() + "…"
        texture = word_texture(words, face)
        wide, high = texture.width / FINE, texture.height / FINE
        Color(*theme.ink_soft)
        Rectangle(
            texture=texture,
            pos=(round(x + (size[0] - wide) / 2), round(y + (size[1] - high) / 2)),
            size=(wide, high),
        )

    # -- touching

    def on_touch_down(self, touch: Any) -> bool:
        if not self.collide_point(*touch.pos):
            return False
        if getattr(touch, "is_mouse_scrolling", False):
            self.dispatch("on_forward" if touch.button == "scrollup" else "on_backward")
            return True
        touch.grab(self)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        moved_x, moved_y = touch.x - touch.ox, touch.y - touch.oy
        if abs(moved_x) > dp(SWIPE_DP) and abs(moved_x) > abs(moved_y):
            self.dispatch("on_forward" if moved_x < 0 else "on_backward")
        elif abs(moved_x) < dp(12) and abs(moved_y) < dp(12):
            self._tapped(*touch.pos)
        return True

    def _tapped(self, x: float, y: float) -> None:
        reach = dp(4)
        for left, bottom, right, top, link in self._links:
            if left - reach <= x <= right + reach and bottom - reach <= y <= top + reach:
                self.dispatch("on_link", link)
                return
        share = (x - self.x) / max(1.0, self.width)
        if share < THIRD:
            self.dispatch("on_backward")
        elif share > 1 - THIRD:
            self.dispatch("on_forward")
        else:
            self.dispatch("on_middle")
