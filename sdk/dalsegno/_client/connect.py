"""The composition root: puts store, network, sign-in and engine together for one user.

Any thread. Only this module names the adapters that a client works with.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalsegno._auth.unsigned import UnsignedTokens
from dalsegno._client.arguments import check_connect
from dalsegno._client.client import Client
from dalsegno._client.runtime import await_abandoned
from dalsegno._client.user import KeptUser, SignIn, User
from dalsegno._core.messages import Sink
from dalsegno._core.types import ProjectId, UserId
from dalsegno._errors import UsageError
from dalsegno._persistence.location import folder, keep_private, project_folder
from dalsegno._persistence.sqlite import SqliteStore
from dalsegno._persistence.upkeep import Upkeep
from dalsegno._support_log import log_as_asked
from dalsegno._sync.devices.cards import MAX_KIND, MAX_NAME, DeviceCard, fitting
from dalsegno._threads.delivery import Deliver

if TYPE_CHECKING:
    from dalsegno._auth.account import Account

_PROJECT = re.compile(r"[a-z][a-z0-9-]{3,61}[a-z0-9]", re.ASCII)


def connect(
    project: str,
    *,
    user: User | SignIn,
    device: str | None = None,
    kind: str = "laptop",
    app: str = "app",
    profile: str = "default",
    home: Path | str | None = None,
    emulator: str | None = None,
    deliver: Deliver | None = None,
) -> Client:
    """Opens this device's data of one user, and begins to connect. Returns at once, but for a first sign-in.

    project   the Firebase project's id (`demo-…` on an emulator)
    user      who: `account(…).user`, or a way to sign in, which waits for the network (10 s at the most)
              where nobody is signed in yet; or `Unsigned` on an emulator
    device    this device's name, as the user's other devices show it (what is over 100 characters is cut
              off); default: the machine's name
    kind      phone, tablet, laptop, …
    app, profile   name the local data; one process at a time works on a profile
    home      where local data lives; default: the environment's DALSEGNO_HOME, else the system's data folder
    emulator  "host:port"; default: the environment's FIRESTORE_EMULATOR_HOST; none = Google's servers
    deliver   runs each callback that it is given on a thread of the caller's choice, soon and in their order
              (`loop.call_soon_threadsafe`; see docs/recipes.md). It is called on a thread of ours, for which
              nobody waits; if it raises, that is logged, and what it was given is told with the next.
              Default: callbacks run on that thread of ours

    Raises:
        UsageError: a bad name, an unsigned user away from an emulator, or somebody else is signed in here.
        SignInRefused, Offline: the first sign-in failed; nothing was changed.
        ProfileInUse: another process works on this profile.
        StorageFull, StorageDenied, Corrupt: the local data cannot be opened; the message says what to do.
    """
    if not isinstance(project, str) or not _PROJECT.fullmatch(project):
        raise UsageError(f"{project!r} is no project id: 5 to 63 lower-case letters, digits and hyphens")
    check_connect(user=user, device=device, kind=kind, emulator=emulator, home=home, deliver=deliver)
    log_as_asked()
    emulator = emulator or os.environ.get("FIRESTORE_EMULATOR_HOST") or None
    project_id, home = ProjectId(project), Path(home) if home else None
    if isinstance(user, SignIn):
        user = user.signed_in(project_id, project_folder(app, profile, project_id, home))
    user_id = UserId(user.uid)
    tokens = user.tokens(project_id, emulator)
    where = folder(app, profile, project_id, user_id, home)
    host, system = _machine()
    name = fitting(device or host, MAX_NAME) or "this device"  # the rules would refuse the device
    card = DeviceCard(name, fitting(kind, MAX_KIND), system, app)

    def dial(sink: Sink) -> Any:
        from dalsegno._remote.firestore import FirestoreRemote  # loads grpc: seconds on a slow device

        return FirestoreRemote(project_id, user_id, tokens, sink, emulator)

    keep_private(where, home)
    await_abandoned()
    store = SqliteStore.open(where, user.uid)
    if isinstance(tokens, UnsignedTokens):
        tokens.work_for(store.identity().device)
    upkeep = functools.partial(Upkeep, store)
    client = Client(store, upkeep, card, dial, deliver, user=user, sign_in_notices=_sign_in_notices(user))
    if isinstance(user, KeptUser):
        user.attach(client)
    return client


def _machine() -> tuple[str, str]:
    """Its name, and that of its system."""
    if sys.platform in ("linux", "darwin"):  # the same without `platform`, which takes 3 ms to load
        system = os.uname()
        return system.nodename, system.sysname.lower()
    import platform

    return platform.node(), platform.system().lower()


def _sign_in_notices(user: User) -> Callable[[], Sequence[str]]:
    return (lambda: user.notices) if isinstance(user, KeptUser) else list


def account(
    project: str,
    *,
    api_key: str,
    app: str = "app",
    profile: str = "default",
    home: Path | str | None = None,
    emulator: str | None = None,
    firestore: str | None = None,
) -> Account:
    """Who is signed in on this device, and the ways in and out: for an app's sign-in screen. At once.

    project, app, profile, home   as for `connect`
    api_key   the Web API key of the Firebase project (Firebase console, Project settings)
    emulator  the Auth emulator's "host:port"; default: the environment's FIREBASE_AUTH_EMULATOR_HOST
    firestore the Firestore emulator's, for `export` and `delete`; default: FIRESTORE_EMULATOR_HOST

    Raises:
        UsageError: a bad name, no API key, or an emulator on another machine.
    """
    from dalsegno._auth.account import Account  # loads what a client of a user who is there need not wait for
    from dalsegno._client.account_data import OwnData

    log_as_asked()
    project_id, home = ProjectId(project), Path(home) if home else None
    where = project_folder(app, profile, project_id, home)
    found = Account.at(where, project_id, api_key, emulator)
    firestore = firestore or os.environ.get("FIRESTORE_EMULATOR_HOST") or None
    found._own_data = OwnData(
        project_id, where, lambda uid: folder(app, profile, project_id, uid, home), firestore
    )
    return found
