"""What the reader asks of the SDK: as much of `dalsegno.Client` and `dalsegno.Session` as it uses.

Tests bring their own; the app brings the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from apps.reader.state import Reading

Unsubscribe = Callable[[], None]


class ReadingSession(Protocol):
    """One book's session."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> Reading: ...
    def update(self, **fields: Any) -> object: ...
    def on_change(self, callback: Callable[[Any], None]) -> Unsubscribe: ...
    def close(self) -> None: ...


class ReadingClient(Protocol):
    """The connection of this device."""

    @property
    def status(self) -> Any: ...
    def open(self, session_id: str, cls: type[Reading]) -> ReadingSession: ...
    def recent(self, limit: int = 20) -> Sequence[Any]: ...
    def on_status(self, callback: Callable[[Any], None]) -> Unsubscribe: ...
    def close(self, timeout_s: float = 2.0) -> Any: ...
