"""What a session and a list of sessions hold, as this reader takes it: whatever another app wrote, here it is
what a reader can show.

Pure. The SDK lets through what has the right type, and any Firebase client may write: infinite shares, a text
size of -3, a title full of control characters. Invariant: whoever has a `Shared` needs no check of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dalsegno as ds
from apps.reader.room import TEXT_SIZES

THEMES = ("light", "sepia", "dark")
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Shared:
    """The fields of `Reading`: `furthest` in [0, 1], `text_size` in dp, `theme` one of THEMES or None."""

    place: ds.Locator | None
    furthest: float
    text_size: float
    theme: str | None


def shared_from(state: Any) -> Shared:
    """`state`, a `Reading`, as a reader can use it."""
    furthest, size = state.furthest, state.text_size
    return Shared(
        place=state.place,
        furthest=min(max(furthest, 0.0), 1.0) if math.isfinite(furthest) else 0.0,
        text_size=min(max(size, TEXT_SIZES[0]), TEXT_SIZES[-1]),
        theme=state.theme if state.theme in THEMES else None,
    )


def place_in(state: Mapping[str, Any]) -> ds.Locator | None:
    """The place in the plain values of a session; None if there is none, or one that makes no sense."""
    value = state.get("place")
    if value is None or isinstance(value, ds.Locator):
        return value
    try:
        return ds.Locator.from_value(value)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None  # from an app that means something else by it


def name_of(text: str) -> str:
    """A title or a device's name, on one line."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 2 * LONGEST_NAME])
    return " ".join(printable.split())[:LONGEST_NAME].strip()
