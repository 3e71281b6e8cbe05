"""The four pieces of the demo, written for the small synthesiser. Notes are MIDI numbers: 60 is middle C."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from apps.content.synth import Score, bass, brush, keys, pad, pluck

Sound = NDArray[np.float32]


def segno() -> Sound:
    """Keys over pads: C major with its ninths; a melody that comes back to the sign."""
    beat = 60 / 84
    score = Score(30.0)
    chords = [(48, 52, 55, 59, 62), (45, 52, 55, 60, 64), (41, 48, 57, 60, 64), (43, 50, 57, 60, 62)]
    melody = [
        (0, 76, 1.5), (1.5, 74, 0.5), (2, 71, 1), (3, 67, 1), (4, 72, 2), (6, 71, 1), (7, 69, 1),
        (8, 69, 1.5), (9.5, 72, 0.5), (10, 76, 1), (11, 79, 1), (12, 74, 3), (15, 67, 1),
        (16, 76, 1.5), (17.5, 74, 0.5), (18, 71, 1), (19, 74, 1), (20, 72, 1), (21, 76, 1), (22, 79, 2),
        (24, 81, 1.5), (25.5, 79, 0.5), (26, 76, 1), (27, 72, 1), (28, 74, 1), (29, 71, 1), (30, 72, 6),
    ]  # fmt: skip
    for bar in range(8):
        notes = chords[bar % 4]
        score.chord(pad, bar * 4 * beat, notes[1:4], 4 * beat, 0.07)
        score.play(bass, bar * 4 * beat, notes[0] - 12, 3.6 * beat, 0.30)
        for step in range(8):
            note = notes[(0, 2, 3, 4, 3, 2, 4, 1)[step]] + 12
            score.play(keys, (bar * 4 + step / 2) * beat, note, 0.7 * beat, 0.11, 0.5 if step % 2 else -0.5)
    score.chord(keys, 32 * beat, (48, 55, 59, 62, 67), 5, 0.12)
    score.chord(pad, 32 * beat, (48, 55, 64), 5, 0.06)
    for at, note, length in melody:
        score.play(keys, at * beat, note, length * beat, 0.26)
    return score.mastered()


def coda() -> Sound:
    """A waltz in A minor for one guitar, or two."""
    beat = 60 / 126
    score = Score(27.5)
    chords = [
        (45, 60, 64), (45, 60, 64), (50, 62, 65), (50, 62, 65), (52, 59, 68), (52, 62, 68),
        (45, 60, 64), (45, 60, 69),
        (53, 60, 69), (53, 60, 69), (48, 60, 67), (48, 60, 67), (50, 62, 65), (52, 59, 68),
        (45, 60, 64), (45, 57, 64),
    ]  # fmt: skip
    melody = [
        (0, 76, 2), (2, 74, 1), (3, 72, 2), (5, 71, 1), (6, 69, 2), (8, 74, 1), (9, 77, 3),
        (12, 76, 2), (14, 74, 1), (15, 71, 2), (17, 68, 1), (18, 69, 2), (20, 71, 1), (21, 72, 3),
        (24, 81, 2), (26, 79, 1), (27, 77, 2), (29, 76, 1), (30, 79, 2), (32, 76, 1), (33, 72, 3),
        (36, 74, 1), (37, 77, 1), (38, 74, 1), (39, 71, 1), (40, 74, 1), (41, 68, 1), (42, 69, 6),
    ]  # fmt: skip
    for bar, (low, middle, high) in enumerate(chords):
        at = bar * 3 * beat
        score.play(pluck, at, low - 12 if low > 50 else low, 2.4 * beat, 0.34, -0.3)
        for stroke in (1, 2):
            score.chord(pluck, at + stroke * beat + 0.01, (middle, high), 0.9 * beat, 0.13)
    for index, (at, note, length) in enumerate(melody):
        score.play(pluck, at * beat + 0.008 * (index % 3), note, length * beat, 0.36, 0.25)
    score.chord(pluck, 48 * beat, (45, 52, 57, 60, 64, 69), 3, 0.16)
    return score.mastered(room_s=1.2, wet=0.22)


def fermata() -> Sound:
    """Slow air: pads in D, with a raised fourth that wants to stay in the air, and bells far away."""
    score = Score(36.0)
    chords = [
        (38, 57, 62, 66, 69), (40, 56, 59, 64, 68), (43, 57, 59, 62, 66), (45, 55, 61, 64, 69),
        (38, 57, 62, 64, 66)
    ]  # fmt: skip
    for index, notes in enumerate(chords):
        at = index * 6.6
        score.chord(pad, at, notes[1:], 6.6, 0.12)
        score.play(pad, at, notes[0], 6.6, 0.16)
        for step, offset in enumerate((1.4, 2.3, 3.9, 5.2)):
            note = notes[1 + (index + step) % 4] + 24
            score.play(keys, at + offset, note, 2.0, 0.09 - 0.012 * step, 0.8 if step % 2 else -0.8)
    return score.mastered(room_s=2.8, wet=0.5)


def da_capo() -> Sound:
    """Up and walking: G mixolydian, plucked and brushed."""
    beat = 60 / 108
    score = Score(29.0)
    chords = [(43, 59, 62, 67), (41, 57, 60, 65), (48, 60, 64, 67), (43, 59, 62, 67)]
    figure = (0, 1, 2, 3, 2, 1, 3, 2)
    melody = [
        (8, 79, 0.75), (8.75, 77, 0.25), (9, 74, 1), (10, 71, 0.5), (10.5, 74, 1.5), (12, 77, 0.75),
        (12.75, 74, 0.25),
        (13, 72, 1), (14, 69, 0.5), (14.5, 72, 1.5), (16, 76, 1), (17, 79, 1), (18, 76, 0.5),
        (18.5, 72, 1.5),
        (20, 74, 1), (21, 71, 1), (22, 67, 2), (24, 83, 0.75), (24.75, 81, 0.25), (25, 79, 1),
        (26, 74, 0.5),
        (26.5, 79, 1.5), (28, 77, 1), (29, 81, 1), (30, 77, 0.5), (30.5, 72, 1.5), (32, 76, 0.5),
        (32.5, 79, 0.5),
        (33, 84, 1), (34, 79, 1), (35, 76, 1), (36, 74, 0.5), (36.5, 71, 0.5), (37, 74, 1), (38, 79, 2),
        (40, 79, 0.75), (40.75, 77, 0.25), (41, 74, 1), (42, 71, 1), (43, 74, 1), (44, 72, 1),
        (45, 69, 1), (46, 67, 4),
    ]  # fmt: skip
    for bar in range(12):
        low, *upper = chords[bar % 4]
        at = bar * 4 * beat
        for step, voice_index in enumerate(figure):
            note = [low, *upper][voice_index] + 12
            score.play(pluck, at + step * beat / 2, note, 0.6 * beat, 0.20, -0.45)
        for stroke, note in ((0, low - 12), (1.5, low - 12), (2, low - 5), (3.5, low - 12)):
            score.play(bass, at + stroke * beat, note, 0.9 * beat, 0.34)
        for stroke in range(8):
            score.play(brush, at + stroke * beat / 2, 60, 0.12, 0.30 if stroke % 4 == 2 else 0.14, 0.35)
    for at, note, length in melody:
        score.play(keys, at * beat, note, length * beat, 0.27, 0.15)
    score.chord(pluck, 48 * beat, (43, 55, 59, 62, 67, 71), 2.2, 0.16)
    score.play(bass, 48 * beat, 31, 2.0, 0.36)
    return score.mastered(room_s=1.0, wet=0.18)
