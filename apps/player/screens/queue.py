"""QueuePanel: what is played, in its order; the current track stands out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kivy.properties import NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.kv import load_beside
from apps.player.view import Row, View, clock

load_beside(__file__)


class QueuePanel(BoxLayout):
    """`show(view, picture_of)`; `on_choose(track)` when a row is pressed, `on_problems` when that line is."""

    summary = StringProperty("")
    complaint = StringProperty("")
    index = NumericProperty(-1)
    __events__ = ("on_choose", "on_problems")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._tracks: tuple[str, ...] = ()
        self._rows: list[dict[str, Any]] = []
        self._shown: tuple[tuple[Row, ...], int] | None = None
        self._length = ""

    def show(self, view: View, picture_of: Callable[[str], Any], *, tag: str) -> None:
        if self._shown is None or self._shown[0] is not view.rows or self._shown[1] != view.index:
            self._shown = view.rows, view.index
            self._show_rows(view, picture_of, tag)
        self.summary = self._length
        if view.scanning:
            self.summary = f"{self._length} · looking for music…" if view.rows else "Looking for music…"
        bad = len(view.problems)
        self.complaint = f"{bad} file{'' if bad == 1 else 's'} cannot be played" if bad else ""
        if view.index != self.index:
            self.index = view.index
            self.ids.rows.bring_into_view(max(0, view.index))

    def _show_rows(self, view: View, picture_of: Callable[[str], Any], tag: str) -> None:
        rows = [
            {
                "text": row.title,
                "detail": row.artist,
                "trailing": clock(row.duration_ms) if row.duration_ms else "",
                "current": i == view.index,
            }
            for i, row in enumerate(view.rows)
        ]
        self._tracks = tuple(row.track for row in view.rows)
        count, total_ms = len(view.rows), sum(row.duration_ms for row in view.rows)
        self._length = f"{count} track{'' if count == 1 else 's'} · {clock(total_ms)}" if count else ""
        if rows != self._rows:  # a list that is set anew loses the press that is going on
            self._rows = rows
            pictures = (partial(picture_of, row.track) for row in view.rows)
            drawn = ({**row, "draw": draw} for row, draw in zip(rows, pictures, strict=True))
            self.ids.rows.show(drawn, tag=tag)

    def redraw(self) -> None:
        """A cover has been read."""
        self.ids.rows.redraw()

    def choose(self, index: int) -> None:
        if 0 <= index < len(self._tracks):
            self.dispatch("on_choose", self._tracks[index])

    def on_choose(self, track: str) -> None:
        """A track was picked."""

    def on_problems(self) -> None:
        """Somebody wants to know which files."""
