"""What tests of clients and sessions share: a State class, clocks that stand still, and a way to connect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno._core.types import Millis
from dalsegno._threads.worker import SystemTime

DEAD = "127.0.0.1:9"
"""Nobody listens there."""


class StoppableTime(SystemTime):
    """The machine's clocks, until the test stops them: no timer of the engine runs then."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped: tuple[float, Millis] | None = None

    def stop(self) -> None:
        self._stopped = super().steady_ms(), super().wall_ms()

    def steady_ms(self) -> float:
        return super().steady_ms() if self._stopped is None else self._stopped[0]

    def wall_ms(self) -> Millis:
        return super().wall_ms() if self._stopped is None else self._stopped[1]


class Book(ds.State, schema="book/1"):
    """A field of each policy."""

    place: ds.Locator | None = ds.latest(None)
    furthest: float = ds.highest(0.0)
    note: str = ds.latest("")
    tags: list[str] = ds.latest([])
    text_size: float = ds.on_this_device(18.0)


def connect(home: Path, **more: Any) -> Client:
    options: dict[str, Any] = {"user": ds.Unsigned("alice"), "home": home, "emulator": DEAD, **more}
    return ds.connect(options.pop("project", "demo-books"), **options)
