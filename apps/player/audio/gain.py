"""Volume as a gain that never jumps: a step in the gain is a click, a large one a blast.

Pure. Invariant: from one frame to the next the gain changes by at most the ramp's slope.
"""

from __future__ import annotations

from array import array

from apps.player.audio.source import CHANNELS


def gain_of(volume: float) -> float:
    """The factor for a volume slider at `volume` (0–1): squared, since loudness is heard in ratios."""
    return min(max(volume, 0.0), 1.0) ** 2


def ramped(samples: array[float], gain: float, target: float, slope: float) -> tuple[array[float], float]:
    """`samples` times a gain that goes from `gain` to `target` by at most `slope` a frame; and the gain
    reached.
    """
    frames = len(samples) // CHANNELS
    out = array("f", bytes(4 * len(samples)))
    frame = 0
    while frame < frames and gain != target:
        gain = min(gain + slope, target) if gain < target else max(gain - slope, target)
        for index in range(frame * CHANNELS, (frame + 1) * CHANNELS):
            out[index] = samples[index] * gain
        frame += 1
    if frame < frames:
        rest = samples[frame * CHANNELS :]
        out[frame * CHANNELS :] = rest if gain == 1.0 else array("f", [sample * gain for sample in rest])
    return out, gain


def mix_into(block: array[float], other: array[float]) -> array[float]:
    """Adds as much of `other` to the beginning of `block` as fits; returns what did not fit."""
    count = min(len(block), len(other))
    for index in range(count):
        block[index] += other[index]
    return other[count:]
