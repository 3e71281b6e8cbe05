"""What a session's state says in a line: the most telling fields first. Pure.

The classes of the apps are not known here: a place and a playhead are known by their shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from dalsegno._core.locator import Locator
from dalsegno._core.playhead import Playhead
from dalsegno._core.types import Value

BETWEEN = " · "
MOST_CHARS = 120
"""Of one field: a value may be as long as a book."""
SPEAKING = ("title", "name", "track", "chapter", "note", "text")
"""Fields that people name so that they can be read."""

Said = tuple[int, str, str]
"""How telling it is (the least first), the field, and what it says."""


def summary(state: Mapping[str, Value], now_ms: int) -> str:
    """The fields in one line; not made safe yet."""
    found = [_said(name, value, now_ms) for name, value in state.items() if value not in (None, "", [], {})]
    return BETWEEN.join(text for _, _, text in sorted(found)) or "nothing yet"


def moves(state: Mapping[str, Value]) -> bool:
    """Whether it says another thing in a moment, without an edit."""
    return any(playhead.moving for playhead in map(_playhead, state.values()) if playhead)


def _said(name: str, value: Value, now_ms: int) -> Said:
    locator, playhead = _locator(value), _playhead(value)
    if locator is not None:
        return 0, name, _place(locator)
    if playhead is not None:
        sign = "►" if playhead.moving else "paused"
        return 1, name, f"{sign} {clock(playhead.position_at(now_ms))}"
    match value:
        case str():
            return (2 if name in SPEAKING else 3), name, f"{name} {value[:MOST_CHARS]}"
        case bool():
            return 4, name, name if value else f"no {name}"
        case int() | float():
            return 4, name, f"{name} {_number(value)}"
        case datetime():
            return 5, name, f"{name} {value:%Y-%m-%d %H:%M}"
        case bytes():
            return 6, name, f"{name} {len(value)} B"
        case Sequence() | Mapping():
            return 5, name, f"{name} [{len(value)}]"
    return 7, name, name


def _place(place: Locator) -> str:
    """“Call me Ishmael.” 12 %"""
    words = place.text.highlight.strip() or place.text.after.strip()
    where = f"“{words[:MOST_CHARS]}”" if words else place.title or place.href[:MOST_CHARS]
    time_s, fraction = place.time_s, place.locations.total_progression
    if time_s is not None:
        return f"{where} {clock(time_s * 1000)}"
    fraction = place.locations.progression if fraction is None else fraction
    return where if fraction is None else f"{where} {fraction:.0%}"


def _locator(value: Value) -> Locator | None:
    if not (isinstance(value, Mapping) and "href" in value):
        return None
    try:
        return Locator.from_value(value)
    except ValueError:
        return None


def _playhead(value: Value) -> Playhead | None:
    if not (isinstance(value, Mapping) and "position" in value and "rate" in value):
        return None
    try:
        return Playhead.from_value(value)
    except ValueError:
        return None


def clock(ms: float) -> str:
    """1:02:03, or 2:03."""
    minutes, seconds = divmod(int(ms // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _number(value: float) -> str:
    return f"{value:d}" if isinstance(value, int) else f"{round(value, 3):g}"
