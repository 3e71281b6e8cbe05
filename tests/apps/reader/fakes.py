"""Stand-ins for what the reader gets from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import dalsegno as ds
from apps.common.arrival import Search
from apps.reader.pages.measure import Face
from apps.reader.state import Reading
from apps.reader.view import Offer, Shown, WayBack


class CountingMeasurer:
    """Every character is half an em wide, whatever it is."""

    def width(self, text: str, face: Face) -> float:
        return 0.5 * face.size * len(text)

    def ascent(self, face: Face) -> float:
        return 0.9 * face.size

    def descent(self, face: Face) -> float:
        return 0.3 * face.size


HERE = SimpleNamespace(id="fedcba9876543210", name="Laptop")
PIXEL = SimpleNamespace(id="0123456789abcdef", name="Pixel 8")
NOW_MS = 1_790_000_000_000


class FakeSession:
    """Keeps its state and marks in memory as the SDK does, and lets a test play the other device."""

    def __init__(self, session_id: str = "book-1", *, known: bool = True) -> None:
        self.id = session_id
        self.state = Reading()
        self.known = known
        self.marks: list[Any] = []
        self.updates: list[dict[str, Any]] = []
        self.taken: list[Any] = []
        self.closed = False
        self.failure: Exception | None = None
        self._callbacks: list[Callable[[Any], None]] = []
        self._marks_callbacks: list[Callable[[], object]] = []

    def update(self, *, mark: str = "", **fields: Any) -> None:
        self._fails()
        self.updates.append(fields)
        left = self.state.place
        if mark and left is not None and "place" in fields and left != fields["place"]:
            self.keeps(mark, left, HERE)
        self._edits(fields)

    def go_back(self, *fields: str) -> bool:
        assert fields == ("place",)
        self._fails()
        to = next((mark for mark in self.marks if mark.values["place"] != self.state.place), None)
        if to is None:
            return False
        self.marks.remove(to)
        self.keeps("back", self.state.place, HERE)
        self._edits({"place": to.values["place"]})
        return True

    def on_change(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def on_marks(self, callback: Callable[[], object]) -> Callable[[], None]:
        self._marks_callbacks.append(callback)
        return lambda: self._marks_callbacks.remove(callback)

    def close(self) -> None:
        self.closed = True

    def _fails(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _edits(self, fields: dict[str, Any]) -> None:
        self._tell(fields, ds.Advice.KEEP, ds.Rule.OWN, HERE, ds.Origin.HERE)

    def _set(self, fields: dict[str, Any]) -> None:
        kept = {name: getattr(self.state, name) for name in ("place", "furthest", "text_size", "theme")}
        self.state = Reading(**kept | fields)

    def keeps(self, reason: str, place: Any, device: Any) -> None:
        """There is a new mark, whoever made it."""
        mark = SimpleNamespace(values={"place": place}, device=device, at_ms=NOW_MS, reason=reason)
        self.marks = [mark, *self.marks]
        for callback in list(self._marks_callbacks):
            callback()

    def remote(
        self,
        advice: ds.Advice,
        device: str = PIXEL.name,
        rule: ds.Rule = ds.Rule.UNSEEN,
        *,
        at_ms: int = 0,
        became_known: bool = False,
        late: bool = False,
        **fields: Any,
    ) -> None:
        """Another device has changed this. `late`: it is told when an edit made here has passed over it."""
        self.known = self.known or became_known
        whose = SimpleNamespace(id=PIXEL.id, name=device)
        newest = self.state if late else None
        self._tell(fields, advice, rule, whose, ds.Origin.REMOTE, at_ms, became_known, newest)

    def _tell(
        self,
        fields: dict[str, Any],
        advice: ds.Advice,
        rule: ds.Rule,
        device: Any,
        origin: ds.Origin,
        at_ms: int = 0,
        became_known: bool = False,
        newest: Reading | None = None,
    ) -> None:
        previous = self.state
        self._set(fields)
        change = SimpleNamespace(
            fields=frozenset(fields),
            state=self.state,
            previous=previous,
            origin=origin,
            device=device,
            concurrent=False,
            advice=advice,
            advice_for=lambda name: advice if name in fields else ds.Advice.KEEP,
            offered=self.state,
            became_known=became_known,
            why=SimpleNamespace(field="place", rule=rule, device=device, at_ms=at_ms) if fields else None,
        )
        self.state = newest or self.state
        change.take = lambda: (self._fails(), self.taken.append(change))
        for callback in list(self._callbacks):
            callback(change)


class FakeHere:
    """A device, and a time that stands still."""

    device = HERE

    def now_ms(self) -> int:
        return NOW_MS


class Timers:
    """What is to be called later: `pass_s` lets time go by."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._waiting: dict[object, tuple[float, Callable[[], None]]] = {}

    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], object]:
        key = object()
        self._waiting[key] = self.now_s + seconds, call
        return lambda: self._waiting.pop(key, None)

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds
        for key, (due_s, call) in list(self._waiting.items()):
            if due_s <= self.now_s and key in self._waiting:
                del self._waiting[key]
                call()


class FakeClient:
    """Sessions in memory, by id; never goes anywhere."""

    def __init__(self) -> None:
        self.sessions: dict[str, FakeSession] = {}
        self.status = ds.Status(ds.Link.LIVE, "", ds.Saved.EVERYWHERE)
        self.recents: list[Any] = []

    def open(self, session_id: str, schema: type[Reading]) -> FakeSession:
        return self.sessions.setdefault(session_id, FakeSession(session_id))

    def recent(self, limit: int = 20) -> list[Any]:
        return self.recents[:limit]

    def on_status(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        return lambda: None

    def flush(self, timeout_s: float = 2.0) -> bool:
        return True

    def close(self, timeout_s: float = 2.0) -> None:
        pass


class RecordingView:
    """A screen that only remembers what it was told to show."""

    def __init__(self) -> None:
        self.pages: list[Shown] = []
        self.offers: list[Offer | None] = []
        self.told: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.searches: list[Search] = []
        self.way_back: WayBack | None = None

    @property
    def shown(self) -> Shown:
        return self.pages[-1]

    def show_page(self, shown: Shown) -> None:
        self.pages.append(shown)

    def show_search(self, search: Search) -> None:
        self.searches.append(search)

    def show_way_back(self, way_back: WayBack | None) -> None:
        self.way_back = way_back

    def show_offer(self, offer: Offer | None) -> None:
        self.offers.append(offer)

    def tell(self, what: str, what_to_do: str) -> None:
        self.told.append((what, what_to_do))

    def open_link(self, url: str) -> None:
        self.links.append(url)
