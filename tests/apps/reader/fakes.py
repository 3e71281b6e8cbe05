"""Stand-ins for what the reader gets from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import dalsegno as ds
from apps.reader.pages.measure import Face
from apps.reader.reading import Offer, Shown
from apps.reader.state import Reading


class CountingMeasurer:
    """Every character is half an em wide, whatever it is."""

    def width(self, text: str, face: Face) -> float:
        return 0.5 * face.size * len(text)

    def ascent(self, face: Face) -> float:
        return 0.9 * face.size

    def descent(self, face: Face) -> float:
        return 0.3 * face.size


class FakeSession:
    """Keeps its state in memory, and lets a test play the other device."""

    def __init__(self, session_id: str = "book-1") -> None:
        self.id = session_id
        self.state = Reading()
        self.updates: list[dict[str, Any]] = []
        self.closed = False
        self.failure: Exception | None = None
        self._callbacks: list[Callable[[Any], None]] = []

    def update(self, **fields: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.updates.append(fields)
        self._set(fields)

    def on_change(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def close(self) -> None:
        self.closed = True

    def _set(self, fields: dict[str, Any]) -> None:
        kept = {name: getattr(self.state, name) for name in ("place", "furthest", "text_size", "theme")}
        self.state = Reading(**kept | fields)

    def remote(self, advice: ds.Advice, device: str = "Pixel 8", **fields: Any) -> None:
        """Another device has changed this."""
        previous = self.state
        self._set(fields)
        change = SimpleNamespace(
            fields=frozenset(fields),
            state=self.state,
            previous=previous,
            origin=ds.Origin.REMOTE,
            device=SimpleNamespace(id="0123456789abcdef", name=device),
            concurrent=False,
            advice=advice,
        )
        for callback in list(self._callbacks):
            callback(change)


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

    @property
    def shown(self) -> Shown:
        return self.pages[-1]

    def show_page(self, shown: Shown) -> None:
        self.pages.append(shown)

    def show_offer(self, offer: Offer | None) -> None:
        self.offers.append(offer)

    def tell(self, what: str, what_to_do: str) -> None:
        self.told.append((what, what_to_do))

    def open_link(self, url: str) -> None:
        self.links.append(url)
