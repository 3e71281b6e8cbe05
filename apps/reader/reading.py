"""The presenter of the reading screen: turns pages, keeps the place, follows or offers what other devices do.

Knows no Kivy; runs on the app's main thread. Invariants: only what the reader does moves the place (a new
window or text size never does); a page is never pulled away: another device's place is taken only where the
SDK says that nobody is reading here, and otherwise offered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import dalsegno as ds
from apps.reader.epub import Book
from apps.reader.pages.measure import Geometry, TextMeasurer
from apps.reader.pages.paginate import Paginator, page_at
from apps.reader.pages.sentences import first_sentence_on, sentence_at
from apps.reader.pages.slabs import Page
from apps.reader.place import Confidence, find, locator_at, progress_of
from apps.reader.ports import ReadingSession
from apps.reader.room import next_text_size
from apps.reader.shared import Shared, name_of, shared_from

KEPT_JUMPS = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """What the screen shows: a page, where it is, and where a jump came from (None: nowhere to go back
    to)."""

    page: Page
    href: str
    chapter_title: str
    page_number: int
    page_count: int
    progress: float
    furthest: float
    back_to: float | None


@dataclass(frozen=True, slots=True)
class Offer:
    """Another device is somewhere else: `text` says who and where, `detail` quotes what stands there."""

    text: str
    detail: str


class ReadingView(Protocol):
    """The screen. `tell` says what is wrong and what to do."""

    def show_page(self, shown: Shown) -> None: ...
    def show_offer(self, offer: Offer | None) -> None: ...
    def tell(self, what: str, what_to_do: str) -> None: ...
    def open_link(self, url: str) -> None: ...


class ReadingPresenter:
    """See the module. Call `resize` once there is room for a page: it shows the first one."""

    def __init__(
        self, book: Book, session: ReadingSession, measurer: TextMeasurer, view: ReadingView
    ) -> None:
        self.book = book
        self._session = session
        self._view = view
        self._paginator = Paginator(book, measurer)
        self._geometry: Geometry | None = None
        self._jumps: list[tuple[str, int]] = []
        self._offered: ds.Locator | None = None
        self._href, self._offset = book.hrefs[0], 0
        self._unsubscribe: Callable[[], None] = session.on_change(self._changed)
        self._take(self._state.place)

    def close(self) -> None:
        self._unsubscribe()
        self._session.close()

    # -- what is shown

    @property
    def _state(self) -> Shared:
        return shared_from(self._session.state)

    @property
    def place(self) -> tuple[str, int]:
        """Chapter and offset where the reader is."""
        return self._href, self._offset

    @property
    def sentence(self) -> str:
        """The words that stand at the place."""
        text = self.book.text(self._href)
        return " ".join(text[self._offset : sentence_at(text, self._offset)[1]].split())

    @property
    def text_size(self) -> float:
        return self._state.text_size

    @property
    def theme(self) -> str:
        return self._state.theme or "light"

    @property
    def page(self) -> Page:
        return self._pages()[self._index]

    def resize(self, geometry: Geometry) -> None:
        """There is this much room now: show the page that the place is on."""
        self._geometry = geometry
        self._show()

    def _pages(self) -> tuple[Page, ...]:
        assert self._geometry is not None, "resize() comes first"
        return self._paginator.pages(self._href, self._geometry)

    @property
    def _index(self) -> int:
        return page_at(self._pages(), self._offset)

    def _show(self) -> None:
        if self._geometry is None:
            return
        pages, index = self._pages(), self._index
        self._view.show_page(
            Shown(
                pages[index],
                self._href,
                self.book.chapter_title(self._href),
                index + 1,
                len(pages),
                self._progress(),
                self._state.furthest,
                self.book.progress(*self._jumps[-1]) if self._jumps else None,
            )
        )

    def _progress(self) -> float:
        """Not worth reading the whole book for the first page: the place knows how far it is."""
        if not self.book.is_measured and self._state.place is not None:
            return progress_of(self._state.place)
        return self.book.progress(self._href, self._offset)

    def entry_here(self) -> int:
        """The index of the last entry of the contents that begins before the end of this page."""
        here, current = self.book.progress(self._href, max(self._offset, self.page.end - 1)), 0
        for index, entry in enumerate(self.book.contents):
            place = self.book.target(entry.target) if entry.target else None
            if place is not None and self.book.progress(*place) <= here:
                current = index
        return current

    # -- what the reader does

    def next_page(self) -> None:
        self._turn(+1)

    def previous_page(self) -> None:
        self._turn(-1)

    def first_page(self) -> None:
        """The beginning of this chapter; from there, of the one before."""
        if self._index == 0:
            self._enter(self.book.hrefs.index(self._href) - 1, 0)
        else:
            self._settle(self._pages()[0])

    def last_page(self) -> None:
        """The last page of this chapter; from there, the beginning of the next one."""
        pages = self._pages()
        if self._index == len(pages) - 1:
            self._enter(self.book.hrefs.index(self._href) + 1, 0)
        else:
            self._settle(pages[-1])

    def _turn(self, by: int) -> None:
        pages, index = self._pages(), self._index + by
        if 0 <= index < len(pages):
            self._settle(pages[index])
        else:
            self._enter(self.book.hrefs.index(self._href) + by, 0 if by > 0 else -1)

    def _enter(self, chapter: int, page: int) -> None:
        if 0 <= chapter < len(self.book.hrefs):
            self._href = self.book.hrefs[chapter]
            self._settle(self._pages()[page])

    def _settle(self, page: Page) -> None:
        """The reader is on this page: the place is the first sentence that begins there."""
        start, _ = first_sentence_on(self.book.text(self._href), page.start, page.end)
        self._move(self._href, start)

    def go_to(self, href: str, offset: int) -> None:
        """Jump, and keep where we were to go back to."""
        self._jumps = [*self._jumps[1 - KEPT_JUMPS :], self.place]
        self._move(href, offset)

    def follow(self, link: str) -> None:
        """A link was pressed."""
        target = self.book.target(link)
        if target is not None:
            self.go_to(*target)
        elif ":" in link.partition("/")[0]:
            self._view.open_link(link)
        else:
            self._view.tell("This link leads nowhere: the book has no such page.", "Read on where you are.")

    def seek(self, progress: float) -> None:
        """Jump to a share of the whole book, in [0, 1]."""
        href, offset = self.book.place_at(progress)
        self.go_to(href, sentence_at(self.book.text(href), offset)[0])

    def go_back(self) -> None:
        """To where the last jump came from."""
        if self._jumps:
            self._move(*self._jumps.pop())

    def change_text_size(self, by: int) -> None:
        """By that many steps; the screen then calls `resize` with its new room."""
        self._save(text_size=next_text_size(self.text_size, by))

    def choose_theme(self, theme: str) -> None:
        self._save(theme=theme)

    def _move(self, href: str, offset: int) -> None:
        self._href, self._offset = href, offset
        self._withdraw()
        page = self.page
        furthest = max(self._state.furthest, self.book.progress(href, page.end))
        self._save(place=locator_at(self.book, href, offset), furthest=furthest)
        self._show()

    def _save(self, **fields: Any) -> None:
        try:
            self._session.update(**fields)
        except ds.DalSegnoError as error:
            self._view.tell("Your place could not be saved on this device.", str(error))

    # -- what other devices do

    def _changed(self, change: Any) -> None:
        if change.origin is not ds.Origin.REMOTE:
            return
        if "place" in change.fields and change.state.place is not None:
            self._place_elsewhere(change)
        elif "furthest" in change.fields:
            self._show()

    def _place_elsewhere(self, change: Any) -> None:
        found = find(self.book, change.state.place)
        if found is None or change.advice is ds.Advice.KEEP:
            return
        if self._geometry is not None and found.href == self._href and self._is_here(found.offset):
            self._withdraw()
            self._offset = found.offset  # nothing moves; but in a smaller window it would be another page
        elif change.advice is ds.Advice.FOLLOW:
            self._withdraw()
            self._take(change.state.place)
            self._show()
        else:
            self._offered = change.state.place
            self._view.show_offer(self._offer(change, found.href, found.offset))

    def _is_here(self, offset: int) -> bool:
        return self.page.start <= offset < max(self.page.end, self.page.start + 1)

    def _offer(self, change: Any, href: str, offset: int) -> Offer:
        device = (name_of(change.device.name) if change.device is not None else "") or "Another device"
        chapter = self.book.chapter_title(href)
        percent = f"{self.book.progress(href, offset):.0%}"
        start, end = sentence_at(self.book.text(href), offset)
        words = " ".join(self.book.text(href)[start:end].split())
        return Offer(
            f"{device} is at {chapter} · {percent}" if chapter else f"{device} is at {percent}",
            f"{words[:70].rstrip()}…" if len(words) > 70 else words,
        )

    def take_offer(self) -> None:
        """Go where the other device is."""
        offered, self._offered = self._offered, None
        found = find(self.book, offered)
        if found is not None:
            self.go_to(found.href, found.offset)

    def dismiss_offer(self) -> None:
        self._offered = None

    def _withdraw(self) -> None:
        if self._offered is not None:
            self._offered = None
            self._view.show_offer(None)

    def _take(self, place: ds.Locator | None) -> None:
        """Stand at a place without writing it."""
        found = find(self.book, place)
        if found is None:
            return
        self._href, self._offset = found.href, found.offset
        if found.confidence in (Confidence.CONTEXT, Confidence.PROGRESSION):
            self._view.tell(
                "This copy of the book differs from the other: here is about the place.",
                "Use the same file on both devices for the exact sentence.",
            )
