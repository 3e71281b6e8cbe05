"""The presenters of the sign-in screen and of the sheet that adds an e-mail address.

No Kivy; the app's thread. Invariants: nothing is sent twice; a password is handed on, never kept or logged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.common.account.form import Form, missing
from apps.common.account.ports import AccountPort
from apps.common.account.work import Work


class SignInPresenter(Form):
    """`signed_in(user)` is called when somebody is."""

    def __init__(self, account: AccountPort, work: Work, signed_in: Callable[[Any], None]) -> None:
        super().__init__(work)
        self._account, self._signed_in = account, signed_in

    def sign_in(self, email: str, password: str) -> None:
        if not self.complain(missing(email, password)):
            self.attempt("Signing in…", lambda: self._account.sign_in(email, password), self._signed_in)

    def create_account(self, email: str, password: str) -> None:
        if not self.complain(missing(email, password)):
            self.attempt(
                "Creating the account…", lambda: self._account.sign_up(email, password), self._signed_in
            )

    def go_on_without(self) -> None:
        """As a user without a name."""
        self.attempt("One moment…", self._account.sign_in_anonymously, self._signed_in)

    def send_reset_mail(self, email: str) -> None:
        if not self.complain(missing(email, None)):
            self.notice = ""
            self.attempt(
                "Sending a mail…",
                lambda: self._account.send_reset_mail(email),
                lambda _: self._mail_is_sent(),
            )

    def _mail_is_sent(self) -> None:
        self.say(
            "If there is an account with this address, a mail is on its way to it, with a link to choose a "
            "new password."
        )


class LinkPresenter(Form):
    """Gives a user without a name an e-mail address and a password; `linked()` is called then."""

    def __init__(self, account: AccountPort, work: Work, linked: Callable[[], None]) -> None:
        super().__init__(work)
        self._account, self._linked = account, linked

    def link(self, email: str, password: str) -> None:
        if not self.complain(missing(email, password)):
            self.attempt("Adding…", lambda: self._account.link(email, password), lambda _: self._linked())
