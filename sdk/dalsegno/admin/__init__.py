"""Administration of a project's users, with firebase-admin: what no end user may do.

    with Authority.open("my-project") as authority:
        export(authority, "alice", Path("alice.json"))
        erase(authority, "alice", account=True)
        import_user(authority, Path("alice.json"), account=True)  # all as it was, but the password

The caller's thread; every call waits for the network. Needs `pip install 'dalsegno[admin]'`, which is loaded
when an authority is opened. Invariants: nothing here runs with an end user's credentials; whatever is
interrupted can be run again, and then ends in the same state.
"""

from dalsegno._public import name_publicly
from dalsegno.admin._access import Authority
from dalsegno.admin._erasing import Erased, erase
from dalsegno.admin._exporting import Exported, export
from dalsegno.admin._importing import Imported, import_user
from dalsegno.admin._listing import Holdings, KnownDevice, KnownSession, holdings
from dalsegno.admin._pruning import Pruned, prune_devices
from dalsegno.admin._users import KnownAccount, NoSuchUser

__all__ = [
    "Authority",
    "Erased",
    "Exported",
    "Holdings",
    "Imported",
    "KnownAccount",
    "KnownDevice",
    "KnownSession",
    "NoSuchUser",
    "Pruned",
    "erase",
    "export",
    "holdings",
    "import_user",
    "prune_devices",
]

name_publicly(__name__, __all__, globals())


def __dir__() -> list[str]:
    return sorted(__all__)
