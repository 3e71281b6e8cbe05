"""The sheet of an act on the account: what it does, what it asks for, what came of it. See `acts`."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from apps.common.account.acts import ActPresenter
from apps.common.account.screens import saying as _saying  # noqa: F401 - used in kv
from apps.common.kv import load_beside
from apps.common.widgets import Sheet, TextField

load_beside(__file__)


class ActSheet(Sheet):
    """`show(presenter)` opens it."""

    presenter: ActPresenter | None = ObjectProperty(None, allownone=True)
    text = StringProperty("")
    action = StringProperty("")
    danger = BooleanProperty(False)
    busy = StringProperty("")
    said = StringProperty("")
    trouble = StringProperty("")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(breadth=dp(400), **kwargs)
        self._fields: list[TextField] = []

    def show(self, presenter: ActPresenter) -> None:
        self.presenter = presenter
        act = presenter.act
        self.title, self.text, self.action, self.danger = act.title, act.text, act.action, act.danger
        self._ask_for((act.first, not act.open_first), (act.second, True))
        presenter.shown(self.refresh)
        self.refresh()
        self.open()

    def refresh(self) -> None:
        if self.presenter is not None:
            self.busy, self.said = self.presenter.busy, self.presenter.notice
            self.trouble = self.presenter.trouble

    def submit(self) -> None:
        if self.presenter is not None:
            first, second, *_ = (*(field.text for field in self._fields), "", "")
            self.presenter.submit(first, second)

    def on_close(self) -> None:
        presenter, self.presenter = self.presenter, None
        if presenter is not None:
            presenter.close()
        self._ask_for()

    def _ask_for(self, *wanted: tuple[str, bool]) -> None:
        """Fields by label, and whether they are secret; nothing of what was typed into others is kept."""
        for field in self._fields:
            field.clear()
        self.ids.fields.clear_widgets()
        tags = ("act_first", "act_second")
        self._fields = [
            TextField(label=label, secret=secret, tag=tag)
            for (label, secret), tag in zip(wanted, tags, strict=False)
            if label
        ]
        for field, after in zip(self._fields, (*self._fields[1:], None), strict=False):
            field.bind(on_submit=lambda _field, after=after: after.select() if after else self.submit())
            self.ids.fields.add_widget(field)
