"""The presenter of the code screen: signs in with a code that another device shows.

No Kivy; the app's thread. Invariant: a code that was redeemed is not lost when the sign-in after it fails:
the next try goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.common.account.form import Form
from apps.common.account.ports import AccountPort
from apps.common.account.work import Work

Redeem = Callable[[str], str]
"""What was typed → a custom token; waits for the network."""


class CodePresenter(Form):
    """`signed_in(user)` is called when somebody is."""

    def __init__(
        self, account: AccountPort, redeem: Redeem, work: Work, signed_in: Callable[[Any], None]
    ) -> None:
        super().__init__(work)
        self._account, self._redeem, self._signed_in = account, redeem, signed_in
        self._redeemed: tuple[str, str] | None = None

    def use(self, typed: str) -> None:
        """Sign in with this code."""
        if not typed.strip():
            self.complain({"code": "Enter the code that your other device shows."})
        else:
            self.attempt("Signing in…", lambda: self._sign_in(typed), self._signed_in)

    def _sign_in(self, typed: str) -> Any:
        """Off the app's thread."""
        if self._account.user is not None:  # another window was faster: a code is too good to be wasted
            return self._account.user
        if self._redeemed is None or self._redeemed[0] != typed:
            self._redeemed = typed, self._redeem(typed)
        return self._account.sign_in_with_token(self._redeemed[1])
