"""Ways to sign in, as `ds.connect(…, user=…)` takes them: values that say who, and act when connecting.

Any thread. Invariant: who is signed in on this device already starts at once, without network; only the first
sign-in waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dalsegno._auth.account import Account, SignedIn
from dalsegno._auth.auth_error import nobody
from dalsegno._auth.identity_toolkit import claims_of
from dalsegno._core.types import ProjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymous:
    """Whoever is signed in on this device; else a new user without a name.

    So it goes on working after the user was linked to an e-mail address.
    api_key   the Web API key of the Firebase project; it names the project and opens nothing
    """

    api_key: str = field(repr=False)

    def signed_in(self, project: ProjectId, folder: Path) -> SignedIn:
        account = Account.at(folder, project, self.api_key)
        return account.user or account.sign_in_anonymously()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailPassword:
    """The user of this e-mail address; if signed in on this device already, the password is not asked again.

    If Firebase has ended that sign-in since, the link says so (`Status`), and `account(…).sign_in` renews it.
    sign_up   makes the account, if this device has not signed in to it before
    """

    api_key: str = field(repr=False)
    email: str = field(repr=False)
    password: str = field(repr=False)
    sign_up: bool = False

    def signed_in(self, project: ProjectId, folder: Path) -> SignedIn:
        account = Account.at(folder, project, self.api_key)
        user = account.user
        if user is not None and user.email.casefold() == self.email.strip().casefold():
            return user
        enter = account.sign_up if self.sign_up else account.sign_in
        return enter(self.email, self.password)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomToken:
    """The user whom a trusted server named in a custom token; the token is used up by the first sign-in."""

    api_key: str = field(repr=False)
    token: str = field(repr=False)

    def signed_in(self, project: ProjectId, folder: Path) -> SignedIn:
        account = Account.at(folder, project, self.api_key)
        user = account.user
        if user is not None and user.uid == _uid(self.token):
            return user
        return account.sign_in_with_token(self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUser:
    """Whoever is signed in on this device. SignInRefused (NOBODY): show the sign-in screen."""

    api_key: str = field(repr=False)

    def signed_in(self, project: ProjectId, folder: Path) -> SignedIn:
        user = Account.at(folder, project, self.api_key).user
        if user is None:
            raise nobody()
        return user


def _uid(custom_token: str) -> object:
    try:
        return claims_of(custom_token).get("uid")
    except ValueError:
        return None
