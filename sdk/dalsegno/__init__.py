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

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dalsegno.core.locator import Locator
from dalsegno.core.playhead import Playhead
from dalsegno.errors import (
    Closed,
    Corrupt,
    DalSegnoError,
    Denied,
    EmulatorError,
    KeyringLocked,
    Offline,
    ProfileInUse,
    Refusal,
    SignInRefused,
    StorageFull,
    UsageError,
)
from dalsegno.state import State, highest, latest, on_this_device, restart
from dalsegno.types import Advice, Device, DeviceInfo, Link, Origin, Saved, Status

if TYPE_CHECKING:
    from dalsegno.accounts import account
    from dalsegno.auth.account import Account, SignedIn
    from dalsegno.auth.credentials import Anonymous, CustomToken, EmailPassword, StoredUser
    from dalsegno.auth.tokens import Unsigned
    from dalsegno.client import Client, Recent, SignIn, User, connect
    from dalsegno.session import Change, Session

__version__ = "0.1.0"
__all__ = [
    "Account",
    "Advice",
    "Anonymous",
    "Change",
    "Client",
    "Closed",
    "Corrupt",
    "CustomToken",
    "DalSegnoError",
    "Denied",
    "Device",
    "DeviceInfo",
    "EmailPassword",
    "EmulatorError",
    "KeyringLocked",
    "Link",
    "Locator",
    "Offline",
    "Origin",
    "Playhead",
    "ProfileInUse",
    "Recent",
    "Refusal",
    "Saved",
    "Session",
    "SignIn",
    "SignInRefused",
    "SignedIn",
    "State",
    "Status",
    "StorageFull",
    "StoredUser",
    "Unsigned",
    "UsageError",
    "User",
    "__version__",
    "account",
    "connect",
    "highest",
    "latest",
    "on_this_device",
    "restart",
]

_WITH_THE_ENGINE = {
    "Account": "dalsegno.auth.account",
    "Anonymous": "dalsegno.auth.credentials",
    "Change": "dalsegno.session",
    "Client": "dalsegno.client",
    "CustomToken": "dalsegno.auth.credentials",
    "EmailPassword": "dalsegno.auth.credentials",
    "Recent": "dalsegno.client",
    "Session": "dalsegno.session",
    "SignIn": "dalsegno.client",
    "SignedIn": "dalsegno.auth.account",
    "StoredUser": "dalsegno.auth.credentials",
    "Unsigned": "dalsegno.auth.tokens",
    "User": "dalsegno.client",
    "account": "dalsegno.accounts",
    "connect": "dalsegno.client",
}
"""Names whose modules load the engine and the store: half of the start-up, not paid before they are used."""


def __getattr__(name: str) -> Any:
    home = _WITH_THE_ENGINE.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
