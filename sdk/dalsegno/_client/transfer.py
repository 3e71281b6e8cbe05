"""What an app is told when another device asks this one to take over. A value; any thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dalsegno._core import state as states
from dalsegno._core.types import Device

S = TypeVar("S", bound=states.State)


@dataclass(frozen=True, slots=True)
class Transfer(Generic[S]):
    """Somebody says: go on there, and means this device.

    state     what is played, as a place (see `Session.settled`)
    device    on which that was said, as far as known
    until_ms  by when it has to be taken, milliseconds of the Unix epoch by the server's time
    """

    state: S
    device: Device | None
    until_ms: int
    _take: Callable[[dict[str, Any]], bool] = field(repr=False, compare=False)
    _decline: Callable[[], None] = field(repr=False, compare=False)

    def take(self, **fields: Any) -> bool:
        """Takes over, as `Session.take_over(**fields)` does. False: it is too late, or somebody has pressed
        play meanwhile; nothing was changed. Raises what `Session.update` raises."""
        return self._take(fields)

    def decline(self) -> None:
        """This device cannot play that: whoever asked is told at once."""
        self._decline()
