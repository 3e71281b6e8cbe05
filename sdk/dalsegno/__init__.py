"""Dal Segno: leave one device, carry on at another.

import dalsegno as ds

class Reading(ds.State, schema="reading/1"):
    place: ds.Locator | None = ds.latest(None)
    furthest: float = ds.highest(0.0)
    text_size: float = ds.on_this_device(18.0)

with ds.connect("demo-books", user=ds.Unsigned("alice"), device="Pixel 8") as client:
    book = client.open("moby-dick", Reading)
    book.update(furthest=0.12)
    book.on_change(lambda change: print(change.fields))
"""

from dalsegno.auth.tokens import Unsigned
from dalsegno.client import Client, Recent, User, connect
from dalsegno.core.locator import Locator
from dalsegno.core.playhead import Playhead
from dalsegno.errors import (
    Closed,
    Corrupt,
    DalSegnoError,
    Denied,
    EmulatorError,
    Offline,
    ProfileInUse,
    StorageFull,
    UsageError,
)
from dalsegno.session import Change, Session
from dalsegno.state import State, highest, latest, on_this_device, restart
from dalsegno.types import Advice, Device, Link, Origin, Saved, Status

__version__ = "0.1.0"
__all__ = [
    "Advice",
    "Change",
    "Client",
    "Closed",
    "Corrupt",
    "DalSegnoError",
    "Denied",
    "Device",
    "EmulatorError",
    "Link",
    "Locator",
    "Offline",
    "Origin",
    "Playhead",
    "ProfileInUse",
    "Recent",
    "Saved",
    "Session",
    "State",
    "Status",
    "StorageFull",
    "Unsigned",
    "UsageError",
    "User",
    "__version__",
    "connect",
    "highest",
    "latest",
    "on_this_device",
    "restart",
]
