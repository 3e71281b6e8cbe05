"""What a user can do with the account itself: each act as a sheet asks for it. No Kivy; the app's thread.

Invariants: nothing is sent twice; a password is handed on, never kept or logged; what cannot be undone
says so before it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.common.account.form import Form
from apps.common.account.work import Work


@dataclass(frozen=True, slots=True)
class Act:
    """One sheet. `first`, `second`: what is asked for, "" for nothing; `open_first`: it is no secret."""

    title: str
    text: str
    action: str
    doing: str
    done: str
    first: str = ""
    second: str = ""
    open_first: bool = False
    danger: bool = False


ACTS: Final[Mapping[str, Act]] = {
    "change_password": Act(
        "Change password",
        "Your other devices are signed out by it, and come back with the new password.",
        "Change",
        "Changing…",
        "Your password is changed.",
        "Current password",
        "New password",
    ),
    "change_email": Act(
        "Change e-mail address",
        "A mail goes to the new address. When you follow its link, it takes the place of the old one, and "
        "you sign in again with it.",
        "Send the mail",
        "Sending a mail…",
        "The mail is on its way. Nothing changes before you follow its link.",
        "New e-mail address",
        "Password",
        open_first=True,
    ),
    "verify_email": Act(
        "Verify e-mail address",
        "A mail with a link goes to your address. Following it shows that the address is yours.",
        "Send the mail",
        "Sending a mail…",
        "The mail is on its way.",
    ),
    "export_data": Act(
        "Export my data",
        "Everything that your account holds, as a JSON file that other programs can read.",
        "Export",
        "Exporting…",
        "",
    ),
    "delete_account": Act(
        "Delete account",
        "Your account and everything in it are deleted, on the server and on this device, and your other "
        "devices are signed out. What they hold stays on them until it is removed there. This cannot be "
        "undone.",
        "Delete for good",
        "Checking the password…",
        "",
        "Password",
        danger=True,
    ),
    "delete_nameless": Act(
        "Delete account",
        "Everything that you did here is deleted, on the server and on this device. This cannot be undone.",
        "Delete for good",
        "One moment…",
        "",
        danger=True,
    ),
}


class ActPresenter(Form):
    """`said` is what came of it; `finished` is called with the result and the first thing that was typed."""

    def __init__(
        self,
        act: Act,
        work: Work,
        do: Callable[[str, str], Any],
        finished: Callable[[Any, str], str],
    ) -> None:
        """`do`: off the app's thread; `finished` returns the sentence to show."""
        super().__init__(work)
        self.act, self._do, self._finished = act, do, finished

    def shown(self, on_change: Callable[[], None]) -> None:
        """A sheet shows it from now on, and calls `close` when it is closed."""
        self.on_change = on_change

    def submit(self, first: str, second: str) -> None:
        act = self.act
        for label, typed in ((act.first, first), (act.second, second)):
            if label and not typed.strip():
                self.complain({"form": f"Enter the {label[:1].lower()}{label[1:]}."})
                return
        self.notice = ""
        self.attempt(
            act.doing, lambda: self._do(first, second), lambda result: self.say(self._finished(result, first))
        )

    @property
    def trouble(self) -> str:
        return next(iter(self.errors.values()), "")


def removal(unsent: int, *, uncounted: bool, lost: bool) -> tuple[str, str, str]:
    """What to ask before what is on this device is removed: title, text, action.

    unsent      changes that the server does not have, as far as they could be counted
    uncounted   there may be more of them
    lost        nobody can come back to this user
    """
    texts = [
        "Copied books, places, settings and logs of everybody who used this app here are removed from this "
        "device. What has reached an account stays there."
    ]
    if uncounted:
        texts.append("Some of what was done here may not have been sent yet, and is lost then.")
    elif unsent:
        texts.append(
            "Some of what was done here has not been sent yet, and is lost then: "
            f"{unsent} {'change' if unsent == 1 else 'changes'}."
        )
    if lost:
        texts.append("Without an e-mail address nobody can come back to these places.")
    return "Remove what is on this device?", "\n\n".join(texts), "Remove"
