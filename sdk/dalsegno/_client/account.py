"""Where an app's account is kept: the place that `connect` uses for the same app and profile. Any thread."""

from __future__ import annotations

import os
from pathlib import Path

from dalsegno._auth.account import Account
from dalsegno._client.account_data import OwnData
from dalsegno._core.types import ProjectId
from dalsegno._persistence.location import folder, project_folder
from dalsegno._support_log import log_as_asked


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
    log_as_asked()
    project_id, home = ProjectId(project), Path(home) if home else None
    where = project_folder(app, profile, project_id, home)
    found = Account.at(where, project_id, api_key, emulator)
    firestore = firestore or os.environ.get("FIRESTORE_EMULATOR_HOST") or None
    found._own_data = OwnData(
        project_id, where, lambda uid: folder(app, profile, project_id, uid, home), firestore
    )
    return found
