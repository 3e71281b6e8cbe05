"""The presenter of the library screen: what there is to read, how far one is, where to go on.

Knows no Kivy; runs on the app's main thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import dalsegno as ds
from apps.reader.epub import BookError, Image
from apps.reader.ports import ReadingClient
from apps.reader.shared import name_of, place_in
from apps.reader.shelf import Shelf, Volume


@dataclass(frozen=True, slots=True)
class Card:
    """A book as the library shows it: `progress` in [0, 1], None if it was never opened; `detail` is one
    line; `cover` reads its picture."""

    id: str
    title: str
    author: str
    cover: Callable[[], Image | None]
    progress: float | None
    detail: str


LOOK_S = 0.05  # how long a hand may wait for the screen while a new folder is looked through
SHOW_EVERY_S = 0.5  # all cards are laid out anew then: with many books that takes longer than a look


class LibraryView(Protocol):
    """The screen. `going_on` is the book to continue with; it is among `cards` too."""

    def show_cards(self, cards: list[Card], going_on: Card | None) -> None: ...
    def open_volume(self, volume: Volume) -> None: ...
    def tell(self, what: str, what_to_do: str) -> None: ...


class LibraryPresenter:
    """See the module."""

    def __init__(
        self,
        shelf: Shelf,
        client: ReadingClient,
        view: LibraryView,
        later: Callable[[Callable[[], None]], object] = lambda call: call(),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`later` puts off what would take too long now; `clock` gives seconds."""
        self._shelf = shelf
        self._client = client
        self._view = view
        self._later, self._clock = later, clock
        self._shown_s = float("-inf")
        self._told: set[Path] = set()

    def refresh(self) -> None:
        """Look at the folder and at what was read last, on any device. New files appear bit by bit."""
        self._shown_s = float("-inf")
        self._look_on()

    def _look_on(self) -> None:
        is_done = self._shelf.look(LOOK_S)
        if is_done or self._clock() - self._shown_s >= SHOW_EVERY_S:
            self._show()
            self._shown_s = self._clock()
        if not is_done:
            self._later(self._look_on)

    def _show(self) -> None:
        recent = self._recent()
        cards = [_card(volume, recent.get(volume.id)) for volume in self._shelf.volumes()]
        by_id = {card.id: card for card in cards}
        order = [by_id[identity] for identity in recent if identity in by_id]
        cards = order + [card for card in cards if card.progress is None]
        self._view.show_cards(cards, order[0] if order else None)
        for misfit in self._shelf.misfits():
            if misfit.path not in self._told:
                self._told.add(misfit.path)
                self._view.tell(misfit.error.what, misfit.error.what_to_do)

    def _recent(self) -> dict[str, Any]:
        """What is being read, by id, newest first."""
        try:
            return {each.id: each for each in self._client.recent(limit=50)}
        except ds.DalSegnoError as error:
            self._view.tell("What you read last is not known.", str(error))
            return {}

    def open(self, identity: str) -> None:
        """A card was pressed."""
        volume = self._shelf.find(identity)
        if volume is None:
            self._view.tell("This book is not in the library any more.", "Put its file back.")
            self.refresh()
        else:
            self._view.open_volume(volume)

    def add(self, path: Path) -> Volume | None:
        """Put a file into the library; None, and a word about it, if it is no book."""
        try:
            volume = self._shelf.add(path)
        except BookError as error:
            self._view.tell(error.what, error.what_to_do)
            return None
        self.refresh()
        return volume


def _card(volume: Volume, recent: Any) -> Card:
    if recent is None:
        return Card(volume.id, volume.title, volume.author, volume.cover, None, "")
    place = place_in(recent.state)
    progress = (place.total_progression or 0.0) if place is not None else 0.0
    parts = [name_of(place.title) if place is not None else "", f"{progress:.0%}"]
    if recent.device is not None and name_of(recent.device.name):
        parts.append(f"on {name_of(recent.device.name)}")
    detail = "  ·  ".join(part for part in parts if part)
    return Card(volume.id, volume.title, volume.author, volume.cover, progress, detail)
