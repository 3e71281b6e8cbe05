"""The reading screen: a page, a bar above it that a touch in the middle takes away, progress below.

Kivy's main thread. What happens is decided in `apps.reader.reading`; here it is drawn.
"""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from typing import Any

from kivy.animation import Animation
from kivy.clock import Clock
from kivy.metrics import Metrics
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.relativelayout import RelativeLayout

from apps.common.arrival import Search
from apps.common.kv import load_beside
from apps.common.theme import theme
from apps.common.widgets import Drawer, Sheet, Shell
from apps.reader.epub import Entry
from apps.reader.reading import ReadingPresenter
from apps.reader.room import room_for
from apps.reader.screens import page as _page  # noqa: F401 - used in kv
from apps.reader.screens import way_back as _way_back  # noqa: F401 - used in kv
from apps.reader.view import Offer, Shown, WayBack

load_beside(__file__)

NO_SIZE_YET = 100  # what Kivy gives a widget before its window does


class ReadingScreen(RelativeLayout):
    """Give it a presenter with `begin`. Events: ``on_leave``, ``on_contents``, ``on_look``."""

    book = ObjectProperty(None, allownone=True)
    status = ObjectProperty(None, allownone=True)
    book_title = StringProperty("")
    chapter_text = StringProperty("")
    progress_text = StringProperty("")
    is_searching = BooleanProperty(False)
    is_unknown = BooleanProperty(False)
    progress = NumericProperty(0.0)
    furthest = NumericProperty(0.0)
    chrome = NumericProperty(1.0)  # 1: the bar is there
    has_chrome = BooleanProperty(True)

    __events__ = ("on_leave", "on_contents", "on_look")

    def __init__(self, shell: Shell, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._shell = shell
        self.presenter: ReadingPresenter | None = None
        self.shown: Shown | None = None
        self._lay_out_soon = Clock.create_trigger(lambda _dt: self.lay_out(), 0)  # once a frame is enough
        self.bind(size=lambda *_: self._resized())

    def on_leave(self) -> None:
        """Back to the library."""

    def on_contents(self) -> None:
        """Open the table of contents."""

    def on_look(self) -> None:
        """Open the panel for text size and colours."""

    def on_status(self, *_: object) -> None:
        if self.presenter is not None and self.status is not None:
            self.presenter.line_is(self.status.link)

    def begin(self, presenter: ReadingPresenter) -> None:
        """Show the book of `presenter` at its place."""
        self.presenter, self.book = presenter, presenter.book
        self.book_title = presenter.book.title
        self.ids.page.page = None  # that of the book before
        self.on_status()
        self.lay_out()

    def end(self) -> None:
        """The book is closed."""
        self._shell.banner.withdraw()
        self.show_search(Search.DONE)
        self.show_way_back(None)
        presenter, self.presenter, self.shown = self.presenter, None, None
        if presenter is not None:
            presenter.close()

    def _resized(self) -> None:
        if self.shown is None:
            self.lay_out()  # the first page is shown in the first frame
        else:
            self._lay_out_soon()

    def lay_out(self) -> None:
        """There is another window or text size: the same place, in the new room."""
        if self.presenter is None or self.width <= NO_SIZE_YET or self.height <= NO_SIZE_YET:
            return
        room = room_for(
            self.width, self.height, self.presenter.text_size * Metrics.fontscale, Metrics.density
        )
        self.ids.page.page = None
        self.ids.page.room = room
        self.presenter.resize(room.geometry)

    # -- ReadingView

    def show_page(self, shown: Shown) -> None:
        self.shown = shown
        self.ids.page.page = shown.page
        self.progress, self.furthest = shown.progress, max(shown.furthest, shown.progress)
        self.progress_text = f"{shown.progress:.0%}"
        chapter = f"  ·  {shown.chapter_title}" if shown.chapter_title else ""
        self.chapter_text = f"{shown.page_number} of {shown.page_count}{chapter}"

    def show_search(self, search: Search) -> None:
        self.is_searching, self.is_unknown = search is Search.LOOKING, search is Search.NOT_YET

    def show_way_back(self, way_back: WayBack | None) -> None:
        self.ids.go_back.show(way_back)

    def show_offer(self, offer: Offer | None) -> None:
        banner, presenter = self._shell.banner, self.presenter
        if offer is None or presenter is None:
            banner.withdraw()
            return
        banner.offer(
            offer.text,
            detail=offer.detail,
            action="Go there",
            icon="bookmark",
            on_action=presenter.take_offer,
            on_dismiss=presenter.dismiss_offer,
        )

    def tell(self, what: str, what_to_do: str) -> None:
        Clock.schedule_once(lambda _dt: self._shell.tell(what, what_to_do), 0)

    def open_link(self, url: str) -> None:
        if url.partition(":")[0].lower() in ("http", "https", "mailto"):
            webbrowser.open(url)
        else:
            self.tell("This link leads out of the book, to something that cannot be opened here.", url[:80])

    # -- what was pressed

    def turn_forward(self) -> None:
        self._do(ReadingPresenter.next_page)

    def turn_backward(self) -> None:
        self._do(ReadingPresenter.previous_page)

    def first_page(self) -> None:
        self._do(ReadingPresenter.first_page)

    def last_page(self) -> None:
        self._do(ReadingPresenter.last_page)

    def go_back(self) -> None:
        self._do(ReadingPresenter.go_back)

    def follow(self, link: str) -> None:
        self._do(lambda presenter: presenter.follow(link))

    def seek(self, progress: float) -> None:
        self._do(lambda presenter: presenter.seek(progress))

    def change_text_size(self, by: int) -> None:
        self._do(lambda presenter: presenter.change_text_size(by))
        self.lay_out()

    def choose_theme(self, mode: str) -> None:
        theme.mode = mode
        self._do(lambda presenter: presenter.choose_theme(mode))

    def _do(self, action: Callable[[ReadingPresenter], None]) -> None:
        if self.presenter is not None:
            action(self.presenter)

    def toggle_chrome(self) -> None:
        self.has_chrome = not self.has_chrome
        Animation.cancel_all(self, "chrome")
        Animation(chrome=1.0 if self.has_chrome else 0.0, d=0.15, t="out_cubic").start(self)

    def say_progress(self, value: float) -> str:
        """The words in the bubble of the progress bar."""
        if self.book is None or not self.book.is_measured:
            return f"{value:.0%}"
        title = self.book.chapter_title(self.book.place_at(value)[0])
        return f"{title[:40]}  {value:.0%}" if title else f"{value:.0%}"


class ContentsDrawer(Drawer):
    """The table of contents; `on_choose(target)` when a line of it is pressed."""

    __events__ = ("on_choose",)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._entries: tuple[Entry, ...] = ()

    def on_choose(self, target: str) -> None:
        """The reader wants to go there."""

    def show(self, screen: ReadingScreen) -> None:
        """The contents of the book on `screen`, with where the reader is."""
        presenter = screen.presenter
        if presenter is None:
            return
        book, self._entries = presenter.book, presenter.book.contents
        current = presenter.entry_here()
        self.ids.entries.show(
            (
                {
                    "text": entry.title,
                    "depth": min(entry.depth, 4),
                    "current": index == current,
                    "trailing": _percent(book, entry.target),
                }
                for index, entry in enumerate(self._entries)
            ),
            tag="entry",
        )
        self.open()
        Clock.schedule_once(lambda _dt: self.ids.entries.bring_into_view(current), 0)

    def picked(self, index: int) -> None:
        self.close()
        self.dispatch("on_choose", self._entries[index].target)


def _percent(book: Any, target: str) -> str:
    place = book.target(target) if target else None
    return f"{book.progress(*place):.0%}" if place is not None else ""


class LookSheet(Sheet):
    """Text size and colours."""

    text_size = NumericProperty(18.0)
    __events__ = ("on_resize_text", "on_choose_look")

    def on_resize_text(self, by: int) -> None:
        """The reader wants larger (1) or smaller (-1) text."""

    def on_choose_look(self, mode: str) -> None:
        """The reader wants these colours."""
