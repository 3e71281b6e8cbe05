"""What the engine needs of the world outside."""

from __future__ import annotations

from collections.abc import Callable

from dalsegno._core.ports import Store, Time, Timers
from dalsegno._core.record import record


@record(frozen=True, slots=True)
class World:
    """Tests give it one of their own. `random` gives 0 ≤ x < 1."""

    store: Store
    time: Time
    timers: Timers
    random: Callable[[], float]
