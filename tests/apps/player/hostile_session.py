"""A session in which anything may stand: for what no server and no other client would say so quickly.

Only what the presenter asks of the SDK. Who presses play here holds; nobody else is there.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from dalsegno._core.playhead import Playhead

DEFAULTS: dict[str, Any] = {
    "queue": (),
    "track": "",
    "title": "",
    "artist": "",
    "duration_ms": 0.0,
    "playhead": Playhead(),
    "volume": 0.8,
    "shuffle": 0,
    "shuffle_first": "",
    "repeat": "off",
    "loudness": -1.0,
}


class HostileSession:
    """A `SharedSession` and a `Here` in one."""

    def __init__(self, id: str, name: str) -> None:
        self.device = SimpleNamespace(id=id, name=name)
        self.now = 1_700_000_000_000
        self.holder: Any = None
        self.marks: list[Any] = []
        self.fresh = True
        self.writes: list[dict[str, Any]] = []
        self._fields = dict(DEFAULTS)
        self._callbacks: list[Callable[[Any], None]] = []

    def now_ms(self) -> int:
        return self.now

    def network_changed(self) -> None:
        """There is none."""

    @property
    def state(self) -> Any:
        return SimpleNamespace(**self._fields)

    @property
    def settled(self) -> Any:
        return SimpleNamespace(**{**self._fields, "playhead": self._fields["playhead"].paused_at(self.now)})

    def update(self, **fields: Any) -> None:
        assert DEFAULTS.keys() >= fields.keys()
        self._fields.update(fields)
        self.writes.append(fields)
        self._tell(frozenset(fields), "HERE")

    def take_over(self, **fields: Any) -> None:
        self.holder = SimpleNamespace(device=self.device, here=True, active=True)
        self.update(**fields)

    advance = update

    def release(self, **fields: Any) -> None:
        self.holder = SimpleNamespace(device=self.device, here=True, active=False)
        self.update(**fields)

    def go_back(self, *_: str) -> bool:
        return False

    def receive(self, fields: dict[str, Any], holder: Any = None) -> None:
        """Another device says so."""
        self._fields.update(fields)
        self.holder = holder
        self._tell(frozenset(fields), "REMOTE")

    def on_change(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def on_holder(self, _: Callable[[], object]) -> Callable[[], None]:
        return lambda: None

    on_marks = on_holder

    def _tell(self, fields: frozenset[str], origin: str) -> None:
        for callback in list(self._callbacks):
            callback(SimpleNamespace(fields=fields, origin=SimpleNamespace(name=origin), state=self.state))
