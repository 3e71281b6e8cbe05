"""What the presenter needs of the SDK, and no more: a session that is shared, and a device with a clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class SharedSession(Protocol):
    """`dalsegno.Session[Listening]`; changes are delivered on the app's thread."""

    @property
    def state(self) -> Any: ...

    @property
    def fresh(self) -> bool:
        """Whether the server has said, on the present connection, how it stands."""
        ...

    @property
    def holder(self) -> Any:
        """Who plays: `device`, `here`, `active`; None = nobody ever did."""
        ...

    @property
    def settled(self) -> Any:
        """The state as a place: its playhead stands where it was last heard."""
        ...

    @property
    def marks(self) -> Sequence[Any]:
        """Places worth going back to, newest first."""
        ...

    def update(self, **fields: Any) -> object: ...

    def take_over(self, **fields: Any) -> object: ...

    def advance(self, **fields: Any) -> object: ...

    def release(self, **fields: Any) -> object: ...

    def go_back(self, *fields: str) -> bool: ...

    def on_change(self, callback: Callable[[Any], None]) -> Callable[[], None]: ...

    def on_holder(self, callback: Callable[[], object]) -> Callable[[], None]: ...

    def on_marks(self, callback: Callable[[], object]) -> Callable[[], None]: ...


class Here(Protocol):
    """`dalsegno.Client`, as far as it says who and when."""

    @property
    def device(self) -> Any:
        """With `id` and `name`."""
        ...

    def now_ms(self) -> int:
        """The server's time, as well as it is known."""
        ...

    def network_changed(self) -> None:
        """Connect anew, now: nothing is `fresh` until the server has answered on that connection."""
        ...
