"""Gate: who may come into the app, and how they go again. Kivy's main thread.

Without an API key it lets the emulator's user in. With one: whoever is signed in on this device, also without
network; else the sign-in screen. Invariant: between two users nothing is shown, and no client is open.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dalsegno as ds
import dalsegno.kivy
from apps.common.account.acts import removal
from apps.common.account.words import advice, sentence
from apps.common.account.work import threads
from apps.common.private import remove_own
from dalsegno import DalSegnoError

if TYPE_CHECKING:
    from apps.common.account.form import Form
    from apps.common.account.panel import AccountPanel
    from apps.common.account.screens.lobby import Lobby
    from apps.common.base import ContinuousApp
    from apps.common.widgets import Confirm

SEND_S = 2.0  # for what is owed when a user signs out, and for telling the others
END_S = 5.0  # how long a closing window waits for a sign-out that is under way


class Gate:
    """See the module. `account` is None for a user without a sign-in."""

    def __init__(self, app: ContinuousApp) -> None:
        self._app = app
        self._work = threads(dalsegno.kivy.deliver)
        self._panel: AccountPanel | None = None
        self._lobby: Lobby | None = None
        self._signed_out = threading.Event()
        self._signed_out.set()
        self._kind: str | None = None  # of user
        self._other: str | None = None  # what is shown in place of the app and of the lobby
        self.account: ds.Account | None = None

    # -- in

    def begin(self) -> None:
        """The app has started."""
        try:
            user: Any = self._who()
        except DalSegnoError as error:
            self._other = "trouble"
            self._app.show_trouble(sentence(str(error)))
            return
        if user is None:
            self._show_lobby()
        else:
            self._enter(user)

    def _who(self) -> Any:
        options = self._app.options
        if not options.signs_in:
            return ds.Unsigned(options.user)
        self.account = ds.account(
            options.project,
            api_key=options.api_key,
            app=options.app,
            profile=options.profile,
            home=options.home,
            emulator=options.auth_emulator,
            firestore=options.emulator,
        )
        return self.account.user

    def _enter(self, user: Any) -> None:
        lobby, self._lobby = self._lobby, None
        if lobby is not None:
            lobby.end()
            self._app.keys.clear()
        self._other = None
        self.look_who_is_here(user)
        self._app.let_in(user)
        if self._app.client is None:
            self._other = self._other or "trouble"

    def look_who_is_here(self, user: Any) -> None:
        """Somebody came in, or has got an e-mail address."""
        self._kind = ("email" if user.email else "anonymous") if isinstance(user, ds.SignedIn) else "unsigned"

    def _show_lobby(self) -> Lobby:
        from apps.common.account.screens.lobby import Lobby

        assert self.account is not None
        self._lobby = Lobby(
            self.account,
            self._redeem if self._app.options.pairing else None,
            self._work,
            self._enter,
            title=self._app.title,
            icon=self._app.icon_of_app,
        )
        self._lobby.bind(on_remove_local=lambda lobby: self.ask_to_remove(lobby.confirm, lost=False))
        self._app.show(self._lobby)
        self._look_what_is_here()
        self._app.keys.bind({"escape": self._lobby.show_sign_in})
        return self._lobby

    def _look_what_is_here(self) -> None:
        """What is on this device can be removed, if there is anything."""
        lobby, account = self._lobby, self.account
        if lobby is not None and account is not None:
            self._work(
                account.local_data,
                lambda found: setattr(lobby, "has_local", bool(found.users or found.unreadable)),
                self._app.surprised,
            )

    def _redeem(self, typed: str) -> str:
        """Off the main thread."""
        from dalsegno import pairing

        options = self._app.options
        assert options.pairing is not None
        return pairing.redeem(options.pairing, typed, api_key=options.api_key).token

    # -- out

    def sign_out(self, notice: str = "", send_s: float = SEND_S) -> None:
        """Nobody is signed in on this device any more. What was not sent stays on its disk."""
        account = self.account
        if account is None:
            return
        client = self._app.let_go()
        self._signed_out.clear()

        def end() -> None:
            try:
                if client is not None:
                    client.close(timeout_s=send_s)
                account.sign_out(timeout_s=send_s)
            finally:
                self._signed_out.set()

        form = self._show_lobby().form
        form.attempt("Signing out…", end, lambda _: self._is_left())
        form.say(notice)

    def thrown_out(self, reason: str) -> None:
        """Another device has signed this one out: there is nobody to send anything to."""
        if self.account is not None:
            self.sign_out(sentence(reason), send_s=0.0)
            return
        client = self._app.let_go()
        self._other = "signed-out"
        self._app.show_signed_out(sentence(reason))
        if client is not None:
            self._work(lambda: client.close(timeout_s=0.0), lambda _: None, self._app.surprised)

    def refused(self, reason: str) -> None:
        """The server takes nothing from this sign-in any more: it has ended, or the account was disabled."""
        if self.account is not None:
            self._app.tell(sentence(reason), advice(self.account.refusal), bad=True)

    def ask_to_remove(self, confirm: Confirm, *, lost: bool) -> None:
        """What is on this device is to be removed; first it is said what is lost then."""
        account, client = self.account, self._app.client
        if account is None:
            return
        owes = client is not None and client.status.saved is not ds.Saved.EVERYWHERE
        here = 0 if client is None else 1  # a look cannot read what a client works on

        def ask(found: ds.LocalData) -> None:
            uncounted = owes or found.unreadable > here
            confirm.ask(*removal(found.unsent, uncounted=uncounted, lost=lost), self._remove_local)

        self._work(account.local_data, ask, self._app.surprised)

    def _remove_local(self) -> None:
        account = self.account
        assert account is not None

        def end(client: ds.Client | None) -> None:
            if client is not None:
                client.close(timeout_s=SEND_S)
            try:
                account.remove_local_data(timeout_s=0.0)
            except ds.ProfileInUse:
                raise  # another window of this app works with the rest, too
            except DalSegnoError:
                self._forget(self._app.files_of_all())
                raise
            self._forget(self._app.files_of_all())

        self._leave("Removing…", end, "Nothing of this app's users is left on this device.")

    def delete_account(self, password: str | None) -> None:
        """The account and all in it. A failure is told on the sign-in screen, and it can be done again."""
        account = self.account
        user = account.user if account is not None else None
        if account is None or user is None:
            return

        def end(client: ds.Client | None) -> None:
            if client is not None:
                client.close(timeout_s=0.0)
            try:
                account.delete(password, progress=told)
            finally:
                if account.user is None:  # it is gone, whatever of it the disk did not let go of
                    self._forget(self._app.files_of(user.uid))

        def told(count: int) -> None:
            dalsegno.kivy.deliver(lambda: form.goes_on(f"Deleting… {count} so far"))

        form = self._leave("Deleting the account…", end, "Your account is deleted.")

    def _leave(self, doing: str, end: Callable[[ds.Client | None], None], notice: str) -> Form:
        """Nobody is here any more; `end` runs off the main thread, and a closing window waits for it."""
        client = self._app.let_go()
        self._signed_out.clear()

        def leave() -> None:
            try:
                end(client)
            finally:
                self._signed_out.set()

        def left(_: object) -> None:
            self._is_left()
            form.say(notice)

        form = self._show_lobby().form
        form.attempt(doing, leave, left)
        return form

    def _is_left(self) -> None:
        gc.collect()  # what was shown is in memory no more
        self._look_what_is_here()

    def _forget(self, files: Sequence[Path]) -> None:
        """Files of the app's own. Off the main thread."""
        remove_own(files, self._app.options)

    def wait_for_sign_out(self) -> None:
        """A window that closes must not leave somebody signed in who has signed out."""
        self._signed_out.wait(END_S)

    # -- the panel

    def open_panel(self) -> None:
        client = self._app.client
        if client is None:
            return
        if self._panel is None:
            from apps.common.account.panel import AccountPanel

            self._panel = AccountPanel(
                self._app,
                self,
                client,
                self.account,
                self._app.options.pairing,
                self._work,
                dalsegno.kivy.deliver,
            )
        self._panel.open()

    def close_panel(self) -> None:
        panel, self._panel = self._panel, None
        if panel is not None:
            panel.close()

    # -- what a person sees

    def seen(self) -> dict[str, Any]:
        """For the app's observers: no address, no code, nothing that was typed."""
        client = self._app.client
        seen: dict[str, Any] = {
            "screen": self._other or (self._lobby.name if self._lobby is not None else None),
            "signed_in": client is not None,
            "who": self._kind if client is not None else None,
            "form": self._lobby.form.seen() if self._lobby is not None else None,
            "panel": False,
            "devices": None,
            "panel_error": "",
            "can_sign_in_again": False,
            "adding": None,
            "confirm": self._lobby.confirm.seen() if self._lobby is not None else None,
            "act": None,
            "removable": self._lobby is not None and self._lobby.has_local,
            "device_name": client.device.name if client is not None else None,
        }
        if self._other == "trouble":
            seen["trouble"] = True
        return seen | self._panel.seen() if self._panel is not None else seen
