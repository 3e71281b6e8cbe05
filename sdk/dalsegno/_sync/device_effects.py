"""What the engine does about what the devices tell it. Worker thread. Is a `DeviceEvents`."""

from __future__ import annotations

from typing import Protocol

from dalsegno._core.stream_life import OfflineCause
from dalsegno._sync.clock_probe import ClockProbe
from dalsegno._sync.devices.component import Devices
from dalsegno._sync.drain import Drain
from dalsegno._sync.leases import Leases
from dalsegno._sync.listen_stream import ListenStream
from dalsegno._sync.receiver import Receiver
from dalsegno._sync.uploader import Uploader
from dalsegno._sync.view_change import Observer


class Engine(Protocol):
    """What of the engine it needs: all of it is there before anything is told."""

    devices: Devices
    drain: Drain
    leases: Leases
    listen_stream: ListenStream
    observer: Observer
    probe: ClockProbe
    receiver: Receiver
    uploader: Uploader

    def is_live(self) -> bool: ...

    def look_for_devices(self) -> None: ...


class DeviceEffects:
    """A part of the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def is_live(self) -> bool:
        """Whether the link is up: also while one stream takes over from another."""
        return self._engine.is_live()

    def devices_changed(self) -> None:
        """The list of the user's devices is another."""
        self._engine.observer.devices_changed()
        self._engine.leases.look_at_all()

    def sign_in_changed(self) -> None:
        """Ended: nothing more goes in or out. A new sign-in: everything goes on."""
        ended, told = (
            self._engine.devices.sign_in.ended,
            OfflineCause.SIGNED_OUT in self._engine.listen_stream.causes,
        )
        if ended and not told:
            self._engine.probe.stop()
            self._engine.receiver.keep_tokens()
            self._engine.receiver.let_go()
            self._engine.listen_stream.go_offline(OfflineCause.SIGNED_OUT)
        elif told and not ended:
            self._engine.listen_stream.come_online(OfflineCause.SIGNED_OUT)
        self._engine.look_for_devices()
        self._engine.devices.go_on()
        if self._engine.devices.sign_in.open:
            self._engine.uploader.poke_all()
            self._engine.drain.go_on()

    def connection_suspected(self) -> None:
        """A write of theirs got no answer."""
        self._engine.listen_stream.suspect()

    def hang_up(self) -> None:
        """This device takes its leave."""
        self._engine.listen_stream.go_offline(OfflineCause.PAUSED)
