"""DeviceRow: one device: what it is, whether it is there, and what can be done with it."""

from __future__ import annotations

from kivy.clock import Clock
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.account.devices import Row
from apps.common.kv import load_beside

load_beside(__file__)


class DeviceRow(BoxLayout):
    """Shows a `Row`; while ``is_renaming`` its name can be typed."""

    device_id = StringProperty("")
    number = StringProperty("0")
    icon = StringProperty("laptop")
    name = StringProperty("")
    detail = StringProperty("")
    said = StringProperty("")
    here = BooleanProperty(False)
    online = BooleanProperty(False)
    signed_out = BooleanProperty(False)
    is_renaming = BooleanProperty(False)
    is_busy = BooleanProperty(False)
    __events__ = ("on_rename", "on_new_name", "on_keep_name", "on_sign_out")

    def on_rename(self) -> None:
        """Its name is to be edited."""

    def on_new_name(self, name: str) -> None:
        """This is to be its name."""

    def on_keep_name(self) -> None:
        """Its name stays."""

    def on_sign_out(self) -> None:
        """It is to be thrown out."""

    def show(self, row: Row, number: int, *, is_renaming: bool, is_busy: bool) -> None:
        self.device_id, self.number, self.icon, self.name = row.id, str(number), row.icon, row.name
        self.detail, self.said = row.detail, row.said
        self.here, self.online, self.signed_out = row.here, row.online, row.signed_out
        self.is_busy = is_busy
        if is_renaming and not self.is_renaming:
            self.ids.new_name.text = row.name
            Clock.schedule_once(lambda _dt: self.ids.new_name.select(), 0)
        self.is_renaming = is_renaming
