"""The sheet “Add an e-mail address”: a user without a name gets one, and keeps everything."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.properties import ObjectProperty, StringProperty

from apps.common.account.screens import credentials as _credentials  # noqa: F401 - used in kv
from apps.common.account.screens import saying as _saying  # noqa: F401 - used in kv
from apps.common.account.signing_in import LinkPresenter
from apps.common.kv import load_beside
from apps.common.widgets import Sheet

load_beside(__file__)


class AddEmailSheet(Sheet):
    """`show(presenter)` opens it."""

    presenter: LinkPresenter | None = ObjectProperty(None, allownone=True)
    busy = StringProperty("")
    trouble = StringProperty("")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(title="Add e-mail and password", breadth=dp(400), **kwargs)

    def show(self, presenter: LinkPresenter) -> None:
        self.presenter = presenter
        presenter.on_change = self.refresh
        self.refresh()
        self.open()

    def refresh(self) -> None:
        if self.presenter is not None:
            self.busy, self.trouble = self.presenter.busy, self.presenter.errors.get("form", "")
            self.ids.form.show(self.presenter)

    def link(self) -> None:
        if self.presenter is not None:
            self.presenter.link(self.ids.form.email, self.ids.form.password)

    def on_close(self) -> None:
        presenter, self.presenter = self.presenter, None
        if presenter is not None:
            presenter.close()
        self.ids.form.clear()
