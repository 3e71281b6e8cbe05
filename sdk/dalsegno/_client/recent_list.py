"""The sessions that may be continued, as the app sees them, and who is told that they are others.

Any thread, unless it says otherwise; nothing here waits for the network, but for `wait_heard`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dalsegno._client.runtime import Runtime
from dalsegno._client.session_changes import plain_values
from dalsegno._core.read_only import read_only
from dalsegno._core.types import Device, DeviceId, Value
from dalsegno._sync.recent_sessions import RecentSession, recent_sessions
from dalsegno._threads.delivery import Subscribers, Telling, Unsubscribe
from dalsegno._threads.waiters import Task, Waiters


@dataclass(frozen=True, slots=True)
class Recent:
    """A session that may be continued; `state`: the shared fields that were ever edited, as plain values."""

    id: str
    schema: str
    state: Mapping[str, Value]
    device: Device | None
    at_ms: int


class RecentList:
    """Of one client. `waiters` are looked at after whatever the engine hears."""

    def __init__(
        self,
        runtime: Runtime,
        telling: Telling,
        waiters: Waiters,
        device_of: Callable[[DeviceId | None], Device | None],
    ) -> None:
        self._runtime, self._waiters, self._device_of = runtime, waiters, device_of
        self._subscribers = Subscribers[None](telling, lambda _, newer: newer, "on_recent")

    def newest(self, limit: int) -> list[Recent]:
        """Newest first, as known here; the first call also begins to listen for those of other devices."""
        return self._runtime.call(lambda: self._newest(limit))

    def _newest(self, limit: int) -> list[Recent]:
        self._runtime.engine.want_recent()
        return [self._named(r) for r in recent_sessions(self._runtime.engine.local_store, limit)]

    def _named(self, found: RecentSession) -> Recent:
        replica = found.replica
        state = {n: v for n, v in plain_values(replica).items() if n not in replica.local}
        return Recent(replica.id, replica.label, read_only(state), self._device_of(found.device), found.at_ms)

    def on_change(self, callback: Callable[[None], object]) -> Unsubscribe:
        """Calls `callback` whenever `newest` may give another answer, from other devices or from this one."""
        self._runtime.call(self._runtime.engine.want_recent)
        return self._subscribers.add(callback)

    def changed(self) -> None:
        """Worker thread."""
        if self._subscribers:  # of most apps nobody asks: no edit has to pay for it
            self._subscribers.tell(None)

    def wait_heard(self, timeout_s: float) -> bool:
        """Waits until the server has told all that is listened to, `timeout_s` at the most. True: it has.

        By the time that this returns the server may be about to tell something anew: what was heard stands.
        """
        runtime, engine, heard = self._runtime, self._runtime.engine, False

        def is_heard() -> bool:
            nonlocal heard
            heard = heard or (engine.is_live() and not engine.receiver.unanswered())
            return heard

        def when_heard(wake: Task) -> Task:
            return runtime.call(lambda: self._waiters.add(is_heard, wake))

        runtime.scheduler.wait(when_heard, timeout_s)
        return heard
