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
import sys
from typing import TYPE_CHECKING, Any

from dalsegno._core.declared import (
    add,
    counter,
    held,
    highest,
    latest,
    lowest,
    on_this_device,
    ordered,
    restart,
    text,
)
from dalsegno._core.locator import Locator
from dalsegno._core.ordered import Ordered
from dalsegno._core.playhead import Playhead
from dalsegno._core.state import State
from dalsegno._core.types import (
    Advice,
    Counters,
    Device,
    DeviceInfo,
    Link,
    Origin,
    Problem,
    Rule,
    Saved,
    Status,
)
from dalsegno._errors import (
    Closed,
    Corrupt,
    DalSegnoError,
    Denied,
    EmulatorError,
    KeyringLocked,
    NotTaken,
    Offline,
    ProfileInUse,
    Refusal,
    SignInRefused,
    StorageDenied,
    StorageFull,
    UsageError,
)
from dalsegno._public import name_publicly

if TYPE_CHECKING:
    from dalsegno._auth.account import Account, SignedIn
    from dalsegno._auth.credentials import Anonymous, CustomToken, EmailPassword, StoredUser
    from dalsegno._auth.managed import LocalData
    from dalsegno._auth.unsigned import Unsigned
    from dalsegno._client.change import Change, Why
    from dalsegno._client.client import Client
    from dalsegno._client.connect import account, connect
    from dalsegno._client.line import Holder
    from dalsegno._client.marks import Mark
    from dalsegno._client.recent_list import Recent
    from dalsegno._client.session import Session
    from dalsegno._client.transfer import Transfer
    from dalsegno._client.user import SignIn, User
    from dalsegno._support_log import log_to

__version__ = "0.1.0"
__all__ = [
    "Account",
    "Advice",
    "Anonymous",
    "Change",
    "Client",
    "Closed",
    "Corrupt",
    "Counters",
    "CustomToken",
    "DalSegnoError",
    "Denied",
    "Device",
    "DeviceInfo",
    "EmailPassword",
    "EmulatorError",
    "Holder",
    "KeyringLocked",
    "Link",
    "LocalData",
    "Locator",
    "Mark",
    "NotTaken",
    "Offline",
    "Ordered",
    "Origin",
    "Playhead",
    "Problem",
    "ProfileInUse",
    "Recent",
    "Refusal",
    "Rule",
    "Saved",
    "Session",
    "SignIn",
    "SignInRefused",
    "SignedIn",
    "State",
    "Status",
    "StorageDenied",
    "StorageFull",
    "StoredUser",
    "Transfer",
    "Unsigned",
    "UsageError",
    "User",
    "Why",
    "__version__",
    "account",
    "add",
    "connect",
    "counter",
    "held",
    "highest",
    "latest",
    "log_to",
    "lowest",
    "on_this_device",
    "ordered",
    "restart",
    "text",
]

_WITH_THE_ENGINE = {
    "Account": "dalsegno._auth.account",
    "Anonymous": "dalsegno._auth.credentials",
    "Change": "dalsegno._client.change",
    "Client": "dalsegno._client.client",
    "CustomToken": "dalsegno._auth.credentials",
    "LocalData": "dalsegno._auth.managed",
    "Mark": "dalsegno._client.marks",
    "EmailPassword": "dalsegno._auth.credentials",
    "Holder": "dalsegno._client.line",
    "Recent": "dalsegno._client.recent_list",
    "Session": "dalsegno._client.session",
    "SignIn": "dalsegno._client.user",
    "SignedIn": "dalsegno._auth.account",
    "StoredUser": "dalsegno._auth.credentials",
    "Transfer": "dalsegno._client.transfer",
    "Unsigned": "dalsegno._auth.unsigned",
    "User": "dalsegno._client.user",
    "Why": "dalsegno._client.change",
    "account": "dalsegno._client.connect",
    "connect": "dalsegno._client.connect",
    "log_to": "dalsegno._support_log",
}
"""Names whose modules load the engine and the store: half of the start-up, not paid before they are used."""


if not TYPE_CHECKING:  # a checker would take it for leave to name anything

    def __getattr__(name: str) -> Any:
        home = _WITH_THE_ENGINE.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(home), name)
        _name_what_is_loaded()
        return value


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


def _name_what_is_loaded() -> None:
    """A client gives sessions, changes and errors whose names nobody has asked for."""
    for name, home in _WITH_THE_ENGINE.items():
        if home in sys.modules:
            name_publicly(__name__, [name], vars(sys.modules[home]))


name_publicly(__name__, set(__all__) - _WITH_THE_ENGINE.keys(), globals())
