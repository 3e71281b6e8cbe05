"""Sounds for tests: noise that is different at every moment, encoded as each format; and a device pulled by
hand.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
import soundfile

from apps.player.audio.backend import SAMPLE_RATE, Blocks

ENCODINGS = {
    "wav": ("WAV", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", None),
    "ogg": ("OGG", "VORBIS"),
}


def noise(seconds: float, seed: int = 1, rate: int = SAMPLE_RATE) -> np.ndarray:
    """Mono noise below some 4 kHz: no moment of it resembles another, and every codec keeps it."""
    raw = np.random.default_rng(seed).standard_normal(int(seconds * rate) + 16)
    smooth = np.convolve(raw, np.hanning(16) / 8, mode="valid")[: int(seconds * rate)]
    quiet: np.ndarray = (0.25 * smooth / np.abs(smooth).max()).astype(np.float32)
    return quiet


def write_sound(path: Path, mono: np.ndarray, rate: int = SAMPLE_RATE, **tags: str) -> Path:
    """Encodes by the suffix of `path`; tags are soundfile's (title, artist, album)."""
    kind, subtype = ENCODINGS[path.suffix[1:]]
    with soundfile.SoundFile(path, "w", rate, 2, subtype, format=kind) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(np.stack([mono, mono], axis=1))
    return path


def located(block: np.ndarray, reference: np.ndarray) -> int:
    """The frame of `reference` at which `block` begins, by normalised cross-correlation."""
    size = 1 << (len(reference) + len(block)).bit_length()
    spectrum = np.fft.rfft(reference, size) * np.conj(np.fft.rfft(block, size))
    correlation = np.fft.irfft(spectrum, size)[: len(reference)]
    energy = np.concatenate([[0.0], np.cumsum(reference.astype(np.float64) ** 2)])
    ends = np.minimum(np.arange(len(reference)) + len(block), len(reference))
    power = np.sqrt(energy[ends] - energy[: len(reference)] + 1e-6)
    return int(np.argmax(correlation / power))


class HandPulledBackend:
    """An audio device whose blocks are pulled by the test, with a clock that only the test moves."""

    sample_rate = SAMPLE_RATE
    silent_because: str | None = None

    def __init__(self) -> None:
        self.now_s = 100.0
        self.running = False
        self._blocks: Blocks | None = None

    def clock(self) -> float:
        return self.now_s

    def start(self, blocks: Blocks) -> None:
        next(blocks)
        self._blocks, self.running = blocks, True

    def stop(self) -> None:
        self._blocks, self.running = None, False

    def pull(self, frames: int) -> np.ndarray:
        """One block as the device would ask for it, left channel only."""
        assert self._blocks is not None, "the device is not running"
        block: array[float] = self._blocks.send(frames)
        assert 2 * frames == len(block)
        return np.frombuffer(block, dtype=np.float32)[::2].copy()

    def let_pass(self, frames: float) -> None:
        """Time for `frames` frames goes by."""
        self.now_s += frames / self.sample_rate


def at_once(job: object) -> None:
    """A loader without a thread."""
    job()  # type: ignore[operator]
