"""Who administers: a service account, or anybody on the emulators; never an end user.

Any thread; opening an authority imports firebase-admin (a second or two). Invariant: an authority works on
emulators or on Google's servers, never on one of each by mistake.
"""

from __future__ import annotations

import json
import logging
import os
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dalsegno._core.types import ProjectId
from dalsegno._errors import Denied, UsageError

if TYPE_CHECKING:
    from dalsegno.admin._accounts import Accounts
    from dalsegno.admin._documents import Documents
    from dalsegno.admin._sign_ins import SignIns

FIRESTORE_VARIABLE = "FIRESTORE_EMULATOR_HOST"
AUTH_VARIABLE = "FIREBASE_AUTH_EMULATOR_HOST"
CREDENTIALS_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
PROJECT_VARIABLE = "GOOGLE_CLOUD_PROJECT"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
HTTP_TIMEOUT_S = 30
TALKATIVE = ("google.auth", "google.cloud.firestore_v1")
"""Google's loggers that write whole requests and answers at DEBUG, with all that users keep in them."""

_PROJECT = re.compile(r"[a-z][a-z0-9-]{3,61}[a-z0-9]", re.ASCII)
_JWT = re.compile(r"\s*eyJ[\w-]+\.[\w-]+\.[\w-]*\s*")
_MAX_CREDENTIALS_BYTES = 1 << 16

WHY_NO_END_USER = (
    "Administration runs as a service account: it mints sign-ins and erases users past all security rules, "
    "so it must not hang on one person's password, phone and job, and what it did must not stand in the logs "
    "under that person's name; sign-ins cannot be minted so at all. Set GOOGLE_APPLICATION_CREDENTIALS to a "
    "service account's key file, or run where one is attached, or act as one: gcloud auth "
    "application-default login --impersonate-service-account=NAME@PROJECT.iam.gserviceaccount.com"
)


class EndUserRefused(Denied):
    """Administration was called with the credentials of an end user."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} {WHY_NO_END_USER}")


@dataclass(frozen=True)
class Authority:
    """One project, opened with its administrator's rights. A context manager; `open` makes it."""

    project: ProjectId
    _app: Any = field(repr=False)
    _credentials: Any = field(repr=False)
    _firestore_emulator: str | None
    _auth_emulator: str | None

    @classmethod
    def open(cls, project: str | None = None, credentials: object = None) -> Self:
        """Opens a project.

        project       default: the environment's GOOGLE_CLOUD_PROJECT, or the service account's own
        credentials   google-auth's or firebase-admin's; default: Application Default Credentials. Emulators
                      (FIRESTORE_EMULATOR_HOST, FIREBASE_AUTH_EMULATOR_HOST) need none and get none

        Raises:
            EndUserRefused: the credentials are an end user's.
            UsageError: firebase-admin is not installed, no project, no credentials.
        """
        admin = _firebase_admin()
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.INFO)
        firestore, auth = os.environ.get(FIRESTORE_VARIABLE), os.environ.get(AUTH_VARIABLE)
        if firestore or auth:
            own = None
        else:
            credentials, own = _service_account(credentials)
        chosen = _checked_project(project or os.environ.get(PROJECT_VARIABLE) or own)
        if not (firestore or auth) and chosen.startswith("demo-"):
            raise UsageError(
                f"{chosen} exists on emulators only: set {FIRESTORE_VARIABLE} and {AUTH_VARIABLE}"
            )
        options = {"projectId": chosen, "httpTimeout": HTTP_TIMEOUT_S}
        app = admin.initialize_app(
            None if firestore or auth else credentials, options, f"dalsegno-{os.urandom(8).hex()}"
        )
        return cls(chosen, app, credentials, firestore or None, auth or None)

    @property
    def emulated(self) -> bool:
        """Whether this is an emulator's world."""
        return bool(self._firestore_emulator or self._auth_emulator)

    @property
    def has_accounts(self) -> bool:
        """False on a Firestore emulator alone: its users have no accounts."""
        return self._firestore_emulator is None or self._auth_emulator is not None

    @cached_property
    def documents(self) -> Documents:
        """The project's documents. UsageError: only the Auth emulator was named."""
        from dalsegno.admin._documents import Documents

        if self._auth_emulator and not self._firestore_emulator:
            raise _half_emulated("change real documents")
        return Documents(self.project, self._credentials, self._firestore_emulator)

    @cached_property
    def accounts(self) -> Accounts:
        """The project's accounts. UsageError: only the Firestore emulator was named."""
        from dalsegno.admin._accounts import Accounts

        if not self.has_accounts:
            raise UsageError(
                f"{FIRESTORE_VARIABLE} is set and {AUTH_VARIABLE} is not: this would reach real accounts"
            )
        return Accounts(self._app)

    @cached_property
    def sign_ins(self) -> SignIns:
        """The sign-ins of the project's users. UsageError: only the Auth emulator was named."""
        from dalsegno.admin._sign_ins import SignIns

        if self._auth_emulator and not self._firestore_emulator:
            raise _half_emulated("show tokens to the real Firestore")
        return SignIns(self.project, self._firestore_emulator)

    def close(self) -> None:
        """Ends the connections."""
        if "documents" in self.__dict__:
            self.documents.close()
        _firebase_admin().delete_app(self._app)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.close()


def _half_emulated(what: str) -> UsageError:
    return UsageError(f"{AUTH_VARIABLE} is set and {FIRESTORE_VARIABLE} is not: this would {what}")


def checked_uid(uid: str) -> str:
    """Raises UsageError: no user can have this id."""
    if not isinstance(uid, str) or not 0 < len(uid) <= 128 or "/" in uid or not _sendable(uid):
        raise UsageError(
            "a user id has 1 to 128 characters and no '/': take it from the Firebase console, Authentication"
        )
    return uid


def _sendable(uid: str) -> bool:
    """Firestore keeps some names to itself; what was no text on the command line has no UTF-8."""
    if uid in (".", "..") or (uid.startswith("__") and uid.endswith("__")):
        return False
    return not any("\ud800" <= character <= "\udfff" for character in uid)


def _firebase_admin() -> types.ModuleType:
    try:
        import firebase_admin
    except ImportError as error:
        raise UsageError(
            "Administration needs firebase-admin, which is not installed: pip install 'dalsegno[admin]'"
        ) from error
    module: types.ModuleType = firebase_admin
    return module


def _checked_project(project: object) -> ProjectId:
    if not project:
        raise UsageError(f"no project was named: give --project, or set {PROJECT_VARIABLE}")
    if not isinstance(project, str) or not _PROJECT.fullmatch(project):
        raise UsageError(f"{project!r} is no project id: 5 to 63 lower-case letters, digits and hyphens")
    return ProjectId(project)


# --- credentials --------------------------------------------------------------------------------------


def _service_account(given: object) -> tuple[Any, str | None]:
    """Credentials that are no end user's, and the project that they name."""
    import google.auth
    from google.auth import exceptions

    if given is None:
        _refuse_end_users_file()
        try:
            found, project = google.auth.default(scopes=[SCOPE])
        except exceptions.GoogleAuthError:  # its sentence repeats what stands in the file
            raise UsageError(
                f"no usable credentials were found: set {CREDENTIALS_VARIABLE} to a service account's key "
                f"file, or, for the emulators, {FIRESTORE_VARIABLE} and {AUTH_VARIABLE}"
            ) from None
        return _refused_if_end_user(found), project
    from firebase_admin import credentials as firebase

    if isinstance(given, firebase.Base):
        given = given.get_credential()
    if not isinstance(given, google.auth.credentials.Credentials):
        raise EndUserRefused("An ID token, or a user who is signed in, is no administrator.")
    return _refused_if_end_user(given), getattr(given, "project_id", None)


def _refused_if_end_user(credentials: Any) -> Any:
    from google.auth import external_account_authorized_user
    from google.oauth2 import credentials as oauth2

    people = (
        oauth2.Credentials,
        oauth2.UserAccessTokenCredentials,
        external_account_authorized_user.Credentials,
    )
    if isinstance(credentials, people):
        raise EndUserRefused(
            "These are a person's credentials (authorized_user, as `gcloud auth application-default login` "
            "makes them)."
        )
    return credentials


def _refuse_end_users_file() -> None:
    """Says of a file of another kind what it is: google-auth only says that it knows it not."""
    named = os.environ.get(CREDENTIALS_VARIABLE)
    if not named:
        return
    try:
        with Path(named).open(encoding="utf-8") as file:
            text = file.read(_MAX_CREDENTIALS_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"{CREDENTIALS_VARIABLE} names {named}, which cannot be read: {why}") from None
    if _JWT.fullmatch(text):
        raise EndUserRefused(f"{CREDENTIALS_VARIABLE} names a file that holds an ID token, an end user's.")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, Mapping):
        raise UsageError(f"{CREDENTIALS_VARIABLE} names {named}, which is no credentials file (JSON)")
    if "type" not in content and content.keys() & {"refresh_token", "refreshToken", "id_token", "idToken"}:
        raise EndUserRefused(f"{CREDENTIALS_VARIABLE} names a file that holds an end user's sign-in.")
