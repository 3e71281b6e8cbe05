"""What the presenter needs of the SDK, and no more: a session that is shared, and a device with a clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class SharedSession(Protocol):
    """`dalsegno.Session[Listening]`; changes are delivered on the app's thread."""

    @property
    def state(self) -> Any: ...

    @property
    def fresh(self) -> bool:
        """Whether the server has said, on the present connection, how it stands."""
        ...

    def update(self, **fields: Any) -> object: ...

    def on_change(self, callback: Callable[[Any], None]) -> Callable[[], None]: ...


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
