"""IconButton: a round button with an icon; the smallest one is a thumb wide."""

from __future__ import annotations

from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior

from apps.common.hover import Hoverable
from apps.common.keys import Focusable
from apps.common.kv import load_beside
from apps.common.widgets.icon import Icon

load_beside(__file__)


class IconButton(Focusable, Hoverable, ButtonBehavior, Icon):
    """``on_release`` is the event to bind.

    ``active``: it is switched on (shuffle, repeat): drawn in the accent colour, with a dot.
    ``filled``: the one main action of a screen (play): drawn on a disc of the accent colour.
    ``hint``: what it does, in words.
    """

    active = BooleanProperty(False)
    filled = BooleanProperty(False)
    hint = StringProperty("")
    tag = StringProperty("")  # its name for the driver, where it has no id
