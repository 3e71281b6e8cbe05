"""The account drawer: who is signed in, and on which devices. See `apps.common.account.devices`."""

from __future__ import annotations

from typing import Any

from kivy.clock import Clock
from kivy.metrics import dp
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from apps.common.account.devices import DevicesPresenter
from apps.common.account.screens import saying as _saying  # noqa: F401 - used in kv
from apps.common.account.screens.device_row import DeviceRow
from apps.common.kv import load_beside
from apps.common.widgets import Drawer

load_beside(__file__)

TICK_S = 15.0  # “seen 5 min ago” grows old


class AccountDrawer(Drawer):
    """`begin(presenter)` connects it. Events say what was pressed and needs another sheet."""

    presenter: DevicesPresenter = ObjectProperty(None, allownone=True)
    who = StringProperty("")
    who_detail = StringProperty("")
    can_add_email = BooleanProperty(False)
    can_sign_out = BooleanProperty(False)
    has_password = BooleanProperty(False)
    can_sign_in_again = BooleanProperty(False)
    can_add_device = BooleanProperty(False)
    refusal = StringProperty("")
    error = StringProperty("")
    __events__ = (
        "on_add_device",
        "on_add_email",
        "on_sign_out",
        "on_sign_in_again",
        "on_sign_out_device",
        "on_act",
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(side="right", title="Account", breadth=dp(400), **kwargs)
        self._rows: dict[str, DeviceRow] = {}
        self._ticking = Clock.schedule_interval(lambda _dt: self.presenter.refresh(), TICK_S)
        self._ticking.cancel()

    def begin(self, presenter: DevicesPresenter) -> None:
        self.presenter = presenter
        presenter.on_change = self.refresh

    def on_open(self) -> None:
        self.refresh()
        self._ticking()

    def on_close(self) -> None:
        self._ticking.cancel()
        self.presenter.keep_name()

    def end(self) -> None:
        self._ticking.cancel()

    def refresh(self) -> None:
        if not self.is_open:
            return
        presenter = self.presenter
        who = presenter.who
        self.who, self.who_detail = who.title, who.detail
        self.can_add_email, self.can_sign_out = who.nameless, who.can_sign_out
        self.has_password = who.can_sign_out and not who.nameless
        self.refusal, self.error = presenter.refusal, presenter.error
        self.can_sign_in_again = bool(self.refusal) and who.can_sign_out and presenter.may_sign_in_again
        self._show_rows()

    def _show_rows(self) -> None:
        """Rows are kept: one that is made anew would lose the press, or the letters, that it is getting."""
        presenter, box = self.presenter, self.ids.devices
        rows = presenter.rows
        for gone in self._rows.keys() - {row.id for row in rows}:
            box.remove_widget(self._rows.pop(gone))
        for number, row in enumerate(rows):
            widget = self._rows.get(row.id) or self._new_row(row.id)
            is_busy, is_renaming = presenter.busy == row.id, presenter.renaming == row.id
            widget.show(row, number, is_renaming=is_renaming, is_busy=is_busy)
        wanted = [self._rows[row.id] for row in reversed(rows)]
        if box.children != wanted:
            box.clear_widgets()
            for widget in reversed(wanted):
                box.add_widget(widget)

    def _new_row(self, device_id: str) -> DeviceRow:
        row = self._rows[device_id] = DeviceRow()
        row.bind(
            on_rename=lambda *_: self.presenter.begin_to_rename(device_id),
            on_new_name=lambda _row, name: self.presenter.rename(name),
            on_keep_name=lambda *_: self.presenter.keep_name(),
            on_sign_out=lambda *_: self.dispatch("on_sign_out_device", device_id),
        )
        return row

    def on_add_device(self) -> None:
        """A code is to be shown."""

    def on_add_email(self) -> None:
        """The user without an account wants one."""

    def on_sign_out(self) -> None:
        """This device is to be signed out."""

    def on_sign_in_again(self) -> None:
        """The server refuses this sign-in, and there is to be a new one."""

    def on_act(self, name: str) -> None:
        """Something is to be done with the account itself."""

    def on_sign_out_device(self, device_id: str) -> None:
        """Another device is to be signed out."""
