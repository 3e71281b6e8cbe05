"""The sheet “Add a device”: a code to type, and to scan. See `apps.common.account.showing_code`."""

from __future__ import annotations

from typing import Any

from kivy.clock import Clock
from kivy.metrics import dp
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from apps.common.account.screens import qr as _qr  # noqa: F401 - used in kv
from apps.common.account.screens import saying as _saying  # noqa: F401 - used in kv
from apps.common.account.showing_code import AddDevicePresenter
from apps.common.kv import load_beside
from apps.common.widgets import Sheet

load_beside(__file__)

TICK_S = 0.5


class AddDeviceSheet(Sheet):
    """`show(presenter)` opens it, and asks for a code."""

    presenter: AddDevicePresenter | None = ObjectProperty(None, allownone=True)
    stage = StringProperty("asking")
    code = StringProperty("")
    said = StringProperty("")
    modules = ObjectProperty(None, allownone=True)
    has_code = BooleanProperty(False)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(title="Add a device", breadth=dp(380), **kwargs)
        self._ticking = Clock.schedule_interval(self._tick, TICK_S)
        self._ticking.cancel()

    def _tick(self, _dt: float) -> None:
        if self.presenter is not None:
            self.presenter.tick()

    def show(self, presenter: AddDevicePresenter) -> None:
        self.presenter = presenter
        presenter.on_change = self.refresh
        self.open()
        self._ticking()
        presenter.ask()

    def refresh(self) -> None:
        presenter = self.presenter
        if presenter is None:
            return
        code = presenter.code
        self.stage, self.said, self.has_code = presenter.stage, presenter.said, code is not None
        if (code.text if code else "") != self.code:
            self.code = code.text if code else ""
            self.modules = code.qr() if code else None

    def on_close(self) -> None:
        self._ticking.cancel()
        presenter, self.presenter = self.presenter, None
        if presenter is not None:
            presenter.close()
        self.code, self.modules, self.has_code = "", None, False
