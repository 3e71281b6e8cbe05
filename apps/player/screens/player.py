"""PlayerScreen: what plays, large; the queue beside it where there is room, else in a drawer.

Kivy's main thread. Invariant: everything shown comes from one `View` and one position; the screen decides
nothing.
"""

from __future__ import annotations

from typing import Any

from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.kv import load_beside
from apps.common.widgets import Drawer
from apps.player.covers import Covers
from apps.player.presenter import Presenter
from apps.player.screens import cover as _cover  # noqa: F401 - used in kv
from apps.player.screens import elsewhere as _elsewhere  # noqa: F401 - used in kv
from apps.player.screens import queue as _queue  # noqa: F401 - used in kv
from apps.player.screens import transport as _transport  # noqa: F401 - used in kv
from apps.player.view import View, clock

load_beside(__file__)


def _where(view: View) -> str:
    """Where the music is, if it is not here."""
    if view.elsewhere:
        return f"Playing on {view.elsewhere}"
    return f"Last heard on {view.gone}, which is gone" if view.gone else ""


def _back(view: View) -> tuple[str, str]:
    """The place that was left, or gave way, and why it is kept."""
    if view.back is None:
        return "", ""
    return f"{clock(view.back.position_ms)} in “{view.back.title}”", view.back.why


class QueueDrawer(Drawer):
    """The queue on a phone."""


class PlayerScreen(BoxLayout):
    """`begin(presenter)` connects it; `drawer` is the QueueDrawer of the same window."""

    wide = BooleanProperty(False)
    searching = BooleanProperty(False)  # nobody has said yet what plays: what there is, is a default
    status = ObjectProperty(None, allownone=True)
    title = StringProperty("")
    artist = StringProperty("")
    silent = StringProperty("")
    empty = StringProperty("")
    presenter: Presenter = ObjectProperty(None, allownone=True)
    drawer: QueueDrawer = ObjectProperty(None, allownone=True)
    __events__ = ("on_problems", "on_scan")

    _shown: str | None = None  # the track with the large cover

    def begin(self, presenter: Presenter, drawer: QueueDrawer) -> None:
        self.covers = Covers(self._cover_read, self._cover_problem)
        self.drawer, self.presenter = drawer, presenter
        for panel in (self.ids.queue, drawer.ids.queue):
            panel.bind(
                on_choose=lambda _panel, track: presenter.choose(track),
                on_problems=lambda _panel: self.dispatch("on_problems"),
            )
        presenter.on_view(self.refresh)
        self.refresh()

    def end(self) -> None:
        self.covers.close()

    def refresh(self) -> None:
        view = self.presenter.view
        current = view.current or (view.rows[0] if view.rows else None)
        self.title = current.title if current else "Nothing to play"
        self.artist = (
            (current.artist if current.here else current.artist or "Not on this device") if current else ""
        )
        self.empty, self.silent = view.empty or "", view.silent_because or ""
        self._shown = current.track if current else None
        self.ids.cover.texture = self._picture(current.track) if current else None
        self.ids.elsewhere.says = _where(view)
        self.ids.back.says, self.ids.back.why = _back(view)
        transport = self.ids.transport
        transport.ready = bool(view.rows)
        transport.playing, transport.shuffled, transport.repeat = view.playing, view.shuffled, view.repeat
        transport.volume = view.volume
        transport.duration_ms = view.duration_ms or (current.duration_ms if current else 0.0)
        self._show_queue(view)
        self.move()

    def move(self) -> None:
        """The position, which changes by itself."""
        self.ids.transport.position_ms = self.presenter.position_ms

    def _show_queue(self, view: View) -> None:
        if self.wide:
            self.ids.queue.show(view, self._picture, tag="track")
        if self.drawer.is_open or not self.wide:
            self.drawer.ids.queue.show(view, self._picture, tag="track")

    def on_wide(self, *_: Any) -> None:
        if self.presenter is not None:
            self.refresh()

    def _picture(self, track: str) -> Any:
        return self.covers.texture(track, self.presenter.file_of(track))

    def _cover_read(self, _track: str) -> None:
        if self._shown is not None:
            self.ids.cover.texture = self._picture(self._shown)
        for panel in (self.ids.queue, self.drawer.ids.queue):
            panel.redraw()

    def _cover_problem(self, problem: str) -> None:
        self.presenter.say(problem)

    def on_problems(self) -> None:
        """Somebody wants to know which files cannot be played."""

    def on_scan(self) -> None:
        """Look for music again."""
