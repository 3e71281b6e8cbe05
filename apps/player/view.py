"""What the player's screen shows, as plain values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from apps.player.audio.formats import name_of
from apps.player.library import Track
from apps.player.shared import Shared
from apps.player.ways_back import WayBack

EARLY_END_MS = 2_000  # a file that ends this much before its announced end is cut off


@dataclass(frozen=True, slots=True)
class Row:
    """One track, as it is named on the screen."""

    track: str
    title: str
    artist: str
    duration_ms: float
    here: bool


@dataclass(frozen=True, slots=True)
class View:
    """All that is to be seen but the position."""

    current: Row | None
    rows: tuple[Row, ...]
    index: int
    playing_here: bool
    elsewhere: str | None
    """The name of the device that plays, if it is another one."""
    gone: str | None
    """The name of the device that played, if it has vanished since."""
    back: WayBack | None
    duration_ms: float
    volume: float
    shuffled: bool
    repeat: str
    anchor: tuple[float, float, int]
    """The playhead as it was last written: position in ms, rate, server time in ms."""
    notice: str | None
    silent_because: str | None
    empty: str | None
    scanning: bool
    problems: tuple[str, ...]

    @property
    def playing(self) -> bool:
        """Whether the music moves, wherever."""
        return self.playing_here or self.elsewhere is not None


def row_of(found: Track | None, track: str, state: Shared | None) -> Row:
    """A track as this device knows it, else as the shared state names it."""
    if found is not None:
        return Row(track, found.title, found.artist or "Unknown artist", found.duration_ms, here=True)
    title = (state.title if state else "") or "A track that is not on this device"
    return Row(track, title, state.artist if state else "", state.duration_ms if state else 0.0, here=False)


def cut_off(found: Track | None, position_ms: float) -> str | None:
    """What to say of a file whose sound ended at `position_ms`, if it announced more."""
    if found is None or position_ms >= found.duration_ms - EARLY_END_MS:
        return None
    return (
        f"“{name_of(found.path)}” breaks off after {clock(position_ms)} of "
        f"{clock(found.duration_ms)}: the file was cut off. Copy it again."
    )


def clock(position_ms: float) -> str:
    """`3:07`, or `1:02:07`."""
    seconds = int(max(0.0, position_ms) // 1000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
