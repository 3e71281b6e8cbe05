"""The keyboard: focus order, activation, shortcuts, and Escape (on phones: the back button).

Kivy's own FocusBehavior asks for a keyboard and so opens the one on the screen of a phone; this one does not.
Runs on Kivy's main thread. Order of who gets a key: what is open on top (Escape), the focused widget, the
shortcuts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from kivy.core.window import Window
from kivy.event import EventDispatcher
from kivy.properties import BooleanProperty
from kivy.uix.textinput import TextInput
from kivy.uix.widget import Widget

Action = Callable[[], Any]

NAMES: Final[dict[int, str]] = {
    8: "backspace", 9: "tab", 13: "enter", 27: "escape", 32: "space", 127: "delete", 271: "enter",
    273: "up", 274: "down", 275: "right", 276: "left", 278: "home", 279: "end", 280: "pageup", 281:
    "pagedown",
}  # fmt: skip
NAMES.update({281 + n: f"f{n}" for n in range(1, 13)})
CODES: Final[dict[str, int]] = {name: code for code, name in reversed(NAMES.items())}
_MODIFIERS: Final = ("ctrl", "alt", "shift")
LEAVING: Final = ("tab", "shift+tab", "enter", "escape")  # what a text field does not keep for itself


def chord(key: int, codepoint: str | None, modifiers: list[str]) -> str:
    """The name of a key press, as in ``ctrl+o``, ``shift+tab``, ``space``, ``+``."""
    name = NAMES.get(key) or (chr(key) if 32 < key < 127 else codepoint or str(key))
    held = {"ctrl" if m == "meta" else m for m in modifiers}
    if codepoint and not codepoint.isalnum() and codepoint.isprintable() and codepoint != " ":
        name = codepoint  # "+" is "+", whichever keys make it on this keyboard
        held.discard("shift")
    return "+".join([m for m in _MODIFIERS if m in held] + [name])


class Focusable(EventDispatcher):
    """Mixin: can be reached with Tab. ``on_key(chord)`` returns True if it used the key."""

    focusable = BooleanProperty(True)
    focused = BooleanProperty(False)

    def on_key(self, pressed: str) -> bool:
        if pressed in ("enter", "space"):
            self.activate()
            return True
        return False

    def activate(self) -> None:
        """What Enter and Space do; a button is pressed."""
        if hasattr(self, "trigger_action"):
            self.trigger_action(duration=0.1)


class Keys:
    """All keyboard handling of one window."""

    def __init__(self) -> None:
        self._shortcuts: dict[str, Action] = {}
        self._on_top: list[tuple[Widget, Action]] = []
        self._focused: Focusable | None = None
        Window.bind(on_key_down=self._key_down, on_touch_down=self._touch_down)

    def bind(self, shortcuts: dict[str, Action]) -> None:
        """Add shortcuts: ``{"space": play_or_pause, "ctrl+o": open_file}``; later ones replace earlier
        ones."""
        self._shortcuts.update(shortcuts)

    def release(self) -> None:
        """Forget everything; for tests and for an app that ends."""
        Window.unbind(on_key_down=self._key_down, on_touch_down=self._touch_down)
        self._shortcuts.clear()
        self._on_top.clear()
        self.focus(None)

    def opened(self, overlay: Widget, close: Action) -> None:
        """An overlay is on top now: Escape calls ``close``, and Tab stays inside of it."""
        self._on_top.append((overlay, close))
        self.focus(None)

    def closed(self, overlay: Widget) -> None:
        self._on_top = [entry for entry in self._on_top if entry[0] is not overlay]
        self.focus(None)

    def clear(self) -> None:
        """The window gets another content: its shortcuts, and what is on top, are gone."""
        self.focus(None)
        self._shortcuts.clear()
        self._on_top.clear()

    def focus(self, widget: Focusable | None) -> None:
        before, self._focused = self._focused, widget
        if before is not None and before is not widget:
            before.focused = False
        if widget is not None:
            widget.focused = True

    def _touch_down(self, *_: object) -> bool:
        self.focus(None)  # the ring is for people who use the keyboard
        return False

    def _key_down(
        self, _window: Any, key: int, _scan: int, codepoint: str | None, modifiers: list[str]
    ) -> bool:
        pressed = chord(key, codepoint, modifiers)
        if self._is_typing() and pressed not in LEAVING:
            return False
        if pressed in ("tab", "shift+tab"):
            self._step(-1 if pressed.startswith("shift") else 1)
            return True
        if pressed == "escape" and self._on_top:
            self._on_top[-1][1]()
            return True
        if self._focused is not None and _is_shown(self._focused) and self._focused.on_key(pressed):
            return True
        action = self._shortcuts.get(pressed)
        if action is None:
            return False
        action()
        return True

    def _is_typing(self) -> bool:
        return any(isinstance(w, TextInput) and w.focus for root in Window.children for w in root.walk())

    def _step(self, by: int) -> None:
        roots = [self._on_top[-1][0]] if self._on_top else list(Window.children)[::-1]
        stops = [w for root in roots for w in _stops(root)]
        if not stops:
            return
        at = stops.index(self._focused) + by if self._focused in stops else (0 if by > 0 else -1)
        self.focus(stops[at % len(stops)])


def _stops(root: Widget) -> Iterator[Focusable]:
    """Focusable widgets in reading order: that in which they were added."""
    for child in reversed(root.children):
        if child.opacity == 0 or child.disabled:
            continue
        if isinstance(child, Focusable) and child.focusable and child.width > 1 and child.height > 1:
            yield child
        yield from _stops(child)


def _is_shown(widget: Any) -> bool:
    return widget.get_root_window() is not None and not widget.disabled and widget.opacity > 0
