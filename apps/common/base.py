"""ContinuousApp: what reader and player have in common as programs.

It connects to Dal Segno, shows the state of the connection, turns surprises into messages, and closes
within a bounded time. Everything here runs on Kivy's main thread; the SDK's callbacks are delivered there.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

from kivy.app import App
from kivy.base import ExceptionHandler, ExceptionManager
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.properties import ObjectProperty

import dalsegno as ds
import dalsegno.kivy
from apps.common.driver import Driver
from apps.common.keys import Keys
from apps.common.options import Options
from apps.common.theme import theme
from apps.common.widgets import EmptyState, Shell
from dalsegno.errors import DalSegnoError

log = logging.getLogger("dalsegno.apps")

CLOSE_S = 2.0  # how long a closing window may wait for the network


class ContinuousApp(App):
    """Subclasses build their screens in ``make_shell()`` and say what is on screen in ``observe()``.

    ``client`` is there before ``make_shell()`` is called. ``status`` (a ``ds.Status``) can be bound in kv:
    ``StatusLine: status: app.status``.
    """

    status = ObjectProperty(None, allownone=True)
    moving: frozenset[str] = frozenset({"position_ms"})  # observables that change all the time by themselves

    def __init__(self, options: Options, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = options
        self.client: ds.Client | None = None
        self.keys = Keys()
        self.shell: Shell | None = None
        self.exit_code = 0
        self._driver: Driver | None = None
        self._handler = _Surprise(self)

    # -- for subclasses --------------------------------------------------------------------------------

    def make_shell(self, client: ds.Client) -> Shell:
        """Build the window's content; ``client`` is connected or trying to be."""
        raise NotImplementedError

    def observe(self) -> dict[str, Any]:
        """What a person sees now, in plain JSON values; for tests and the demo. Called often: keep it
        cheap."""
        return {}

    def before_close(self) -> None:
        """Last words, before the client is closed: write what is only in memory."""

    # -- the life of a window --------------------------------------------------------------------------

    def load_kv(self, filename: str | None = None) -> None:
        """No kv by the app's name: screens load their own."""

    def build(self) -> Shell:
        ExceptionManager.add_handler(self._handler)
        threading.excepthook = self._thread_failed
        if self.options.look:
            theme.mode = self.options.look
        Window.clearcolor = theme.ground
        try:
            self.client = self.connect()
        except DalSegnoError as error:
            log.warning("Not started: %s", error)
            self.exit_code = 1
            self.shell = _trouble(str(error))
        else:
            self.status = self.client.status
            self.client.on_status(lambda status: setattr(self, "status", status))
            self.shell = self.make_shell(self.client)
        if self.options.drive:
            self._driver = Driver(self)
            self._driver.start()
        return self.shell

    def connect(self) -> ds.Client:
        """Open this app's client; raises DalSegnoError with a sentence for the user."""
        options = self.options
        return ds.connect(
            options.project,
            user=ds.Unsigned(options.user),
            device=options.device or None,
            app=options.app,
            profile=options.profile,
            home=options.home,
            emulator=options.emulator,
            deliver=dalsegno.kivy.deliver,
        )

    def on_pause(self) -> bool:
        self.before_close()
        if self.client is not None:
            self.client.flush(timeout_s=0.5)
        return True  # everything is on disk already: the system may end us now

    def on_stop(self) -> None:
        self.before_close()
        self.close_client()

    def close_client(self) -> None:
        """Flush what can be flushed in two seconds; the rest is on disk and goes out at the next start."""
        client, self.client = self.client, None
        if client is not None:
            client.close(timeout_s=CLOSE_S)

    # -- surprises -------------------------------------------------------------------------------------

    def tell(self, text: str, to_do: str = "", *, bad: bool = False) -> None:
        """Say something to the user, on top of whatever is shown."""
        if self.shell is not None:
            self.shell.tell(text, to_do, bad=bad)
        else:
            print(f"{text} {to_do}", file=sys.stderr)

    def surprised(self, error: BaseException) -> None:
        """An error that nobody expected: logged in full, told in one sentence."""
        log.error("Unexpected: %s", error, exc_info=error)
        if isinstance(error, DalSegnoError):
            self.tell(str(error), bad=True)
        else:
            self.tell("Something went wrong here.", "Your place is saved. You can carry on.", bad=True)

    def _thread_failed(self, failure: threading.ExceptHookArgs) -> None:
        error = failure.exc_value
        if error is not None:
            Clock.schedule_once(lambda _dt: self.surprised(error), 0)


class _Surprise(ExceptionHandler):
    """Keeps the event loop running after an exception in a callback."""

    def __init__(self, app: ContinuousApp) -> None:
        self._app = app

    def handle_exception(self, inst: BaseException) -> int:
        if isinstance(inst, (KeyboardInterrupt, SystemExit)):
            return ExceptionManager.RAISE
        self._app.surprised(inst)
        return ExceptionManager.PASS


def _trouble(sentence: str) -> Shell:
    """The window of an app that cannot start: why, and what to do."""
    shell = Shell()
    shell.add_widget(EmptyState(icon="alert", title="Cannot start here", text=sentence))
    return shell
