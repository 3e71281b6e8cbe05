"""ContinuousApp: what reader and player have in common as programs.

It knows who is signed in, connects to Dal Segno, shows the state of the connection, turns surprises into
messages, and closes within a bounded time. Everything here runs on Kivy's main thread; the SDK's callbacks
are delivered there. Invariant: a client and all that shows its user's data come and go together.
"""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from typing import Any

from kivy.app import App
from kivy.base import ExceptionHandler, ExceptionManager
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.metrics import dp
from kivy.properties import ObjectProperty
from kivy.uix.floatlayout import FloatLayout
from kivy.utils import platform

import dalsegno as ds
import dalsegno.kivy
from apps.common.account.gate import Gate
from apps.common.driver import Driver
from apps.common.keys import Keys
from apps.common.options import Options
from apps.common.theme import theme
from apps.common.widgets import EmptyState, Shell
from dalsegno import DalSegnoError

log = logging.getLogger("dalsegno.apps")

CLOSE_S = 2.0  # how long a closing window may wait for the network
DRIVEN_S = 30.0  # how long a message stays for a program that pushes the buttons, and may be held up
PAUSE_S = 0.5  # the same, for an app that goes to the background: the system is impatient
PHONE_DP = 600.0  # a window that is narrower is a phone's


class ContinuousApp(App):
    """Subclasses build their screens in ``make_shell()`` and say what is on screen in ``observe_content()``.

    ``client`` is there before ``make_shell()`` is called, and until ``end_shell()`` has returned; with
    another user both are called again. ``status`` (a ``ds.Status``) can be bound in kv: ``StatusLine: status:
    app.status``.
    """

    status = ObjectProperty(None, allownone=True)
    moving: frozenset[str] = frozenset({"position_ms"})  # observables that change all the time by themselves
    look = "light"  # until somebody chooses another
    icon_of_app = "book"

    def __init__(self, options: Options, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = options
        self.client: ds.Client | None = None
        self.keys = Keys()
        self.shell: Shell | None = None
        self.exit_code = 0
        self.gate = Gate(self)
        self._frame = FloatLayout()
        self._driver: Driver | None = None
        self._handler = _Surprise(self)
        self._told: set[str] = set()

    # -- for subclasses --------------------------------------------------------------------------------

    def make_shell(self, client: ds.Client) -> Shell:
        """Build the window's content; ``client`` is connected or trying to be."""
        raise NotImplementedError

    def end_shell(self) -> None:
        """The user goes, or the window: write what is only in memory, and let go of all that is theirs."""

    def files_of(self, uid: str) -> list[Path]:
        """Files and folders of this user beside the SDK's data, to be removed with these."""
        return []

    def files_of_all(self) -> list[Path]:
        """The same of everybody, also of users of whom nobody knows any more."""
        return []

    def observe_content(self) -> dict[str, Any]:
        """What a person sees now, in plain JSON values; for tests and the demo. Called often: keep it
        cheap."""
        return {}

    # -- the life of a window --------------------------------------------------------------------------

    def load_kv(self, filename: str | None = None) -> None:
        """No kv by the app's name: screens load their own."""

    def build(self) -> FloatLayout:
        ExceptionManager.add_handler(self._handler)
        threading.excepthook = self._thread_failed
        theme.mode = self.options.look or self.look
        Window.clearcolor = theme.ground
        Window.softinput_mode = "below_target"
        self.gate.begin()
        if self.options.drive:
            self._driver = Driver(self)
            self._driver.start()
        return self._frame

    def let_in(self, user: Any) -> None:
        """Show the app, with this user's data; from disk, at once."""
        try:
            client = self.client = self.connect(user)
        except DalSegnoError as error:
            self.show_trouble(str(error))
            return
        self.status = client.status
        client.on_status(lambda status: self._status_is(client, status))
        self.show(self.make_shell(client))
        self._tell_notices(client)
        self._status_is(client, client.status)

    def let_go(self) -> ds.Client | None:
        """Nothing of this user is shown or held any more; the client, which the caller closes."""
        client, self.client = self.client, None
        if client is not None:
            self.gate.close_panel()
            self.end_shell()
        self.keys.clear()
        self.status = None
        theme.mode = self.options.look or self.look
        return client

    def show(self, shell: Shell) -> None:
        """Put this into the window, in place of what is there."""
        self.shell = shell
        if self.options.drive:
            shell.message.shown_s = DRIVEN_S
        self._frame.clear_widgets()
        self._frame.add_widget(shell)

    def show_trouble(self, sentence: str) -> None:
        """The window of an app that cannot start: why, and what to do."""
        log.warning("Not started: %s", sentence)
        self.exit_code = 1
        self.show(_notice("alert", "Cannot start here", sentence))

    def show_signed_out(self, sentence: str) -> None:
        """The window of a user without a sign-in, who was signed out from afar."""
        self.show(_notice("sign-out", "Signed out", sentence))

    def connect(self, user: Any) -> ds.Client:
        """Open this app's client; raises DalSegnoError with a sentence for the user."""
        options = self.options
        return ds.connect(
            options.project,
            user=user,
            device=options.device or None,
            kind=_kind(),
            app=options.app,
            profile=options.profile,
            home=options.home,
            emulator=options.emulator,
            deliver=dalsegno.kivy.deliver,
        )

    def on_pause(self) -> bool:
        """All is on disk then, so that the system may end us; other devices see that nobody is here."""
        if self.client is not None:
            self.client.pause(timeout_s=PAUSE_S)
        return True

    def on_resume(self) -> None:
        if self.client is not None:
            self.client.resume()

    def on_stop(self) -> None:
        self.close_client()
        self.gate.wait_for_sign_out()

    def close_client(self) -> None:
        """Flush what can be flushed in two seconds; the rest is on disk and goes out at the next start."""
        client = self.let_go()
        if client is not None:
            client.close(timeout_s=CLOSE_S)

    # -- what a person sees ----------------------------------------------------------------------------

    def observe(self) -> dict[str, Any]:
        """All of it; see `observe_content` for the app's own."""
        message = self.shell.message if self.shell is not None else None
        seen = {"message": message.text if message is not None and message.is_open else None}
        seen |= self.gate.seen()
        return seen | self.observe_content() if self.client is not None else seen

    def open_account(self) -> None:
        """The account button, in whatever bar it is."""
        self.gate.open_panel()

    def _status_is(self, client: ds.Client, status: ds.Status) -> None:
        if client is not self.client:
            return  # late news of the last user
        before, self.status = self.status, status
        if status.signed_out:
            self.gate.thrown_out(status.reason)
        elif status.link is ds.Link.DENIED and before.link is not ds.Link.DENIED:
            self.gate.refused(status.reason)

    def _tell_notices(self, client: ds.Client) -> None:
        """What was mended, or how the sign-in is kept: each of them once."""
        for notice in client.notices:
            if notice not in self._told:
                self._told.add(notice)
                Clock.schedule_once(lambda _dt, notice=notice: self.tell(notice), 0)

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
            return int(ExceptionManager.RAISE)
        self._app.surprised(inst)
        return int(ExceptionManager.PASS)


def _kind() -> str:
    """What the user's other devices are told that this is."""
    return "phone" if platform in ("android", "ios") or Window.width < dp(PHONE_DP) else "laptop"


def _notice(icon: str, title: str, sentence: str) -> Shell:
    shell = Shell()
    shell.add_widget(EmptyState(icon=icon, title=title, text=sentence))
    return shell
