"""The audio device: something that pulls blocks of samples at its own pace.

`start` and `stop` on the engine's threads; the blocks are pulled on the device's own thread. Invariant:
there is always a device, a silent one if need be, and then `silent_because` says so.
"""

from __future__ import annotations

import contextlib
import os
import sys
from array import array
from collections.abc import Generator, Iterator
from typing import Protocol

import miniaudio

from apps.player.audio.source import CHANNELS

SAMPLE_RATE = 44_100
PERIOD_MS = 40  # short enough for a prompt pause, long enough for a phone that is busy

Blocks = Generator["array[float]", int, None]


class AudioBackend(Protocol):
    """A device that pulls blocks of interleaved stereo float samples."""

    sample_rate: int

    @property
    def silent_because(self) -> str | None:
        """Why nothing is heard, as a sentence for the screen, or None."""
        ...

    def start(self, blocks: Blocks) -> None:
        """Begins to pull; `blocks.send(frames)` gives that many frames."""
        ...

    def stop(self) -> None: ...


class MiniaudioBackend:
    """The system's default device through miniaudio; a silent device that keeps time when there is none.

    silent   do not look for a device: whoever asked for that needs not be told
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, *, silent: bool = False) -> None:
        self._silent_because: str | None = None
        self._backends = [miniaudio.Backend.NULL] if silent else None
        self._device: miniaudio.PlaybackDevice | None = None

    @property
    def silent_because(self) -> str | None:
        return self._silent_because

    def start(self, blocks: Blocks) -> None:
        if self._device is None:
            self._device = self._open_device()
        next(blocks)
        self._device.start(blocks)

    def stop(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None

    def _open_device(self) -> miniaudio.PlaybackDevice:
        if self._backends is None:
            try:
                with _quiet_stderr():
                    device = _device(None)
                if device.backend.lower() != "null":
                    return device
                device.close()
            except miniaudio.MiniaudioError:
                pass
            self._silent_because = "No sound device found: playing silently"
            self._backends = [miniaudio.Backend.NULL]
        return _device(self._backends)


def _device(backends: list[miniaudio.Backend] | None) -> miniaudio.PlaybackDevice:
    return miniaudio.PlaybackDevice(
        miniaudio.SampleFormat.FLOAT32,
        CHANNELS,
        SAMPLE_RATE,
        PERIOD_MS,
        backends=backends,
        app_name="Dal Segno",
    )


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """ALSA writes thirty lines to file descriptor 2 when there is no card; the screen says it in one."""
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    sys.stderr.flush()
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)
