"""The widgets that reader and player share: one .py and one .kv file each.

Import the names from here; importing registers them for use in kv.
"""

from apps.common.widgets.banner import Banner
from apps.common.widgets.busyring import BusyRing
from apps.common.widgets.button import TextButton
from apps.common.widgets.confirm import Confirm
from apps.common.widgets.drawer import Drawer
from apps.common.widgets.empty import EmptyState
from apps.common.widgets.icon import Icon
from apps.common.widgets.iconbutton import IconButton
from apps.common.widgets.message import Message
from apps.common.widgets.row import Row, Rows
from apps.common.widgets.searching import Searching
from apps.common.widgets.seekbar import SeekBar
from apps.common.widgets.sheet import Sheet
from apps.common.widgets.shell import Shell
from apps.common.widgets.statusline import StatusLine
from apps.common.widgets.text import Caption, Heading, Text, Title
from apps.common.widgets.textfield import TextField
from apps.common.widgets.topbar import TopBar

__all__ = [
    "Banner",
    "BusyRing",
    "Caption",
    "Confirm",
    "Drawer",
    "EmptyState",
    "Heading",
    "Icon",
    "IconButton",
    "Message",
    "Row",
    "Rows",
    "Searching",
    "SeekBar",
    "Sheet",
    "Shell",
    "StatusLine",
    "Text",
    "TextButton",
    "TextField",
    "Title",
    "TopBar",
]
