"""The library screen: covers, how far one is in each, and the book to go on with.

Kivy's main thread. What happens is decided in `apps.reader.library`; here it is drawn.
"""

from __future__ import annotations

from collections import OrderedDict
from io import BytesIO
from typing import Any

from kivy.clock import Clock
from kivy.core.image import Image as CoreImage
from kivy.graphics.texture import Texture
from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from apps.common.hover import Hoverable
from apps.common.keys import Focusable
from apps.common.kv import load_beside
from apps.common.shrink import shrunk
from apps.common.widgets import Shell
from apps.reader.epub import Image
from apps.reader.library import Card

load_beside(__file__)

COVER_DP = 132.0
COVER_PX = 512  # twice as high as it is drawn; of a power of two, as smooth shrinking wants it
KEPT_COVERS = 100
AT_ONCE = 12  # cards made in one frame
MEASURE_DP = 1040.0


def cover_texture(image: Image | None) -> Texture | None:
    """The cover, cut to a book's shape; None if there is none, or it is damaged."""
    if image is None:
        return None
    try:
        texture = CoreImage(BytesIO(image.data), ext=image.kind, nocache=True).texture
    except Exception:  # noqa: BLE001 - decoders raise whatever they like; a drawn cover stands in
        return None
    width, height = texture.size
    if width * 1.5 > height:
        shape = texture.get_region((width - height / 1.5) / 2, 0, height / 1.5, height)
    else:
        shape = texture.get_region(0, (height - width * 1.5) / 2, width, width * 1.5)
    return shrunk(shape, COVER_PX // 2, COVER_PX)


class BookCover(Widget):
    """A cover, or the title where there is none."""

    texture = ObjectProperty(None, allownone=True)
    title = StringProperty("")


def fill(widget: BookCard | GoingOn, card: Card, texture: Texture | None) -> None:
    """Show `card` on a widget for a book."""
    widget.book_id, widget.title, widget.author = card.id, card.title, card.author or "Unknown author"
    widget.progress, widget.started = card.progress or 0.0, card.progress is not None
    widget.detail, widget.cover = card.detail, texture


class BookCard(Focusable, Hoverable, ButtonBehavior, BoxLayout):
    """A book among others."""

    book_id = StringProperty("")
    tag = StringProperty("")
    title = StringProperty("")
    author = StringProperty("")
    detail = StringProperty("")
    cover = ObjectProperty(None, allownone=True)
    progress = NumericProperty(0.0)
    started = BooleanProperty(False)
    cover_width = NumericProperty(dp(COVER_DP))


class GoingOn(Focusable, Hoverable, ButtonBehavior, BoxLayout):
    """The book to go on with."""

    book_id = StringProperty("")
    title = StringProperty("")
    author = StringProperty("")
    detail = StringProperty("")
    cover = ObjectProperty(None, allownone=True)
    progress = NumericProperty(0.0)
    started = BooleanProperty(False)


class LibraryScreen(BoxLayout):
    """Events: ``on_add``, ``on_choose(book id)``."""

    status = ObjectProperty(None, allownone=True)
    has_books = BooleanProperty(False)
    has_recent = BooleanProperty(False)
    margin = NumericProperty(dp(16))
    gap = NumericProperty(dp(20))

    __events__ = ("on_add", "on_choose")

    def __init__(self, shell: Shell, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._shell = shell
        self._covers: OrderedDict[str, Texture | None] = OrderedDict()
        self._widgets: list[BookCard] = []
        self.cards: list[Card] = []
        self.bind(width=self._spread)
        self._add_soon = Clock.create_trigger(self._add_cards, 0)
        self._look_soon = Clock.create_trigger(self._read_a_cover, 0)
        self.ids.scroll.bind(scroll_y=lambda *_: self._look_soon(), size=lambda *_: self._look_soon())

    def on_add(self) -> None:
        """Add a book."""

    def on_choose(self, identity: str) -> None:
        """Open this book."""

    def show_cards(self, cards: list[Card], going_on: Card | None) -> None:
        self.cards = cards
        self.has_books, self.has_recent = bool(cards), going_on is not None
        if going_on is not None:
            if going_on.id not in self._covers:
                self._covers[going_on.id] = cover_texture(going_on.cover())
            fill(self.ids.going_on, going_on, self._covers[going_on.id])
        for widget in self._widgets[len(cards) :]:
            self.ids.cards.remove_widget(widget)
        del self._widgets[len(cards) :]
        for widget, card in zip(self._widgets, cards, strict=False):
            fill(widget, card, self._covers.get(card.id))
        self._add_cards()

    def _add_cards(self, *_: object) -> None:
        """Some of the cards that are not there yet; the rest in the next frames."""
        first = len(self._widgets)
        for index, card in enumerate(self.cards[first : first + AT_ONCE], first):
            widget = BookCard(tag=f"book.{index}")
            fill(widget, card, self._covers.get(card.id))
            widget.bind(on_release=lambda pressed: self.dispatch("on_choose", pressed.book_id))
            self._widgets.append(widget)
            self.ids.cards.add_widget(widget)
        if len(self._widgets) < len(self.cards):
            self._add_soon()
        self._spread()
        self._look_soon()

    def _read_a_cover(self, *_: object) -> None:
        """The next one that is on the screen and not there yet: one a frame, so that nothing stands still."""
        scroll = self.ids.scroll
        below, share = scroll.vbar
        bottom, top = (part * scroll.children[0].height for part in (below, below + share))
        for widget, card in zip(self._widgets, self.cards, strict=False):
            if card.id not in self._covers and widget.top > bottom and widget.y < top:
                self._keep(card.id, cover_texture(card.cover()))
                widget.cover = self._covers[card.id]
                self._look_soon()
                return

    def _keep(self, identity: str, cover: Texture | None) -> None:
        self._covers[identity] = cover
        if len(self._covers) > KEPT_COVERS:
            oldest, _ = self._covers.popitem(last=False)
            for widget in self._widgets:
                if widget.book_id == oldest:
                    widget.cover = None

    def _spread(self, *_: object) -> None:
        """As many covers beside one another as fit, with the room between them shared out."""
        self.margin = max(dp(20), (self.width - dp(MEASURE_DP)) / 2)
        room, least = self.width - 2 * self.margin, dp(20)
        count = max(2, int((room + least) / (dp(COVER_DP) + least)))
        wide = min(dp(COVER_DP) * 1.25, (room - (count - 1) * least) / count)
        self.gap = max(least, (room - count * wide) / max(1, count - 1) - 0.5)
        for card in self.ids.cards.children:
            card.cover_width = wide


class Stage(RelativeLayout):
    """Shows one screen at a time."""

    def show(self, screen: Widget) -> None:
        self.clear_widgets()
        self.add_widget(screen)
