"""Devices with outboxes and wrong clocks, and one server: the whole way of an edit, without engine or
network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dalsegno._core import adoption
from dalsegno._core import replica as replicas
from dalsegno._core.clock import HybridClock
from dalsegno._core.document import NO_STAMP, Document
from dalsegno._core.document_serializer import after_commit
from dalsegno._core.policies import COUNTER, LOWEST, ORDERED, TEXT, Schema, Wish
from dalsegno._core.replica import Replica
from dalsegno._core.types import DeviceId, Micros, SessionId, Stamp
from tests.property.entries import DEVICES

SHARED = Schema("shared", 1, {"queue": ORDERED, "body": TEXT, "plays": COUNTER, "best": LOWEST})
DAY_MS = 86_400_000


class Server:
    """One document, and its true time."""

    def __init__(self) -> None:
        self.document: Document | None = None
        self.now_ms = 10 * DAY_MS
        self.commits = 0

    def takes(self, replica: Replica, device: DeviceId) -> bool:
        """What the replica owes, if the document still is as it knows it."""
        base, owed = replica.base, replica.unsent()
        if (base.update_time if base else None) != (self.document.update_time if self.document else None):
            return False
        self.commits += 1
        time = Micros(self.now_ms * 1000 + self.commits)
        self.document = after_commit(replica.label, base, owed, device, time)
        return True


class Device:
    """One device; its clock is so wrong, and it does not know it before it is `corrected`."""

    def __init__(self, number: int, server: Server, ahead_ms: int = 0, corrected: bool = True) -> None:
        self.id, self.server, self.ahead_ms = DEVICES[number], server, ahead_ms
        self.replica = Replica(SessionId("s"), SHARED)
        self.clock = HybridClock(self.id)
        self.is_corrected, self.seq = corrected, 0

    @property
    def value(self) -> Mapping[str, Any]:
        return {name: entry.value for name, entry in self.replica.view.items()}

    def edits(self, **wishes: Wish) -> None:
        self.seq += 1
        own_ms = self.server.now_ms + self.ahead_ms
        seen = self.clock.settled
        made = self.clock.tick(self.server.now_ms if self.is_corrected else own_ms, final=self.is_corrected)
        origin = replicas.origin_of(self.seq, own_ms, self.is_corrected, seen)
        self.replica = replicas.edit(self.replica, wishes, made, origin)[0]

    def learns_the_time(self) -> None:
        rows = replicas.provisional([self.replica])
        stamps = replicas.true_stamps(rows, -self.ahead_ms, self.server.now_ms, self.id)
        self.clock.forget_provisional()
        self.clock.observe(max(stamps.values(), default=NO_STAMP))
        self.replica = adoption.settle(replicas.restamped(self.replica, stamps, -self.ahead_ms))[0]
        self.is_corrected = True

    def hears(self) -> None:
        if self.server.document is not None:
            for entry in self.server.document.entries.values():
                self.clock.observe(Stamp(entry.stamp))
            origin = replicas.origin_of(self.seq, self.server.now_ms, True, self.clock.settled)
            self.replica = adoption.adopt(self.replica, self.server.document, origin).replica

    def sends(self) -> bool:
        """Whether the server has taken what it owes."""
        if not self.is_corrected or not self.replica.unsent():
            return False
        return self.server.takes(self.replica, self.id)


def settle(server: Server, devices: list[Device]) -> None:
    """Everybody learns the time, sends what it owes, and hears."""
    for device in devices:
        if not device.is_corrected:
            device.learns_the_time()
    for _ in range(2):
        for device in devices:
            device.hears()
            device.sends()
            device.hears()
    for device in devices:
        assert {} == device.replica.pending
        assert devices[0].value == device.value
