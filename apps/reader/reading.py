"""The presenter of the reading screen: turns pages, keeps the place, follows or offers what other devices do.

Knows no Kivy; runs on the app's main thread. Invariants: only what the reader does moves the place (a new
window or text size never does); a page is never pulled away: another device's place is followed only where
the SDK says that it was written in sight of what is shown here, and otherwise offered; and no page is shown
as the reader's place before it is known whether there is one, or clear that nobody can say.
"""

from collections.abc import Callable
from typing import Any

import dalsegno as ds
from apps.common.arrival import After, Arrival
from apps.reader.epub import Book
from apps.reader.offers import offer_of
from apps.reader.pages.measure import Geometry, TextMeasurer
from apps.reader.pages.paginate import Paginator, page_at
from apps.reader.pages.sentences import first_sentence_on, sentence_at
from apps.reader.pages.slabs import Page
from apps.reader.place import Confidence, find, locator_at, progress_of
from apps.reader.ports import Here, ReadingSession
from apps.reader.room import next_text_size
from apps.reader.shared import Shared, shared_from
from apps.reader.view import ReadingView, Shown
from apps.reader.ways_back import Target, WaysBack


class ReadingPresenter:
    """See the module. Call `resize` once there is room for a page: it shows the first one."""

    def __init__(
        self,
        book: Book,
        session: ReadingSession,
        measurer: TextMeasurer,
        view: ReadingView,
        here: Here,
        after: After,
    ) -> None:
        self.book = book
        self._session, self._here, self._view = session, here, view
        self._paginator = Paginator(book, measurer)
        self._geometry: Geometry | None = None
        self._offered: Any = None  # the newest change that offers a place
        self._turned_to: ds.Locator | None = None  # by the reader, and nothing was followed since
        self._href, self._offset = book.hrefs[0], 0
        self._ways_back = WaysBack(book, str(here.device.id))
        self._ends: list[Callable[[], object]] = [
            session.on_change(self._changed),
            session.on_marks(self._marks_changed),
        ]
        self._arrival = Arrival(session, "place", after, self._arrived)
        self._ends += [
            self._arrival.close,
            after(0.0, self._marks_changed),
        ]  # after the page, which comes first
        view.show_search(self._arrival.search)
        self._stand_at(self._state.place)

    def close(self) -> None:
        for end in self._ends:
            end()
        self._session.close()

    def line_is(self, link: ds.Link) -> None:
        """How this device is connected: offline, nobody waits for a place."""
        self._arrival.line_is(link)

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
        if self._geometry is None or self._arrival.looking:
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
            )
        )
        self._show_way_back()

    def _show_way_back(self) -> None:
        target = self._ways_back.newest(self._is_here)
        self._view.show_way_back(self._ways_back.shown(target) if target is not None else None)

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
        if 0 <= chapter < len(self.book.hrefs) and not self._arrival.looking:
            self._href = self.book.hrefs[chapter]
            self._settle(self._pages()[page])

    def _settle(self, page: Page) -> None:
        """The reader is on this page: the place is the first sentence that begins there."""
        start, _ = first_sentence_on(self.book.text(self._href), page.start, page.end)
        self._move(self._href, start)

    def go_to(self, href: str, offset: int) -> None:
        """Jump; where we were is kept to go back to, on all devices."""
        if not self._is_written and not self._arrival.looking:
            self._write(furthest=self._state.furthest)  # only what is written can be kept
        self._move(href, offset, mark="jump")

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
        """To the newest place that was kept; from there the same leads here again."""
        if self._geometry is None or self._arrival.looking:
            return
        self._ways_back.take(self._session.marks)
        target = self._ways_back.newest(self._is_here)
        if target is not None and self._dared(lambda: self._swap(target)):
            self._withdraw()
            self._stand_at(target.locator)
            self._turned_to = target.locator
        self._show()

    def _swap(self, target: Target) -> None:
        if self._ways_back.is_next(target, self._session.state.place):
            self._session.go_back("place")
        if self._session.state.place != target.locator:  # there are newer marks, which mean nothing here
            self._session.update(place=target.locator, mark="back")

    def change_text_size(self, by: int) -> None:
        """By that many steps; the screen then calls `resize` with its new room."""
        self._save(text_size=next_text_size(self.text_size, by))

    def choose_theme(self, theme: str) -> None:
        self._save(theme=theme)

    def _move(self, href: str, offset: int, **mark: str) -> None:
        if self._arrival.looking:
            return
        self._href, self._offset = href, offset
        self._withdraw()
        furthest = max(self._state.furthest, self.book.progress(href, self.page.end))
        self._write(furthest=furthest, **mark)
        self._show()

    def _write(self, **fields: Any) -> None:
        """The reader is where the screen is."""
        self._turned_to = locator_at(self.book, self._href, self._offset)
        self._save(place=self._turned_to, **fields)

    @property
    def _is_written(self) -> bool:
        """Whether the session has the place that is shown: not while it has one that is offered, or none."""
        found = find(self.book, self._state.place)
        return found is not None and (found.href, found.offset) == self.place

    def _save(self, **fields: Any) -> None:
        self._dared(lambda: self._session.update(**fields))

    def _dared(self, write: Callable[[], object]) -> bool:
        """Whether that could be written."""
        try:
            write()
        except ds.DalSegnoError as error:
            self._view.tell("Your place could not be saved on this device.", str(error))
            return False
        return True

    # -- what other devices do

    def _changed(self, change: Any) -> None:
        if "place" in change.fields:
            self._place_changed(change)
        elif "furthest" in change.fields and change.origin is ds.Origin.REMOTE:
            self._show()
        self._arrival.handle(change)  # last: the first page that is shown is the one with the place

    def _arrived(self) -> None:
        """The place is known, or nobody waits for it any longer."""
        self._view.show_search(self._arrival.search)
        self._show()

    def _marks_changed(self) -> None:
        self._ways_back.take(self._session.marks)
        if self._geometry is not None and not self._arrival.looking:
            self._show_way_back()

    def _place_changed(self, change: Any) -> None:
        advice = change.advice_for("place")
        if advice is ds.Advice.OFFER:
            self._offer(change)
            return
        self._withdraw()
        if advice is ds.Advice.FOLLOW and not self._has_turned_since():
            self._follow(change.state.place)

    def _has_turned_since(self) -> bool:
        """The change was told before a page was turned here, which it did not know of yet."""
        return self._turned_to is not None and self._session.state.place == self._turned_to

    def _follow(self, place: ds.Locator | None) -> None:
        self._turned_to = None
        found = find(self.book, place)
        if found is not None and self._is_here(found.href, found.offset):
            self._offset = found.offset  # nothing moves; but in a smaller window it would be another page
        else:
            self._stand_at(place)
            self._show()

    def _is_here(self, href: str, offset: int) -> bool:
        if self._geometry is None or self._arrival.looking or href != self._href:
            return False
        return self.page.start <= offset < max(self.page.end, self.page.start + 1)

    def _offer(self, change: Any) -> None:
        found = find(self.book, change.offered.place)
        if found is None:
            self._withdraw()
        elif self._is_here(found.href, found.offset):
            self._withdraw()
            self._offset = found.offset
        else:
            self._offered = change
            offer = offer_of(self.book, change, found.href, found.offset, self._here.now_ms())
            self._view.show_offer(offer)

    def take_offer(self) -> None:
        """Go where the other device is."""
        change, self._offered = self._offered, None
        if change is not None and self._dared(change.take):
            self._turned_to = None
            self._stand_at(change.offered.place)
            self._show()

    def dismiss_offer(self) -> None:
        self._offered = None

    def _withdraw(self) -> None:
        if self._offered is not None:
            self._offered = None
            self._view.show_offer(None)

    def _stand_at(self, place: ds.Locator | None) -> None:
        """Be at a place without writing it."""
        found = find(self.book, place)
        if found is None:
            return
        self._href, self._offset = found.href, found.offset
        if found.confidence in (Confidence.CONTEXT, Confidence.PROGRESSION):
            self._view.tell(
                "This copy of the book differs from the other: here is about the place.",
                "Use the same file on both devices for the exact sentence.",
            )
