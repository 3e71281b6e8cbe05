"""The presenter of “Add a device”: a code, how long it is good, and that it was used.

No Kivy; the app's thread. Invariant: the code itself is in `code` alone; whoever observes or logs knows only
how it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any, Literal

from apps.common.account.words import complaint
from apps.common.account.work import Work

Stage = Literal["asking", "shown", "late", "used", "failed"]


class AddDevicePresenter:
    """`ask` fetches a `PairingCode` from the network; `now` is this machine's clock, as the code's end is.

    `on_change` is called after `stage`, `said` or `code` has changed.
    """

    def __init__(
        self,
        ask: Callable[[], Any],
        work: Work,
        devices: Sequence[Any],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ask, self._work, self._now = ask, work, now
        self._known = _states(devices)
        self._closed = False
        self.code: Any = None
        self.stage: Stage = "asking"
        self.said = ""
        self.on_change: Callable[[], None] = lambda: None

    def ask(self) -> None:
        """A new code, please; the last one is void then."""
        self._is("asking", "Asking for a code…")
        self._work(self._ask, self._shown, self._failed)

    def tick(self) -> None:
        """To be called about once a second."""
        if self.stage != "shown":
            return
        left_s = ceil((self.code.expires_at - self._now()).total_seconds())
        if left_s <= 0:
            self.code = None
            self._is("late", "This code's time is over.")
        else:
            self._is("shown", f"Good for {left_s // 60}:{left_s % 60:02d}, and for one device.")

    def devices_changed(self, devices: Sequence[Any]) -> None:
        """Somebody who was not there may have come in, with the code."""
        known, self._known = self._known, _states(devices)
        for device in devices:
            if not device.here and self.stage in ("shown", "late") and _has_come(device, known):
                self.code = None
                self._is("used", f"“{device.name}” is signed in.")

    def close(self) -> None:
        self._closed = True
        self.code = None

    def _shown(self, code: Any) -> None:
        if not self._closed:
            self.code, self.stage = code, "shown"
            self.tick()

    def _failed(self, error: Exception) -> None:
        self.code = None
        self._is("failed", complaint(error).text)

    def _is(self, stage: Stage, said: str) -> None:
        if not self._closed and (stage, said) != (self.stage, self.said):
            self.stage, self.said = stage, said
            self.on_change()


def _states(devices: Sequence[Any]) -> dict[str, bool]:
    """By device, whether it is online."""
    return {device.id: device.online for device in devices if not device.signed_out}


def _has_come(device: Any, known: dict[str, bool]) -> bool:
    return not device.signed_out and (device.id not in known or (device.online and not known[device.id]))
