"""A small synthesiser for the demo's music: keys, plucked strings, pads, a bass, and a room to play them in.

A build tool: needs numpy, which the apps do not. Invariant: no clock and no unseeded randomness, so that
the same music comes out on every machine, and two devices that build it have the same tracks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
Mono = NDArray[np.float64]
Voice = Callable[[float, float], Mono]
"""(frequency in Hz, length in s) → sound."""


def _times(length_s: float) -> Mono:
    return np.arange(int(length_s * RATE)) / RATE


def _released(sound: Mono, release_s: float = 0.08) -> Mono:
    """Fades the end, so that no note stops with a click."""
    count = min(len(sound), int(release_s * RATE))
    sound[-count:] *= np.linspace(1.0, 0.0, count) ** 2
    return sound


def keys(hz: float, length_s: float) -> Mono:
    """An electric piano: one sine bends another, brightly at the stroke, softly as it rings out."""
    t = _times(length_s + 0.6)
    bend = 1.6 * np.exp(-t / 0.35) * np.sin(2 * np.pi * 2 * hz * t)
    body = np.sin(2 * np.pi * hz * t + bend) + 0.25 * np.sin(2 * np.pi * 4 * hz * t) * np.exp(-t / 0.12)
    return _released(body * np.exp(-t / 0.9) * np.minimum(1.0, t / 0.004), 0.25)


def pluck(hz: float, length_s: float) -> Mono:
    """A nylon string: twelve partials, the higher the sooner gone."""
    t = _times(length_s + 0.4)
    sound = np.zeros_like(t)
    for partial in range(1, 13):
        if partial * hz < 14_000:
            stiff = partial * hz * (1 + 0.00012 * partial**2)
            sound += np.sin(2 * np.pi * stiff * t) * np.exp(-t * (1.2 + 0.9 * partial)) / partial**1.15
    return _released(sound * np.minimum(1.0, t / 0.002), 0.2)


@cache
def pad(hz: float, length_s: float) -> Mono:
    """Three slightly detuned strings that swell and fade."""
    t = _times(length_s + 1.2)
    sound = np.zeros_like(t)
    sway = 0.12 * np.sin(2 * np.pi * 0.23 * t)
    for detune in (-0.0021, 0.0, 0.0024):
        turn = np.exp(1j * (2 * np.pi * hz * (1 + detune) * t + sway))
        harmonic = turn
        for partial in range(1, 8):  # powers of one turning pointer: seven sines for the price of one
            sound += harmonic.imag / partial**1.8 / 3
            harmonic = harmonic * turn
    swell = np.minimum(1.0, t / 1.1) * np.minimum(1.0, (t[-1] - t) / 1.2)
    faded: Mono = sound * np.sin(swell * np.pi / 2) ** 2
    return faded


def bass(hz: float, length_s: float) -> Mono:
    """A round bass: the fundamental, and a little above it to be heard on a phone."""
    t = _times(length_s)
    sound = np.sin(2 * np.pi * hz * t) + 0.35 * np.sin(4 * np.pi * hz * t) + 0.12 * np.sin(6 * np.pi * hz * t)
    return _released(sound * np.minimum(1.0, t / 0.008) * np.exp(-t / 1.6), 0.06)


def brush(_hz: float, length_s: float) -> Mono:
    """A brush on a drum: soft noise without lows."""
    t = _times(length_s)
    noise = np.random.default_rng(5).standard_normal(len(t))
    return np.diff(noise, prepend=0.0) * np.exp(-t / 0.035) * 0.35


def hz_of(note: float) -> float:
    """The frequency of a MIDI note number."""
    return 440.0 * 2 ** ((note - 69) / 12)


class Score:
    """Notes on a stereo tape of fixed length."""

    def __init__(self, length_s: float) -> None:
        self._tape = np.zeros((int(length_s * RATE), 2))

    def play(
        self, voice: Voice, at_s: float, note: float, length_s: float, loud: float = 0.3, side: float = 0.0
    ) -> None:
        """One note; `side` from -1 (left) to 1 (right)."""
        sound = voice(hz_of(note), length_s) * loud
        start = int(at_s * RATE)
        sound = sound[: max(0, len(self._tape) - start)]
        angle = (side + 1) * np.pi / 4
        self._tape[start : start + len(sound)] += np.outer(sound, [np.cos(angle), np.sin(angle)])

    def chord(
        self, voice: Voice, at_s: float, notes: Iterable[float], length_s: float, loud: float = 0.2
    ) -> None:
        """Notes at once, spread from left to right."""
        spread = list(notes)
        for index, note in enumerate(spread):
            side = 0.7 * (2 * index / max(1, len(spread) - 1) - 1)
            self.play(voice, at_s, note, length_s, loud, side)

    def mastered(self, room_s: float = 1.6, wet: float = 0.28) -> NDArray[np.float32]:
        """The tape in a room, faded at both ends, as loud as it may be: frames × 2."""
        mix = self._tape + wet * self._echoes(room_s)
        ends = np.minimum(1.0, np.arange(len(mix)) / (0.01 * RATE))
        ends *= np.minimum(1.0, np.arange(len(mix))[::-1] / (1.5 * RATE))
        mix *= ends[:, None]
        mix = np.tanh(1.3 * mix / np.abs(mix).max())
        loud: NDArray[np.float32] = (0.82 * mix / np.abs(mix).max()).astype(np.float32)
        return loud

    def _echoes(self, room_s: float) -> NDArray[np.float64]:
        t = np.arange(int(room_s * RATE)) / RATE
        noise = np.random.default_rng(11).standard_normal((len(t), 2))
        # Walls swallow highs first: a running mean that is softer the later the echo.
        soft = np.stack([np.convolve(noise[:, side], np.ones(24) / 24, "same") for side in (0, 1)], axis=1)
        late = np.minimum(1.0, t / (0.4 * room_s))[:, None]
        impulse = ((1 - late) * noise * 0.5 + late * soft * 2.4) * np.exp(-5.0 * t / room_s)[:, None]
        impulse[: int(0.012 * RATE)] = 0.0
        size = 1 << (len(self._tape) + len(impulse)).bit_length()
        spectrum = np.fft.rfft(self._tape, size, axis=0) * np.fft.rfft(impulse, size, axis=0)
        echoes = np.fft.irfft(spectrum, size, axis=0)[: len(self._tape)]
        loud: NDArray[np.float64] = echoes / max(1e-9, np.abs(echoes).max()) * np.abs(self._tape).max()
        return loud
