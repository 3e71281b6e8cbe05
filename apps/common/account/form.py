"""A form that is sent off, once at a time: what it waits for, what is wrong in it. Pure; the app's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.common.account.words import Field, complaint
from apps.common.account.work import Work


class Form:
    """`busy`: what is going on, "" for nothing; `errors`: a sentence per field; `notice`: good to know.

    `on_change` is called after any of them has changed. What was typed stays in the view.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._closed = False
        self.busy = ""
        self.errors: Mapping[Field, str] = {}
        self.notice = ""
        self.on_change: Callable[[], None] = lambda: None

    def attempt(self, doing: str, job: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Send it off, if it is not on its way already."""
        if self.busy:
            return
        self.busy, self.errors = doing, {}
        self.on_change()
        self._work(job, lambda result: self._arrived(lambda: done(result)), self._failed)

    def complain(self, errors: Mapping[Field, str]) -> bool:
        """Show these sentences; False if there are none."""
        self.errors = dict(errors)
        self.on_change()
        return bool(errors)

    def goes_on(self, doing: str) -> None:
        """How far it is."""
        if self.busy and not self._closed:
            self.busy = doing
            self.on_change()

    def say(self, notice: str) -> None:
        self.notice = notice
        self.on_change()

    def close(self) -> None:
        """What is under way is of no interest any more."""
        self._closed = True

    def seen(self) -> dict[str, Any]:
        """For the app's observers: sentences only, never what was typed."""
        return {"busy": self.busy, "errors": dict(self.errors), "notice": self.notice}

    def _failed(self, error: Exception) -> None:
        about = complaint(error)
        self._arrived(lambda: self.complain({about.field: about.text}))

    def _arrived(self, then: Callable[[], object]) -> None:
        if not self._closed:
            self.busy = ""
            then()
            self.on_change()


def missing(email: str, password: str | None) -> dict[Field, str]:
    """What has still to be filled in; `password` None: not asked for."""
    errors: dict[Field, str] = {}
    if not email.strip():
        errors["email"] = "Enter your e-mail address."
    if password == "":
        errors["password"] = "Enter a password."
    return errors
