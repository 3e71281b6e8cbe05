"""StatusLine: says where the work is: live or offline, saved here or everywhere, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from apps.common.kv import load_beside
from apps.common.widgets import icon as _icon  # noqa: F401 - used in kv
from apps.common.widgets import text as _text  # noqa: F401 - used in kv

load_beside(__file__)

Tone = Literal["good", "ink_soft", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Said:
    """What the line shows: ``tone`` is a colour of the theme."""

    icon: str
    text: str
    tone: Tone


def say(status: Any) -> Said:
    """Put a ``ds.Status`` (link, reason, saved) into words."""
    link = str(getattr(status.link, "name", status.link)).lower()
    everywhere = str(getattr(status.saved, "name", status.saved)).lower() == "everywhere"
    reason = str(status.reason or "")
    match link, everywhere:
        case "live", True:
            return Said("cloud-ok", "Live · saved everywhere", "good")
        case "live", False:
            return Said("cloud", "Live · saving…", "ink_soft")
        case "connecting", _:
            return Said("cloud", "Connecting · saved on this device", "ink_soft")
        case "denied", _:
            return Said("alert", f"Not allowed: {reason or 'the server refused'} · saved on this device", "bad")
        case _:
            return Said("cloud-off", "Offline · saved on this device", "warn")


class StatusLine(BoxLayout):
    """Set ``status`` to a ``ds.Status``; ``compact`` shows only the icon."""

    status = ObjectProperty(None, allownone=True)
    compact = BooleanProperty(False)
    icon = StringProperty("cloud")
    text = StringProperty("Starting…")
    tone = StringProperty("ink_soft")

    def on_status(self, _widget: object, status: Any) -> None:
        if status is not None:
            said = say(status)
            self.icon, self.text, self.tone = said.icon, said.text, said.tone
