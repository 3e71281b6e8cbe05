"""The part of a client that is about the user's devices. Any thread; nothing here waits for the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dalsegno._client.runtime import Runtime
from dalsegno._core.types import Device, DeviceId, DeviceInfo
from dalsegno._errors import Closed
from dalsegno._threads.delivery import Subscribers, Telling, Unsubscribe

if TYPE_CHECKING:
    from concurrent.futures import Future


class Roster:
    """Lists the devices, tells of changes, and asks the server for a name or a sign-out."""

    _closed = True
    """Until it is whole: one whose making failed has nothing to close."""

    def __init__(self, runtime: Runtime, telling: Telling, name: str) -> None:
        self._runtime, self._engine, self._telling = runtime, runtime.engine, telling
        self.device: Device = Device(self._engine.local_store.device, name)
        """This device; its name is the one that the user's other devices show."""
        self._device_subscribers = Subscribers[list[DeviceInfo]](
            telling, lambda _, newer: newer, "on_devices"
        )

    def devices(self) -> list[DeviceInfo]:
        """The user's devices: this one first, then those online, then the last seen; signed out ones last.

        At once from what is known here; the first call also begins to listen for the others.
        """
        self._check_open()
        return self._runtime.call(self._list_devices)

    def _list_devices(self) -> list[DeviceInfo]:
        self._engine.want_devices()
        return list(self._engine.devices.list_all())

    def on_devices(self, callback: Callable[[list[DeviceInfo]], None]) -> Unsubscribe:
        """Calls `callback` with each new list of `devices()`, on the thread that `deliver` chooses.

        Also when a device goes offline without a word: as soon as its lease has run out.
        """
        self._check_open()
        self._runtime.call(self._engine.want_devices)
        return self._device_subscribers.add(callback)

    def rename_device(self, device_id: str, name: str) -> Future[None]:
        """Gives one of the user's devices another name, of 1 to 100 characters. Returns at once.

        The future fails with UsageError: a bad name, or no such device; Offline: not connected now, or no
        answer; Denied: the server refuses it. Its callbacks run on a thread of ours for which nobody waits.
        """
        self._check_open()
        return self._asked(lambda: self._engine.devices.rename(DeviceId(device_id), name))

    def sign_out_device(self, device_id: str) -> Future[None]:
        """Throws another of the user's devices out: from then on the server refuses it everything.

        It is told why; what is on it stays, and it goes on once the user signs in there again. Returns at
        once. The future fails with UsageError: this very device, or no such one; Offline and Denied: as for
        `rename_device`.
        """
        self._check_open()
        return self._asked(lambda: self._engine.devices.sign_out(DeviceId(device_id)))

    def _asked(self, ask: Callable[[], Future[None]]) -> Future[None]:
        from dalsegno._client.answers import (
            answer,  # the first request comes long after the app's first picture
        )

        return self._runtime.call(lambda: answer(ask(), self._telling, self._runtime.scheduler))

    def _device_of(self, device: DeviceId | None) -> Device | None:
        """A device by its id, with the name that the user's devices show for it; worker thread."""
        if device is None:
            return None
        if device == self.device.id:
            return self.device
        return Device(device, self._engine.devices.name_of(device) or "another device")

    def _check_open(self) -> None:
        if self._closed:
            raise Closed("the client is closed: connect again")
        self._runtime.check_here()

    def _devices_changed(self) -> None:
        """Worker thread."""
        devices = list(self._engine.devices.list_all())
        self.device = Device(self.device.id, devices[0].name)
        self._device_subscribers.tell(devices)
