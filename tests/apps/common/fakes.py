"""Stand-ins for an account, a client and the network, for the account's presenters."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import dalsegno as ds
from dalsegno._core.types import DeviceId


@dataclass
class HeldWork:
    """A network that answers when it is told to: `arrive()`."""

    waiting: list[tuple[Any, Any, Any]] = field(default_factory=list)

    def __call__(self, job: Any, done: Any, failed: Any) -> None:
        self.waiting.append((job, done, failed))

    def arrive(self) -> None:
        job, done, failed = self.waiting.pop(0)
        try:
            result = job()
        except Exception as error:  # noqa: BLE001 - as the real one
            failed(error)
        else:
            done(result)


class FakeAccount:
    """Answers every call with `answer`, or raises it."""

    def __init__(self, answer: Any = "somebody") -> None:
        self.answer = answer
        self.user: Any = None
        self.asked: list[tuple[str, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: str, **_: object) -> Any:
            self.asked.append((name, *arguments))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return call


def device(number: int, name: str, **changes: Any) -> ds.DeviceInfo:
    plain: dict[str, Any] = {
        "kind": "phone",
        "platform": "android",
        "app": "reader",
        "here": False,
        "online": True,
        "seen_at_ms": 0,
        "signed_out": False,
    }
    return ds.DeviceInfo(id=DeviceId(f"{number:016x}"), name=name, **(plain | changes))


class FakeClient:
    """Devices that can be changed; futures that are answered by the test."""

    def __init__(self, *devices: ds.DeviceInfo) -> None:
        self.listed = list(devices)
        self.status: Any = SimpleNamespace(link=ds.Link.LIVE, reason="", saved=ds.Saved.EVERYWHERE)
        self.asked: list[tuple[str, ...]] = []
        self.future: Future[None] = Future()
        self._callbacks: list[Any] = []

    def devices(self) -> list[ds.DeviceInfo]:
        return self.listed

    def on_devices(self, callback: Any) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def are_now(self, *devices: ds.DeviceInfo) -> None:
        self.listed = list(devices)
        for callback in self._callbacks:
            callback(self.listed)

    def rename_device(self, device_id: str, name: str) -> Future[None]:
        self.asked.append(("rename", device_id, name))
        return self.future

    def sign_out_device(self, device_id: str) -> Future[None]:
        self.asked.append(("sign out", device_id))
        return self.future

    def now_ms(self) -> int:
        return 100 * 86_400_000
