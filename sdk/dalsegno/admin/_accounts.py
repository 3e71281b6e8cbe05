"""The accounts of a project's users, through firebase-admin. Any thread.

Invariant: nothing of what Firebase wrote is repeated in an error: its sentences may hold a uid, an address or
a token.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dalsegno._core.types import UserId
from dalsegno._errors import DalSegnoError, Denied, Offline, UsageError
from dalsegno._export_format import OWN_ACCOUNT
from dalsegno.admin._reaching import BETWEEN, is_foreign, why

_DERIVED = ("password", "phone")
"""Ways to sign in that Firebase makes of the account's address and number."""


class SignedOut(Denied):
    """This ID token is no proof: damaged, expired, or of another project."""


class Revoked(Denied):
    """The user's sign-in was revoked, or the account is disabled or gone."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A user who has shown who it is, by a token of that age (`issued_s`: seconds of the Unix epoch).

    sign_in    under which of the user's sign-ins, as in `users/{uid}/signins/{signIn}`: the token's auth_time
    """

    uid: UserId = field(repr=False)
    issued_s: int
    sign_in: str = field(repr=False)
    id_token: str = field(repr=False)


class Accounts:
    """The accounts of one project."""

    def __init__(self, app: Any) -> None:
        from firebase_admin import auth

        self._auth, self._app = auth, app

    # --- for an administrator -------------------------------------------------------------------------

    def record(self, uid: str) -> dict[str, Any] | None:
        """What Firebase Auth knows of a user, without the password's hash; None = there is no account."""
        with _plainly():
            try:
                return _record(self._auth.get_user(uid, self._app))
            except self._auth.UserNotFoundError:
                return None

    def by_email(self, email: str) -> dict[str, Any] | None:
        """The same of the user with this address; None = nobody has it, or it is no address."""
        with _plainly():
            try:
                return _record(self._auth.get_user_by_email(email.strip(), self._app))
            except (self._auth.UserNotFoundError, ValueError):
                return None

    def restore(self, record: Mapping[str, Any], uid: str) -> None:
        """Makes an account as `record` has it, under this id, which must be free; without the password.

        Raises:
            UsageError: as `check_restorable`.
        """
        user = self.check_restorable(record, uid)
        with _plainly():
            done = self._auth.import_users([user], app=self._app)
        if done.failure_count:
            raise DalSegnoError("Firebase Auth refuses to make this account")

    def check_restorable(self, record: Mapping[str, Any], uid: str) -> Any:
        """What `restore` would send; nothing is made.

        Raises:
            UsageError: the record makes no sense, or another account has its address.
        """
        try:
            user = self._imported(record, uid)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UsageError("the account in this file makes no sense") from None
        if user.email and self.by_email(user.email) is not None:
            raise UsageError("another account has the e-mail address of this one: nothing was made")
        return user

    def _imported(self, record: Mapping[str, Any], uid: str) -> Any:
        auth = self._auth
        if is_own(record):
            return auth.ImportUserRecord(uid, email=record["email"], email_verified=record["email_verified"])
        providers = [
            auth.UserProvider(p["uid"], p["id"], p["email"], p["display_name"])
            for p in record["providers"]
            if p["id"] not in _DERIVED
        ]
        return auth.ImportUserRecord(
            uid,
            email=record["email"],
            email_verified=record["email_verified"],
            display_name=record["display_name"],
            phone_number=record["phone_number"],
            photo_url=record["photo_url"],
            disabled=record["disabled"],
            user_metadata=auth.UserMetadata(record["created_ms"], record["last_signed_in_ms"]),
            provider_data=providers or None,
            custom_claims=record["custom_claims"],
        )

    def disable(self, uid: str) -> bool:
        """Nobody signs in as this user any more, and no token is renewed. False: there is no such account."""
        with _plainly():
            try:
                self._auth.update_user(uid, disabled=True, app=self._app)
            except self._auth.UserNotFoundError:
                return False
        return True

    def delete(self, uid: str) -> bool:
        """False: there was no such account."""
        with _plainly():
            try:
                self._auth.delete_user(uid, self._app)
            except self._auth.UserNotFoundError:
                return False
        return True

    # --- for pairing ----------------------------------------------------------------------------------

    def proven(self, id_token: str) -> Proof:
        """The user whose token this is, checked with Firebase, now.

        Raises:
            SignedOut, Revoked, Offline.
        """
        auth = self._auth
        with _plainly():
            try:
                claims = auth.verify_id_token(id_token, self._app, check_revoked=True)
                sign_in = str(int(claims["auth_time"]))
                return Proof(UserId(claims["uid"]), int(claims["iat"]), sign_in, id_token)
            except (auth.RevokedIdTokenError, auth.UserDisabledError, auth.UserNotFoundError):
                raise Revoked("this user's sign-in was revoked") from None
            except auth.CertificateFetchError as error:
                raise Offline(f"Google's certificates cannot be fetched: {why(error)}") from None
            except (auth.InvalidIdTokenError, ValueError, KeyError, TypeError):
                raise SignedOut("this is no valid ID token of this project") from None

    def mint(self, proof: Proof) -> str:
        """A custom token for the user, who must not have been revoked since the proof.

        Raises:
            Revoked, Offline.
        """
        auth = self._auth
        with _plainly():
            try:
                user = auth.get_user(proof.uid, self._app)
                if user.disabled or proof.issued_s * 1000 < (user.tokens_valid_after_timestamp or 0):
                    raise Revoked("this user's sign-in was revoked")
                token: bytes = auth.create_custom_token(proof.uid, app=self._app)
                return token.decode("ascii")
            except auth.UserNotFoundError:
                raise Revoked("this user's account is gone") from None


def is_own(record: Mapping[str, Any]) -> bool:
    """Whether this is of a user's own export: what is not in it, only an administrator can see."""
    return record.keys() == set(OWN_ACCOUNT)


def _record(user: Any) -> dict[str, Any]:
    times = user.user_metadata
    return {
        "uid": user.uid,
        "email": user.email,
        "email_verified": user.email_verified,
        "display_name": user.display_name,
        "phone_number": user.phone_number,
        "photo_url": user.photo_url,
        "disabled": user.disabled,
        "created_ms": times.creation_timestamp,
        "last_signed_in_ms": times.last_sign_in_timestamp,
        "last_refresh_ms": times.last_refresh_timestamp,
        "tokens_valid_after_ms": user.tokens_valid_after_timestamp,
        "custom_claims": user.custom_claims,
        "providers": [
            {"id": p.provider_id, "uid": p.uid, "email": p.email, "display_name": p.display_name}
            for p in user.provider_data
        ],
    }


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Firebase's errors as ours, each with who must act."""
    from firebase_admin import exceptions
    from google.auth import exceptions as google_auth

    try:
        yield
    except (
        exceptions.UnavailableError,
        exceptions.DeadlineExceededError,
        exceptions.InternalError,
        exceptions.ResourceExhaustedError,
        google_auth.TransportError,
    ) as error:
        raise Offline(f"Firebase Auth cannot be reached: {why(error)}") from None
    except (
        exceptions.PermissionDeniedError,
        exceptions.UnauthenticatedError,
        google_auth.GoogleAuthError,
    ) as error:
        if is_foreign(error):
            raise Offline(f"Firebase Auth cannot be reached: {BETWEEN}") from None
        raise Denied(
            "Firebase Auth refuses this service account: grant it the roles Firebase Authentication Admin "
            "and Service Account Token Creator"
        ) from None
    except exceptions.NotFoundError as error:
        if is_foreign(error):
            raise Offline(f"Firebase Auth cannot be reached: {BETWEEN}") from None
        raise UsageError(
            "this project has no Firebase Authentication: is the project's id right, and is sign-in set up?"
        ) from None
    except exceptions.FirebaseError as error:
        if is_foreign(error):
            raise Offline(f"Firebase Auth cannot be reached: {BETWEEN}") from None
        raise DalSegnoError(f"Firebase Auth refuses this ({error.code})") from None
