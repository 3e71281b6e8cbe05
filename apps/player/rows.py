"""The queue's rows as the screen shows them, made anew only when one of them says something else.

On the app's thread only.
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.player.library import Library, Track
from apps.player.line import Line
from apps.player.view import Row, row_of


class Rows:
    """Of one listener's queue, on one device."""

    def __init__(self, line: Line, library: Library) -> None:
        self._line, self._library = line, library
        self._made: tuple[tuple[str, ...], Mapping[str, Track], object, tuple[Row, ...]] | None = None

    def all(self) -> tuple[Row, ...]:
        """The same tuple as long as it holds the same: whoever shows it need not look through it."""
        order, tracks, state = self._line.order, self._library.tracks, self._line.state
        foreign = state.track and state.track not in tracks  # then its row says what the state does
        named = (state.track, state.title, state.artist, state.duration_ms) if foreign else None
        made = self._made
        if made is None or made[0] is not order or made[1] is not tracks or made[2] != named:
            self._made = made = order, tracks, named, tuple(self.row(track) for track in order)
        return made[3]

    def row(self, track: str) -> Row:
        """A track as this device knows it, else as the shared state names it."""
        state = self._line.state
        return row_of(self._library.tracks.get(track), track, state if state.track == track else None)
