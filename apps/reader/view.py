"""What the reading screen shows, as plain values, and what it can be told to show. Pure."""

from dataclasses import dataclass
from typing import Protocol

from apps.common.arrival import Search
from apps.reader.pages.slabs import Page


@dataclass(frozen=True, slots=True)
class Shown:
    """A page, and where it is."""

    page: Page
    href: str
    chapter_title: str
    page_number: int
    page_count: int
    progress: float
    furthest: float


@dataclass(frozen=True, slots=True)
class Offer:
    """Another device is somewhere else: `text` says who, where and when, `detail` why, and what stands
    there."""

    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where "back" leads, as a share of the book, and why somebody was there."""

    progress: float
    why: str


class ReadingView(Protocol):
    """The screen. `tell` says what is wrong and what to do."""

    def show_search(self, search: Search) -> None:
        """While it is LOOKING there is no page."""
        ...

    def show_page(self, shown: Shown) -> None: ...
    def show_offer(self, offer: Offer | None) -> None: ...
    def show_way_back(self, way_back: WayBack | None) -> None: ...
    def tell(self, what: str, what_to_do: str) -> None: ...
    def open_link(self, url: str) -> None: ...
