"""The shared state as this player takes it: whatever another app wrote, here it is what a player can show.

Pure. The SDK lets through what has the right type, and any Firebase client may write: infinite durations,
a volume of -3, a title of a hundred pages. Invariant: whoever has a `Shared` needs no check of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.player.order import REPEATS
from dalsegno import Playhead

LONGEST_MS = 1_000_000_000.0  # eleven days; a longer recording is nonsense
LONGEST_NAME = 200  # characters of a title or a device's name, as of a tag
LONGEST_ID = 100  # ours have 24; another app's may have more
MOST_QUEUED = 10_000
MOST_BYTES = 250_000  # of a queue: a field holds 256 KiB
DEFAULT_VOLUME = 0.8


@dataclass(frozen=True, slots=True)
class Shared:
    """The fields of `Listening`, all of them usable; times in ms, `volume` in [0, 1]."""

    queue: tuple[str, ...]
    track: str
    title: str
    artist: str
    duration_ms: float
    """0.0: not known."""
    playhead: Playhead
    volume: float
    shuffle: int
    shuffle_first: str
    repeat: str
    loudness: float
    """The volume that was heard on this device last; below 0: none was."""


def shared_from(state: Any, before: tuple[Any, Shared] | None = None) -> Shared:
    """`state` as a player can use it. `before`: an older state and what it gave, whose queue need not be
    gone through again if it is the same.
    """
    same = before is not None and before[0].queue == state.queue
    return Shared(
        queue=before[1].queue if before is not None and same else fitting(state.queue),
        track=state.track if _is_id(state.track) else "",
        title=shown_name(state.title),
        artist=shown_name(state.artist),
        duration_ms=state.duration_ms if 0.0 <= state.duration_ms <= LONGEST_MS else 0.0,
        playhead=state.playhead,
        volume=min(max(state.volume, 0.0), 1.0) if math.isfinite(state.volume) else DEFAULT_VOLUME,
        shuffle=state.shuffle,
        shuffle_first=state.shuffle_first,
        repeat=state.repeat if state.repeat in REPEATS else "off",
        loudness=min(state.loudness, 1.0) if math.isfinite(state.loudness) else -1.0,
    )


def fitting(queue: Iterable[str]) -> tuple[str, ...]:
    """The tracks of `queue`, each once: as many as fit into a field."""
    found: dict[str, None] = {}
    size = 0
    for track in queue:
        if track in found or not _is_id(track):
            continue
        size += len(track.encode()) + 1
        if size > MOST_BYTES or len(found) == MOST_QUEUED:
            break
        found[track] = None
    return tuple(found)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= LONGEST_ID and text.isprintable()


def shown_name(text: str) -> str:
    """One line that can be shown."""
    head = text[: 2 * LONGEST_NAME]
    printable = head if head.isprintable() else "".join(c if c.isprintable() else " " for c in head)
    return " ".join(printable.split())[:LONGEST_NAME].strip()
