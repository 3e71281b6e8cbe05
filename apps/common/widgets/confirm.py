"""Confirm: asks before something that cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.properties import ObjectProperty, StringProperty

from apps.common.kv import load_beside
from apps.common.widgets import button as _button  # noqa: F401 - used in kv
from apps.common.widgets.sheet import Sheet

load_beside(__file__)


class Confirm(Sheet):
    """``ask(title, text, action, then)``: `then` is called only if the action is pressed."""

    text = StringProperty("")
    action = StringProperty("")
    then = ObjectProperty(None, allownone=True)

    def ask(self, title: str, text: str, action: str, then: Callable[[], Any]) -> None:
        self.title, self.text, self.action, self.then = title, text, action, then
        self.open()

    def say_yes(self) -> None:
        then = self.then
        self.close()
        if then is not None:
            then()

    def seen(self) -> str | None:
        """For the app's observers: what it asks, if it does."""
        return str(self.title) if self.is_open else None

    def on_close(self) -> None:
        self.then = None
