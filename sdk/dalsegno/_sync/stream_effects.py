"""What the engine does about each message of the present stream. Worker thread."""

from __future__ import annotations

from typing import Protocol

from dalsegno._core.backoff import MOST_MS
from dalsegno._core.ports import Timers
from dalsegno._core.stream_life import StreamState
from dalsegno._core.watch_change_aggregator import ListenMessage
from dalsegno._sync.clock_probe import ClockProbe
from dalsegno._sync.devices.component import Devices
from dalsegno._sync.listen_stream import ListenStream
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.receiver import Receiver

FORGIVE_MS = MOST_MS
"""When a target that the rules refused is tried again: as after the longest backoff."""


class Engine(Protocol):
    """What of the engine it needs: all of it is there before anything is told."""

    devices: Devices
    listen_stream: ListenStream
    local_store: LocalStore
    probe: ClockProbe
    receiver: Receiver

    def is_live(self) -> bool: ...

    def look_for_devices(self) -> None: ...


class StreamEffects:
    """A part of the engine."""

    def __init__(self, engine: Engine, timers: Timers) -> None:
        self._engine, self._timers = engine, timers

    def handle(self, message: ListenMessage) -> None:
        """A message of the present stream."""
        engine = self._engine
        receiver, stream = engine.receiver, engine.listen_stream
        if stream.state is not StreamState.LIVE:
            engine.local_store.refusals.try_again()
            engine.devices.handle_stream_answered(seamless=engine.is_live())
        if stream.state is not StreamState.LIVE or not engine.local_store.server.known:
            engine.probe.begin()
        refused = len(receiver.refused)
        stream.handle_listen_message()
        receiver.handle_listen_message(message, stream.opened_ms)
        stream.wanted()
        if len(receiver.refused) > refused and "PERMISSION_DENIED" in receiver.refused.values():
            engine.devices.sign_in.ask(lambda _: engine.look_for_devices())
        else:
            engine.look_for_devices()
        if receiver.refused and not refused:
            self._timers.set("refused", FORGIVE_MS, self._forgive)

    def _forgive(self) -> None:
        self._engine.receiver.forgive()
        self._engine.listen_stream.wanted()
