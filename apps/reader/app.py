"""The reader as a program: library and reading screen, one client, one open book.

With a sign-in each user has a library of their own on this device. Kivy's main thread. Invariant: the page is
shown from disk; nothing here waits for the network.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window

import dalsegno as ds
from apps.common.after import after
from apps.common.base import ContinuousApp
from apps.common.glyphs import are_drawn
from apps.common.options import Options
from apps.common.theme import FONTS, theme
from apps.common.widgets import Shell
from apps.reader.epub import BookError, open_book
from apps.reader.library import LibraryPresenter
from apps.reader.reading import ReadingPresenter
from apps.reader.screens.files import FilesSheet
from apps.reader.screens.ink import KivyMeasurer
from apps.reader.screens.library import LibraryScreen, Stage
from apps.reader.screens.reading import ContentsDrawer, LookSheet, ReadingScreen
from apps.reader.shared import shared_from
from apps.reader.shelf import Shelf, Volume
from apps.reader.state import Reading

ENOUGH_LETTERS = 400  # to tell in which script a book is written


class ReaderApp(ContinuousApp):
    """See the module."""

    title = "Dal Segno Reader"

    def __init__(self, options: Options, library: Path | None, **kwargs: Any) -> None:
        """`library`: the folder with the books; None: one beside the local data."""
        super().__init__(options, **kwargs)
        self._library_folder = library
        self._to_open = options.paths  # once: they are for whoever started the app

    def _folder_of(self, uid: str) -> Path:
        """The library of this user: nobody sees what another one reads."""
        if self._library_folder is not None:
            return self._library_folder
        if self.options.signs_in:
            return self.options.data_home / "libraries" / sha256(uid.encode()).hexdigest()[:16]
        return self.options.data_home / "library"

    def files_of(self, uid: str) -> list[Path]:
        """The copied books; a folder that somebody chose is theirs."""
        return [] if self._library_folder is not None else [self._folder_of(uid)]

    def files_of_all(self) -> list[Path]:
        """Those of every user: whose a library is, its name does not tell."""
        if self._library_folder is not None:
            return []
        return [self.options.data_home / name for name in ("libraries", "library")]

    def make_shell(self, client: ds.Client) -> Shell:
        shell = self.shell = Shell()
        assert client.user is not None  # `connect` was given one
        self._shelf = Shelf(self._folder_of(client.user.uid))
        self.stage = Stage()
        self.reading_screen = ReadingScreen(shell)
        self.library_screen = LibraryScreen(shell)
        self.contents, self.look_sheet = ContentsDrawer(), LookSheet()
        self.files = FilesSheet()
        shell.add_widget(self.stage, index=len(shell.children))  # below everything, offers too
        for overlay in (self.contents, self.look_sheet, self.files):
            shell.add_widget(overlay, index=1)  # below messages alone
        self.library = LibraryPresenter(self._shelf, client, self, self._later)
        self._bind()
        self._begin()
        return shell

    def _bind(self) -> None:
        self._show_status()
        self.bind(status=self._show_status)
        self.reading_screen.bind(
            on_leave=lambda *_: self.leave(),
            on_contents=lambda *_: self.contents.show(self.reading_screen),
            on_look=lambda *_: self.look_sheet.open(),
        )
        self.contents.bind(on_choose=lambda _drawer, target: self.reading_screen.follow(target))
        self.look_sheet.bind(
            on_resize_text=lambda _sheet, by: self._resize_text(by),
            on_choose_look=lambda _sheet, mode: self.reading_screen.choose_theme(mode),
        )
        self.library_screen.bind(
            on_add=lambda *_: self.files.open(),
            on_choose=lambda _screen, identity: self.library.open(identity),
        )
        self.files.bind(on_chosen=lambda _sheet, path: self.add(Path(path)))
        Window.bind(on_drop_file=self._dropped)
        screen = self.reading_screen
        forward = dict.fromkeys(("right", "pagedown", "space", "down"), screen.turn_forward)
        backward = dict.fromkeys(("left", "pageup", "shift+space", "up"), screen.turn_backward)
        self.keys.bind(
            {
                **forward,
                **backward,
                "home": screen.first_page,
                "end": screen.last_page,
                "backspace": screen.go_back,
                "alt+left": screen.go_back,
                "+": lambda: self._resize_text(+1),
                "-": lambda: self._resize_text(-1),
                "t": lambda: self.contents.show(screen),
                "ctrl+o": self.files.open,
                "escape": self.leave,
            }
        )

    def _show_status(self, *_: object) -> None:
        for screen in (self.reading_screen, self.library_screen):
            screen.status = self.status

    def _begin(self) -> None:
        """A book from the command line, or the library."""
        paths, self._to_open = self._to_open, ()
        if not paths:
            self.show_library()
            return
        try:
            volume = self._shelf.add(paths[0])
        except BookError as error:
            what, what_to_do = error.what, error.what_to_do
            self.show_library()
            Clock.schedule_once(lambda _dt: self.tell(what, what_to_do, bad=True), 0)
            return
        self.open_volume(volume)
        for path in paths[1:]:
            self.library.add(path)

    def _later(self, call: Callable[[], None]) -> None:
        """In the next frame, as long as the library is on the screen: coming back begins anew."""
        screen = self.library_screen
        Clock.schedule_once(lambda _dt: call() if screen.parent is not None else None, 0)

    # -- LibraryView

    def show_cards(self, cards: Any, going_on: Any) -> None:
        self.library_screen.show_cards(cards, going_on)

    def open_volume(self, volume: Volume) -> None:
        """Show this book at its place."""
        if self.client is None:
            return
        try:
            book = open_book(volume.path)
            session = self.client.open(book.id, Reading)
        except (BookError, ds.DalSegnoError) as error:
            what, to_do = (error.what, error.what_to_do) if isinstance(error, BookError) else (str(error), "")
            self.tell(what, to_do, bad=True)
            return
        self.reading_screen.end()
        state = shared_from(session.state)
        if self.options.look is None and state.theme is not None:
            theme.mode = state.theme
        self.look_sheet.text_size = state.text_size
        self.stage.show(self.reading_screen)
        screen = self.reading_screen
        screen.begin(ReadingPresenter(book, session, KivyMeasurer(), screen, self.client, after))
        words = next((text for text in map(book.text, book.hrefs[:3]) if len(text) > ENOUGH_LETTERS), "")
        if not are_drawn(words[:ENOUGH_LETTERS], FONTS / "Literata-Regular.ttf"):
            self.tell(
                "This device has no typeface with the letters of this book.",
                "Install one for its language, such as Noto, and open the book again.",
            )

    # -- what was pressed

    def show_library(self) -> None:
        self.stage.show(self.library_screen)
        self.library.refresh()

    def leave(self) -> None:
        """Close the book and go to the library."""
        if self.reading_screen.presenter is not None:
            self.reading_screen.end()
            self.show_library()

    def add(self, path: Path) -> None:
        """Put a file into the library, and open it."""
        volume = self.library.add(path)
        if volume is not None:
            self.open_volume(volume)

    def _dropped(self, _window: Any, name: bytes | str, *_: object) -> None:
        self.add(Path(os.fsdecode(name)))

    def _resize_text(self, by: int) -> None:
        self.reading_screen.change_text_size(by)
        presenter = self.reading_screen.presenter
        if presenter is not None:
            self.look_sheet.text_size = presenter.text_size

    # -- ContinuousApp

    def observe_content(self) -> dict[str, Any]:
        presenter, shown = self.reading_screen.presenter, self.reading_screen.shown
        banner = self.shell.banner if self.shell is not None else None
        screen = "library" if presenter is None else "opening" if shown is None else "book"
        seen: dict[str, Any] = {
            "screen": screen,
            "look": theme.mode,
            "books": [card.title for card in self.library_screen.cards],
            "offer": banner.text if banner is not None and banner.is_open else None,
            "why_offered": banner.detail if banner is not None and banner.is_open else None,
            "searching": self.reading_screen.is_searching,
            "unknown": self.reading_screen.is_unknown,
            "back": self.reading_screen.ids.go_back.where or None,
            "why_back": self.reading_screen.ids.go_back.why or None,
            "link": self.status.link.name if self.status is not None else None,
            "saved": self.status.saved.name if self.status is not None else None,
        }
        if presenter is None or shown is None:
            return seen
        href, offset = presenter.place
        return seen | {
            "book": presenter.book.id,
            "title": presenter.book.title,
            "href": href,
            "offset": offset,
            "sentence": presenter.sentence,
            "chapter": shown.chapter_title,
            "page": shown.page_number,
            "pages": shown.page_count,
            "page_start": shown.page.start,
            "page_end": shown.page.end,
            "progress": round(shown.progress, 6),
            "text_size": presenter.text_size,
        }

    def end_shell(self) -> None:
        """Every page turn was saved when it was made."""
        self.reading_screen.end()
        self.stage.clear_widgets()
        self.unbind(status=self._show_status)
        Window.unbind(on_drop_file=self._dropped)
        del self.library, self._shelf, self.stage, self.reading_screen, self.library_screen
        del self.contents, self.look_sheet, self.files
