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
    link = _name(status.link)
    saved = f"saved {'everywhere' if _name(status.saved) == 'everywhere' else 'on this device'}"
    match link:
        case "live" if saved == "saved everywhere":
            return Said("cloud-ok", "Live · saved everywhere", "good")
        case "live":
            return Said("cloud", "Live · saving…", "ink_soft")
        case "connecting":
            return Said("cloud", f"Connecting · {saved}", "ink_soft")
        case "denied":
            return Said("alert", f"Not allowed: {status.reason or 'the server refused'} · {saved}", "bad")
        case _:
            return Said("cloud-off", f"Offline · {saved}", "warn")


def _name(member: Any) -> str:
    return str(getattr(member, "name", member)).lower()


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
