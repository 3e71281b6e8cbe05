"""Devices that share one listener's session by the real SDK, on a virtual clock: nothing waits or sleeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dalsegno as ds
from apps.player.listening import SESSION_ID, Listening
from dalsegno.testing import SimulatedFirestore, VirtualClock

SOON_MS = 300


class Network:
    """One server, and a way to it for each device; `up` is that of all of them."""

    def __init__(self, home: Path) -> None:
        self.clock = VirtualClock()
        self.home = home
        self.devices: list[Device] = []
        self._up = True
        self._server = SimulatedFirestore(self.clock)

    def cloud(self) -> SimulatedFirestore:
        """The server, by a way of its own."""
        cloud = SimulatedFirestore(self.clock)
        cloud._server = self._server._server
        cloud.reachable = self._up
        return cloud

    @property
    def now_ms(self) -> int:
        return int(self.clock.now_ms)

    @now_ms.setter
    def now_ms(self, now_ms: int) -> None:
        self.clock.run(now_ms - self.now_ms)

    @property
    def up(self) -> bool:
        return self._up

    @up.setter
    def up(self, up: bool) -> None:
        self._up = up
        for device in self.devices:
            device.cloud.reachable = up

    def deliver(self) -> None:
        """All are online, and have heard each other."""
        self.up = True
        for device in self.devices:
            device.network_changed()
        self.clock.run(SOON_MS)

    def commits(self, device: str) -> list[dict[str, Any]]:
        """What this device wrote of the session."""
        history = self._server._server.history
        found = [v.fields for v in history if v.path == ("sessions", SESSION_ID) and v.fields]
        return [fields for fields in found if fields["device"] == device]


class Device:
    """A `SharedSession` and a `Here` in one."""

    def __init__(self, network: Network, name: str) -> None:
        self._network, self.name = network, name
        self.cloud = network.cloud()
        self.client = self.cloud.client(network.home, name)
        self.session = self.client.open(SESSION_ID, Listening)
        network.devices.append(self)
        network.clock.run(SOON_MS)

    def __getattr__(self, name: str) -> Any:
        """All that a session has."""
        return getattr(self.session, name)

    @property
    def device(self) -> ds.Device:
        return self.client.device

    def now_ms(self) -> int:
        return self.client.now_ms()

    def network_changed(self) -> None:
        self.client.network_changed()

    @property
    def writes(self) -> list[dict[str, Any]]:
        """The commits of this device, also of earlier runs of the app."""
        return self._network.commits(self.device.id)

    def dies(self) -> None:
        """The app was killed."""
        self.client._closed = True
        self.client._runtime.abandon()
        self._network.devices.remove(self)
        self._network.clock.run(1)
