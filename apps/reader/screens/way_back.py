"""WayBackButton: where "back" leads, and why somebody was there; at the foot of a page.

Kivy's main thread.
"""

from __future__ import annotations

from kivy.properties import StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout

from apps.common import widgets as _widgets  # noqa: F401 - used in kv
from apps.common.hover import Hoverable
from apps.common.keys import Focusable
from apps.common.kv import load_beside
from apps.reader.view import WayBack

load_beside(__file__)


class WayBackButton(Focusable, Hoverable, ButtonBehavior, BoxLayout):
    """``on_release`` is the event to bind; without a `where` it is not there."""

    where = StringProperty("")
    why = StringProperty("")

    def show(self, way_back: WayBack | None) -> None:
        self.where = f"Back to {way_back.progress:.0%}" if way_back is not None else ""
        self.why = way_back.why if way_back is not None else ""
