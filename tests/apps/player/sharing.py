"""Two devices that share one state, without a network: a session each, delivered when the test says.

Only what the presenter asks of the SDK. Writes carry a growing number, and the later write of a field wins
everywhere: the merge of the SDK's `latest`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
    "playing_on": None,
    "playing_on_name": "",
    "volume": 0.8,
    "shuffle": 0,
    "shuffle_first": "",
    "repeat": "off",
    "heard": None,
    "heard_track": "",
}
ON_THIS_DEVICE = {"heard", "heard_track"}


@dataclass
class Network:
    """Carries writes between devices; holds them back while `up` is False."""

    now_ms: int = 1_700_000_000_000
    up: bool = True
    written: int = 0
    devices: list[Device] = field(default_factory=list)
    on_the_way: list[tuple[Device, dict[str, tuple[int, Any]]]] = field(default_factory=list)

    def send(self, sender: Device, stamped: dict[str, tuple[int, Any]]) -> None:
        self.on_the_way.append((sender, stamped))
        if self.up:
            self.deliver()

    def deliver(self) -> None:
        """Brings every write to every other device."""
        self.up = True
        while self.on_the_way:
            sender, stamped = self.on_the_way.pop(0)
            for device in self.devices:
                if device is not sender:
                    device.receive(stamped)
        for device in self.devices:
            device.fresh = True


class Device:
    """A `SharedSession` and a `Here` in one."""

    def __init__(self, network: Network, id: str, name: str) -> None:
        self.device = SimpleNamespace(id=id, name=name)
        self._network = network
        self._fields = {name: (0, value) for name, value in DEFAULTS.items()}
        self._callbacks: list[Callable[[Any], None]] = []
        self.writes: list[dict[str, Any]] = []
        self.fresh = network.up
        network.devices.append(self)

    def now_ms(self) -> int:
        return self._network.now_ms

    def network_changed(self) -> None:
        self.fresh = self._network.up

    @property
    def state(self) -> Any:
        return SimpleNamespace(**{name: value for name, (_, value) in self._fields.items()})

    def update(self, **fields: Any) -> None:
        assert DEFAULTS.keys() >= fields.keys()
        self._network.written += 1
        stamped = {name: (self._network.written, value) for name, value in fields.items()}
        self._fields.update(stamped)
        shared = {name: entry for name, entry in stamped.items() if name not in ON_THIS_DEVICE}
        self._tell(frozenset(fields), "HERE")
        if shared:
            self.writes.append({name: value for name, (_, value) in shared.items()})
            self._network.send(self, shared)

    def receive(self, stamped: dict[str, tuple[int, Any]]) -> None:
        newer = {name: entry for name, entry in stamped.items() if entry[0] > self._fields[name][0]}
        self._fields.update(newer)
        if newer:
            self._tell(frozenset(newer), "REMOTE")

    def on_change(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def forget_listeners(self) -> None:
        """The app was killed."""
        self._callbacks.clear()

    def _tell(self, fields: frozenset[str], origin: str) -> None:
        for callback in list(self._callbacks):
            callback(SimpleNamespace(fields=fields, origin=SimpleNamespace(name=origin), state=self.state))
