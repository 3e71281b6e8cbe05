"""What tests of clients and sessions share: a State class, and clocks that stand still."""

from __future__ import annotations

import dalsegno as ds
from dalsegno._core.types import Millis
from dalsegno._threads.worker import SystemTime


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
