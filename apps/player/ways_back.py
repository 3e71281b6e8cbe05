"""The way back: the newest place that was left, or gave way, as the player's screen says it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.player.shared import Shared, shown_name
from dalsegno import Playhead

NEAR_MS = 5_000.0  # whoever is so near to a place is there
FRESH_MS = 30 * 60_000  # an older one is not what somebody has just lost


@dataclass(frozen=True, slots=True)
class WayBack:
    """A place: what played, where it was, and why it is kept."""

    title: str
    position_ms: float
    why: str


def newest(marks: Sequence[Any], state: Shared, at_ms: float, now_ms: int, here: str) -> WayBack | None:
    """Where "back" leads. `at_ms`: where the music is now; `here`: the id of this device."""
    for mark in marks:
        track, head = mark.values.get("track", state.track), mark.values.get("playhead")
        if not isinstance(head, Playhead) or not track:
            continue
        if track == state.track and abs(head.position - at_ms) <= NEAR_MS:
            continue
        if now_ms - mark.at_ms > FRESH_MS:
            return None
        title = shown_name(str(mark.values.get("title", ""))) or "another track"
        return WayBack(title, head.position, _why(mark, here))
    return None


def _why(mark: Any, here: str) -> str:
    """By whose hand, in a few words."""
    if mark.reason == "back":
        return "before going back"
    if mark.device is None:
        return ""
    return "heard here" if mark.device.id == here else f"heard on {shown_name(mark.device.name)}"
