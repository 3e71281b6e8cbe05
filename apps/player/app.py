"""The player as a program: one window, one session, one sound device.

Kivy's main thread. Invariant: the place is on screen from disk before anything waits for the network.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window

import dalsegno as ds
import dalsegno.kivy
from apps.common.after import after
from apps.common.arrival import Arrival
from apps.common.awake import steady_s
from apps.common.base import PAUSE_S, ContinuousApp
from apps.common.options import Options
from apps.common.theme import theme
from apps.common.widgets import EmptyState, Shell
from apps.player.audio.backend import MiniaudioBackend
from apps.player.audio.engine import Engine
from apps.player.library import Library
from apps.player.listening import SESSION_ID, Listening
from apps.player.presenter import Presenter
from apps.player.screens.player import PlayerScreen, QueueDrawer
from apps.player.screens.problems import ProblemsSheet

TICK_S = 0.1
SEEK_STEP_MS = 10_000
VOLUME_STEP = 0.05


class PlayerApp(ContinuousApp):
    """See the module."""

    title = "Dal Segno Player"
    look = "dark"  # music is listened to in the evening
    icon_of_app = "note"

    def __init__(self, options: Options, folder: Path, *, silent: bool = False, **kwargs: Any) -> None:
        super().__init__(options, **kwargs)
        self._folder, self._silent = folder.expanduser().absolute(), silent
        self.presenter: Presenter | None = None
        self._noticed: str | None = None

    def make_shell(self, client: ds.Client) -> Shell:
        session = client.open(SESSION_ID, Listening)
        self.library = Library(self._folder, self._index_file, dalsegno.kivy.deliver)
        self.presenter = Presenter(
            session, client, Engine(MiniaudioBackend(silent=self._silent), clock=steady_s), self.library
        )
        shell = Shell()
        self.screen, self.drawer = PlayerScreen(), QueueDrawer()
        self.problems = ProblemsSheet(title="Files that cannot be played")
        self.nothing = EmptyState(icon="note", title="No music yet", action="Look again")
        # The screen lies below everything, the overlays below the shell's message: that one is always seen.
        shell.add_widget(self.screen, index=len(shell.children))
        for overlay in (self.drawer, self.problems):
            shell.add_widget(overlay, index=shell.children.index(shell.message) + 1)
        self.arrival = Arrival(session, "track", after, self._arrived)
        self._unhear = session.on_change(self.arrival.handle)
        self.screen.searching = self.arrival.looking
        self._bind(shell, self.presenter)
        self.screen.begin(self.presenter, self.drawer)
        self.library.start_scan()
        return shell

    def _bind(self, shell: Shell, presenter: Presenter) -> None:
        shell.bind(wide=self.screen.setter("wide"))
        self.bind(status=self._status_changed)
        self._status_changed()
        self.screen.bind(on_problems=lambda *_: self._show_problems())
        self.nothing.bind(on_act=lambda *_: self.library.start_scan())
        presenter.on_view(self._view_changed)
        self.keys.bind(
            {
                "space": presenter.toggle,
                "left": lambda: presenter.seek(presenter.position_ms - SEEK_STEP_MS),
                "right": lambda: presenter.seek(presenter.position_ms + SEEK_STEP_MS),
                "up": lambda: presenter.change_volume(VOLUME_STEP),
                "down": lambda: presenter.change_volume(-VOLUME_STEP),
                "n": presenter.next,
                "p": presenter.previous,
                "s": presenter.toggle_shuffle,
                "r": presenter.cycle_repeat,
                "m": presenter.toggle_mute,
                "q": self.drawer.toggle,
                "h": presenter.play_here,
                "b": presenter.go_back,
                "f5": self.library.start_scan,
                "ctrl+l": theme.next_mode,
            }
        )
        self._ticking = Clock.schedule_interval(lambda _dt: self._tick(), TICK_S)

    @property
    def _index_file(self) -> Path:
        name = hashlib.sha256(str(self._folder).encode()).hexdigest()[:12]
        return self.options.data_home / f"player-{self.options.profile}" / f"library-{name}.json"

    def files_of(self, uid: str) -> list[Path]:
        """The indexes of the music folders, with titles and paths: they are of the profile."""
        return self.files_of_all()

    def files_of_all(self) -> list[Path]:
        return [self._index_file.parent]

    # -- what happens

    def _tick(self) -> None:
        if self.presenter is not None:
            self.presenter.tick()
            self.screen.move()

    def _arrived(self) -> None:
        """What plays is known, or nobody waits for it any longer."""
        self.screen.searching = self.arrival.looking

    def _status_changed(self, *_: object) -> None:
        self.screen.status = self.status
        if self.status is not None:
            self.arrival.line_is(self.status.link)

    def _view_changed(self) -> None:
        if self.presenter is None:
            return
        view = self.presenter.view
        self._show_nothing(view.empty)
        if view.notice != self._noticed:
            self._noticed = view.notice
            if view.notice:
                self.tell(view.notice)

    def _show_nothing(self, empty: str | None) -> None:
        # Put in and taken out: hidden and disabled it would still swallow the touches of what lies below it.
        shell = self.screen.parent
        if empty:
            self.nothing.text = empty
            if self.nothing.parent is None:
                shell.add_widget(self.nothing, index=shell.children.index(self.screen))
        elif self.nothing.parent is not None:
            shell.remove_widget(self.nothing)

    def _show_problems(self) -> None:
        self.problems.show(problem.message for problem in self.library.problems)

    # -- the life of the window

    def observe_content(self) -> dict[str, Any]:
        """What a person sees: see `View`; `stands_at_ms` is the position while nothing moves."""
        if self.presenter is None:
            return {}
        view, status = self.presenter.view, self.status
        position_ms = round(self.presenter.position_ms, 1)
        return {
            "screen": "player",
            "searching": self.screen.searching,
            "title": view.current.title if view.current else None,
            "artist": view.current.artist if view.current else None,
            "track": view.current.track if view.current else None,
            "playing_here": view.playing_here,
            "elsewhere": view.elsewhere,
            "gone": view.gone,
            "back": f"{view.back.title} {view.back.why}" if view.back else None,
            "position_ms": position_ms,
            "stands_at_ms": None if view.playing else position_ms,
            "moved_by": view.anchor,
            "duration_ms": round(view.duration_ms),
            "volume": round(view.volume, 3),
            "shuffled": view.shuffled,
            "repeat": view.repeat,
            "order": [row.title for row in view.rows],
            "notice": view.notice,
            "silent": view.silent_because,
            "empty": view.empty,
            "problems": list(view.problems),
            "scanned": not view.scanning,
            "drawer": self.drawer.is_open,
            "status": self.screen.ids.status.text,
            "saved": status.saved.value if status is not None else None,
            "link": status.link.value if status is not None else None,
            "size": list(Window.size),
        }

    def on_pause(self) -> bool:
        """On a phone the music goes on while another app is on the screen; then somebody is here."""
        if self.client is not None and self.presenter is not None and self.presenter.view.playing_here:
            self.client.flush(timeout_s=PAUSE_S)
            return True
        return super().on_pause()

    def end_shell(self) -> None:
        """The place is left behind, to the sample; and the sound ends."""
        presenter, self.presenter = self.presenter, None
        if presenter is None:
            return
        self._ticking.cancel()
        self.unbind(status=self._status_changed)
        self.arrival.close()
        self._unhear()
        self.screen.searching = False  # what turns holds the screen
        presenter.close()
        self.screen.end()
        self._noticed = None
        del self._unhear, self.arrival, self.library, self.screen, self.drawer, self.problems, self.nothing
