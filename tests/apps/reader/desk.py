"""A reading presenter with all that it needs, at a book of three chapters."""

from __future__ import annotations

from apps.reader.epub import Book
from apps.reader.pages.measure import Geometry
from apps.reader.reading import ReadingPresenter
from tests.apps.reader.fakes import CountingMeasurer, FakeHere, FakeSession, RecordingView, Timers

PHONE = Geometry(320, 600, 20)
LAPTOP = Geometry(1000, 640, 20, columns=2, gap=60)


class Desk:
    """A presenter with all that it needs."""

    def __init__(self, book: Book, session: FakeSession | None = None, geometry: Geometry = PHONE) -> None:
        self.book = book
        self.session = session or FakeSession()
        self.view, self.timers = RecordingView(), Timers()
        self.presenter = ReadingPresenter(
            book, self.session, CountingMeasurer(), self.view, FakeHere(), self.timers.after
        )
        self.presenter.resize(geometry)
        self.timers.pass_s(0.0)

    @property
    def page(self) -> tuple[str, int, int]:
        shown = self.view.shown
        return shown.href, shown.page.start, shown.page.end

    def has_on_page(self, href: str, offset: int) -> bool:
        where, start, end = self.page
        return where == href and start <= offset < end
