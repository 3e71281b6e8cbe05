"""One file, decoded from a position on, as interleaved float samples.

Opened on the loader's thread, read on the audio device's. Invariant: frame 0 of a source is exactly the
frame at the position it was opened at.
"""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Protocol

import miniaudio

from apps.player.audio.formats import AudioError, name_of, sniff

CHANNELS = 2
_LARGEST_READ = 16_384  # frames; what miniaudio's stream allocates


class Source(Protocol):
    """Frames of one track."""

    def read(self, frames: int) -> array[float]:
        """Up to `frames` frames, interleaved stereo; fewer (or none) only at the end."""
        ...

    def close(self) -> None: ...


class FileSource:
    """A wav, flac, mp3 or ogg file from `position_ms` on, at `sample_rate`. Raises AudioError."""

    def __init__(self, path: Path, position_ms: float, sample_rate: int) -> None:
        sniff(path)
        frame = round(max(0.0, position_ms) * sample_rate / 1000)
        try:
            # The stream is opened first and sought second: "no such frame" is the end, not a broken file.
            stream = _open(path, sample_rate, 0)
            if frame:
                stream.close()
                stream = _open(path, sample_rate, frame)
        except miniaudio.MiniaudioError as error:
            raise AudioError(
                f"“{name_of(path)}” cannot be decoded ({error.args[0]}). "
                "The file may be damaged: copy it again."
            ) from None
        except UnicodeError:
            raise AudioError(f"“{name_of(path)}” has a name that is no text: rename the file.") from None
        self._stream = stream

    def read(self, frames: int) -> array[float]:
        samples = array("f")
        while len(samples) < frames * CHANNELS:
            wanted = min(frames - len(samples) // CHANNELS, _LARGEST_READ)
            try:
                samples.extend(self._stream.send(wanted))
            except (StopIteration, miniaudio.MiniaudioError):
                break
        return samples

    def close(self) -> None:
        self._stream.close()


def _open(path: Path, sample_rate: int, frame: int) -> miniaudio.PlaybackCallbackGeneratorType:
    return miniaudio.stream_file(
        str(path), miniaudio.SampleFormat.FLOAT32, CHANNELS, sample_rate, seek_frame=frame
    )


def open_file(path: Path, position_ms: float, sample_rate: int) -> Source:
    """Opens `path` for the engine."""
    return FileSource(path, position_ms, sample_rate)
