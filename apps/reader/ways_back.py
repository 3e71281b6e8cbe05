"""The way back: a session's marks, as places in this copy of the book.

Kivy-free; on the app's thread. Invariant: what cannot be found in this copy, or is on the page already, is no
way back. A mark is looked for only when its turn comes: an old one may be in a chapter that was not read yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import dalsegno as ds
from apps.reader.epub import Book
from apps.reader.place import Found, find
from apps.reader.shared import name_of
from apps.reader.view import WayBack

LONGEST_NAME: Final = 18  # of a device, beside all else that stands at the foot of a page

_WHY: Final = {
    "jump": "before the jump",
    "follow": "before following",
    "taken": "before going there",
    "back": "before going back",
    "declined": "not followed",
}
"""Of places that are left; the others are named by who was there."""
_READ: Final = ("blind", "merge")


@dataclass(frozen=True, slots=True)
class Target:
    """A mark's place, as it is written and as it is in this copy of the book."""

    locator: ds.Locator
    found: Found
    mark: Any


class WaysBack:
    """Newest first. `here`: the id of this device."""

    def __init__(self, book: Book, here: str) -> None:
        self._book, self._here = book, here
        self._marks: Sequence[Any] = ()
        self._targets: dict[int, Target | None] = {}

    def take(self, marks: Sequence[Any]) -> None:
        """The session's marks are these now."""
        if marks != self._marks:
            self._marks, self._targets = marks, {}

    def newest(self, is_here: Callable[[str, int], bool]) -> Target | None:
        """Where "back" leads; `is_here` says whether a place is on the page that is shown."""
        targets = (self._target(index) for index in range(len(self._marks)))
        return next((t for t in targets if t and not is_here(t.found.href, t.found.offset)), None)

    def is_next(self, target: Target, place: ds.Locator | None) -> bool:
        """Whether `Session.go_back` from `place` leads there, and to no mark that is none here."""
        locators = (mark.values["place"] for mark in self._marks if "place" in mark.values)
        return next((locator for locator in locators if locator != place), None) == target.locator

    def shown(self, target: Target) -> WayBack:
        said = target.locator.total_progression
        progress = self._book.progress(target.found.href, target.found.offset) if said is None else said
        return WayBack(min(max(progress, 0.0), 1.0), self._why(target.mark))

    def _target(self, index: int) -> Target | None:
        if index not in self._targets:
            mark = self._marks[index]
            locator = mark.values.get("place")
            found = find(self._book, locator)
            self._targets[index] = Target(locator, found, mark) if found is not None else None
        return self._targets[index]

    def _why(self, mark: Any) -> str:
        is_own = mark.device is not None and mark.device.id == self._here
        if mark.reason in _READ or (mark.reason == "follow" and not is_own):
            return "read here" if is_own else f"read on {_name(mark.device)}"
        return _WHY.get(mark.reason, "")


def _name(device: Any) -> str:
    name = name_of(device.name) if device is not None else ""
    return f"{name[: LONGEST_NAME - 1].rstrip()}…" if len(name) > LONGEST_NAME else name or "another device"
