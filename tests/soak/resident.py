"""A device in a process of its own whose use of the machine is measured; run by `endurance`."""

from __future__ import annotations

import gc
import random
import sys
from pathlib import Path
from typing import Any

import psutil

import dalsegno as ds
from tests.support.child import serve
from tests.support.clients import Device

SESSIONS = 20
"""How many sessions are opened, edited and closed by turns; one more stays open."""


class Resident:
    """What can be asked of the process."""

    def __init__(self) -> None:
        self._device: Device | None = None
        self._home = Path()
        self._turn = 0
        self._changes = 0

    def start(self, project: str, host: str, home: str) -> None:
        self._home = Path(home)
        self._device = Device(host, self._home / "device", project=project, chance=random.random)
        self.device.open("steady").on_change(self._changed)

    @property
    def device(self) -> Device:
        assert self._device is not None
        return self._device

    def edit(self, edits: int) -> None:
        """Edits the steady session, and one of the others, which is opened and closed for it."""
        self._turn += 1
        steady = self.device.open("steady")
        with self.device.open(f"turn-{self._turn % SESSIONS}") as other:
            unsubscribe = other.on_change(self._changed)
            for _ in range(edits):
                steady.update(page=self._turn, text=f"page {self._turn}")
                other.update(furthest=self._turn / 1e6)
            unsubscribe()
        steady.close()
        self.device.client.recent()

    def saved(self, timeout_s: float) -> bool:
        return self.device.client.flush(timeout_s)

    def live(self) -> None:
        self.device.until_link(ds.Link.LIVE, timeout_s=50.0)

    def skip(self, ms: float) -> None:
        self.device.time.skip(ms)

    def pause(self) -> None:
        self.device.client.pause()

    def resume(self) -> None:
        self.device.client.resume()

    def network_changed(self) -> None:
        self.device.client.network_changed()

    def use(self) -> dict[str, Any]:
        """Threads and file handles (as the system counts them), memory, and the size of what is on disk."""
        gc.collect()
        process = psutil.Process()
        files = {f.name: f.stat().st_size / 1024 for f in self._home.rglob("*") if f.is_file()}
        log_kb = sum(size for name, size in files.items() if name.endswith("-wal"))
        return {
            "threads": process.num_threads(),
            "handles": process.num_fds(),
            "memory_mb": process.memory_info().rss / 2**20,
            "database_kb": sum(files.values()) - log_kb,
            "log_kb": log_kb,
            "changes": self._changes,
        }

    def close(self) -> bool:
        return self.device.client.close(5.0)

    def _changed(self, _: ds.Change[Any]) -> None:
        self._changes += 1


if __name__ == "__main__":
    serve(Resident())
    sys.exit(0)
