"""TextField: one line to type into, with its name above and what is wrong with it below."""

from __future__ import annotations

from typing import Any

from kivy.app import App
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.textinput import TextInput

from apps.common.glyphs import font_for
from apps.common.keys import Focusable
from apps.common.kv import load_beside
from apps.common.theme import FONTS, UI
from apps.common.widgets import iconbutton as _iconbutton  # noqa: F401 - used in kv
from apps.common.widgets import text as _text  # noqa: F401 - used in kv

load_beside(__file__)


class Entry(TextInput):
    """The part that is typed into. Tab, Enter and Escape belong to the window: see `apps.common.keys`."""

    capitals = BooleanProperty(False)
    font = StringProperty(UI)

    def insert_text(self, substring: str, from_undo: bool = False) -> Any:
        plain = substring.replace("\n", " ").replace("\t", " ")
        return super().insert_text(plain.upper() if self.capitals else plain, from_undo=from_undo)

    def on_text(self, _widget: Any, text: str) -> None:
        font = FONTS / "Inter-Regular.ttf" if text.isascii() else font_for(text, FONTS / "Inter-Regular.ttf")
        self.font = UI if font.parent == FONTS else str(font)


class TextField(Focusable, BoxLayout):
    """``on_submit`` when Enter is pressed in it. ``secret``: a password, with a button to look at it.

    ``error``: a sentence below it, in place of ``help``; "" for none. What is typed is in ``text``.
    """

    label = StringProperty("")
    text = StringProperty("")
    hint = StringProperty("")
    error = StringProperty("")
    secret = BooleanProperty(False)
    is_shown = BooleanProperty(False)  # a secret that may be read
    capitals = BooleanProperty(False)
    centered = BooleanProperty(False)
    size_of_type = NumericProperty(0.0)  # 0: as all controls
    tag = StringProperty("")
    input_type = StringProperty("text")
    entry: Entry = ObjectProperty(None, allownone=True)
    __events__ = ("on_submit",)

    def on_submit(self) -> None:
        """Enter was pressed."""

    def on_kv_post(self, _base: Any) -> None:
        self.entry = self.ids.entry
        self.entry.bind(focus=self._entry_focused, text=self.setter("text"))
        self.bind(text=self._follow, focused=lambda _field, focused: self._focus_entry(focused))
        self.fbind("disabled", lambda *_: setattr(self.entry, "focus", False))
        self._follow()

    def select(self) -> None:
        """Begin to type, over what is there."""
        keys = getattr(App.get_running_app(), "keys", None)
        if keys is not None:
            keys.focus(self)
        self.entry.select_all()

    def clear(self) -> None:
        """Forget what was typed, and the ways back to it."""
        self.entry.text = ""
        self.entry.reset_undo()

    def on_key(self, pressed: str) -> bool:
        if pressed == "enter":
            self.dispatch("on_submit")
            return True
        return False

    def _follow(self, *_: object) -> None:
        if self.entry.text != self.text:
            self.entry.text = self.text

    def _focus_entry(self, focused: bool) -> None:
        if self.entry.focus != focused:
            self.entry.focus = focused

    def _entry_focused(self, _entry: Any, focused: bool) -> None:
        keys = getattr(App.get_running_app(), "keys", None)
        if keys is not None and focused and not self.focused:
            keys.focus(self)
        elif not focused and self.focused:
            self.focused = False

    def on_touch_down(self, touch: Any) -> bool:
        if super().on_touch_down(touch):
            return True
        if self.disabled or not self.collide_point(*touch.pos):
            return False
        touch.ud["field"] = self  # its name and its margin belong to it too
        self.entry.focus = True
        TextInput.ignored_touch.append(touch)
        return True
