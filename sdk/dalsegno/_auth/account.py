"""The account of this device: who is signed in here, and the ways in and out.

Any thread; what needs Firebase waits for the network, so call it off the app's own thread. Invariants: one
account at a time per app, profile and project, and nobody takes another's place unasked: an anonymous user
who is overwritten is lost for ever. One object per place in a process, so that all share one refresh.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dalsegno._auth import half_done
from dalsegno._auth.auth_error import nobody
from dalsegno._auth.id_tokens import IdTokens
from dalsegno._auth.identity_toolkit import Grant, IdentityToolkit
from dalsegno._auth.keyring_vault import KeyringVault, Vault
from dalsegno._auth.managed import AccountData, Managed
from dalsegno._auth.stored_sign_in import SignInStore, StoredSignIn
from dalsegno._auth.unsigned import is_loopback
from dalsegno._core.ports import Guest, TokenSource
from dalsegno._core.types import ProjectId, UserId
from dalsegno._errors import Refusal, SignInRefused, UsageError

EMULATOR_VARIABLE = "FIREBASE_AUTH_EMULATOR_HOST"
SIGN_OUT_S = 2.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user who is signed in on this device, also without network. For `ds.connect(…, user=…)`."""

    uid: str = field(repr=False)
    email: str = field(repr=False)
    """"" for a user who has none."""
    anonymous: bool
    _account: Account = field(repr=False, compare=False)

    @property
    def notices(self) -> list[str]:
        """Sentences for the user about how the sign-in is kept, if there is anything to say."""
        return self._account.notices

    def tokens(self, project: ProjectId, emulator: str | None) -> TokenSource:
        """Tokens for Firestore, or for its emulator at "host:port".

        Raises:
            UsageError: the user is signed in to another project, or the token would go where it must not.
        """
        return self._account.tokens(self, project, emulator)

    def id_token(self) -> str:
        """An ID token that is valid now, by which a trusted server of the project knows the user.

        Waits for the network if none is at hand.
        Raises: Offline, SignInRefused (SIGN_IN_AGAIN, DISABLED, NOBODY, …), KeyringLocked.
        """
        return self._account.id_token(self)

    def attach(self, guest: Guest) -> None:
        """`guest` is closed when the user signs out; it tries again at once when the user signs in again."""
        self._account.attach(guest)


class Account(Managed):
    """`Account.at` gives the one of a place; `dalsegno.account` the one of an app and profile."""

    def __init__(
        self, project: ProjectId, toolkit: IdentityToolkit, keeper: SignInStore, *, emulated: bool
    ) -> None:
        self.project = project
        self._toolkit, self._keeper, self._emulated = toolkit, keeper, emulated
        self._lock = threading.RLock()
        self._sources: dict[UserId, IdTokens] = {}
        self._guests: weakref.WeakSet[Guest] = weakref.WeakSet()
        self._own_data: AccountData | None = None

    @classmethod
    def at(cls, folder: Path, project: ProjectId, api_key: str, emulator: str | None = None) -> Account:
        """The account whose sign-in is kept in `folder`.

        emulator   the Auth emulator's "host:port"; default: the environment's FIREBASE_AUTH_EMULATOR_HOST
        """
        emulator = emulator or os.environ.get(EMULATOR_VARIABLE) or None
        path = folder.absolute() / ("user.emulator.json" if emulator else "user.json")
        key = (path, api_key, emulator)
        with _open_lock:
            account = _open.get(key)
            if account is None:
                # What an emulator hands out is worth nothing: it has no place in a developer's keyring.
                vault: Vault | None = None if emulator else KeyringVault()
                toolkit = IdentityToolkit(project, api_key, emulator)
                account = cls(project, toolkit, SignInStore(path, vault), emulated=emulator is not None)
                _open[key] = account
        return account

    # --- who ------------------------------------------------------------------------------------------

    @property
    def user(self) -> SignedIn | None:
        """Who is signed in on this device; from disk, at once, also without network."""
        kept = self._keeper.who()
        return SignedIn(kept.uid, kept.email, kept.anonymous, self) if kept else None

    @property
    def notices(self) -> list[str]:
        """Sentences for the user about how the sign-in is kept, if there is anything to say."""
        return list(self._keeper.notices)

    @property
    def refusal(self) -> Refusal | None:
        """Why Firebase goes on with this sign-in no longer; None while it does. At once, as last heard.

        DISABLED and DELETED: no new sign-in helps, so ask for none. SIGN_IN_AGAIN: one does.
        """
        kept = self._keeper.who()
        source = self._sources.get(UserId(kept.uid)) if kept else None
        return source.refusal if source else None

    # --- ways in --------------------------------------------------------------------------------------

    def sign_in_anonymously(self) -> SignedIn:
        """A new user without a name; who is signed in here already stays.

        Raises: Offline, SignInRefused (NOT_ENABLED), StorageFull, StorageDenied.
        """
        with self._lock:
            return self.user or self._enter(self._toolkit.sign_up(), "", anonymous=True)

    def sign_up(self, email: str, password: str) -> SignedIn:
        """A new account; or the account of this address and password, which an earlier try may have made.

        Raises:
            SignInRefused: EMAIL_IN_USE, WEAK_PASSWORD, BAD_EMAIL, …
            UsageError: somebody is signed in here: an anonymous user is linked, others sign out first.
            Offline, StorageFull, StorageDenied.
        """
        with self._lock:
            if self.user is not None:
                raise _taken()
            _check(email, password)
            return self._enter(half_done.sign_up(self._toolkit, email, password), email)

    def sign_in(self, email: str, password: str) -> SignedIn:
        """Signs in, or in again after a refusal.

        Raises:
            SignInRefused: WRONG_PASSWORD, UNKNOWN_USER, DISABLED, TOO_MANY_TRIES, …
            UsageError: another user is signed in here: sign out first.
            Offline, StorageFull, StorageDenied.
        """
        _check(email, password)
        with self._lock:
            return self._enter(self._toolkit.sign_in(email, password), email)

    def sign_in_with_token(self, custom_token: str) -> SignedIn:
        """Signs in with a custom token, as a trusted server mints them.

        Raises:
            SignInRefused: BAD_TOKEN, OTHER_PROJECT, …
            UsageError: another user is signed in here: sign out first.
            Offline, StorageFull, StorageDenied.
        """
        with self._lock:
            return self._enter(self._toolkit.sign_in_with_custom_token(custom_token), "")

    def link(self, email: str, password: str) -> SignedIn:
        """Gives the anonymous user an e-mail address and a password; uid and sessions stay.

        If the answer is lost it may be done nevertheless; a second call with the same e-mail address and
        password finds that out.

        Raises:
            SignInRefused: EMAIL_IN_USE, WEAK_PASSWORD, NOBODY, …; WRONG_PASSWORD: an earlier try gave this
                user this address with another password.
            UsageError: the user has an address already.
            Offline, StorageFull, StorageDenied.
        """
        _check(email, password)
        with self._lock:
            user = self.user
            if user is None:
                raise nobody()
            if user.email:
                raise UsageError("this user has an e-mail address already: there is nothing to link")
            return self._enter(self._linked(UserId(user.uid), email, password), email)

    def _linked(self, uid: UserId, email: str, password: str) -> Grant:
        token: str | None = None
        try:
            token = self._source(uid).token()
            return self._toolkit.link(token, email, password)
        except SignInRefused as refused:
            if refused.reason not in half_done.DONE_BEFORE:
                raise
            grant = half_done.linked_before(self._toolkit, uid, email, password, token)
            if grant is None:
                raise
            return grant

    def send_reset_mail(self, email: str) -> None:
        """Has Firebase send a mail by which the password is set anew.

        An address that nobody has is not told from one that somebody has: who has an account is private.

        Raises: Offline, SignInRefused (BAD_EMAIL, TOO_MANY_TRIES).
        """
        try:
            self._toolkit.send_reset_mail(email.strip())
        except SignInRefused as refused:
            if refused.reason is not Refusal.UNKNOWN_USER:
                raise

    # --- the way out ----------------------------------------------------------------------------------

    def sign_out(self, timeout_s: float = SIGN_OUT_S) -> None:
        """Closes the clients and their streams, and removes the tokens.

        What is owed is sent first, for `timeout_s` at the most. What could not be sent stays on this device's
        disk for this user, and is sent after the next sign-in. An anonymous user who signs out cannot come
        back: link first.

        Raises:
            StorageDenied: the sign-in cannot be removed from the disk; the clients are closed.
        """
        try:
            for guest in list(self._guests):
                guest.close(timeout_s)
        finally:  # whatever a client stumbles over: who has signed out is out
            with self._lock:
                for source in self._sources.values():
                    source.end()
                self._keeper.clear()

    # --- for clients ----------------------------------------------------------------------------------

    def tokens(self, user: SignedIn, project: ProjectId, emulator: str | None) -> TokenSource:
        """See `SignedIn.tokens`."""
        if project != self.project:
            raise UsageError(f"this user is signed in to {self.project}, not to {project}")
        if emulator is not None and not is_loopback(emulator):
            raise UsageError(
                f"a user's token goes to an emulator on this machine only, and {emulator} is not"
            )
        if emulator is None and self._emulated:
            raise UsageError(
                "a user of the Auth emulator works with the Firestore emulator only: set "
                "FIRESTORE_EMULATOR_HOST"
            )
        return self._source(UserId(user.uid))

    def id_token(self, user: SignedIn) -> str:
        """See `SignedIn.id_token`."""
        return self._source(UserId(user.uid)).token()

    def attach(self, guest: Guest) -> None:
        """See `SignedIn.attach`."""
        self._guests.add(guest)

    def _source(self, uid: UserId) -> IdTokens:
        with self._lock:
            if uid not in self._sources:
                self._sources[uid] = IdTokens(self._toolkit, self._keeper, uid)
            return self._sources[uid]

    def _enter(self, grant: Grant, email: str, *, anonymous: bool = False) -> SignedIn:
        here = self._keeper.who()
        if here is not None and here.uid != grant.uid:
            raise _taken()
        email = grant.email or email.strip() or (here.email if here else "")
        self._keeper.save(StoredSignIn(grant.uid, email, anonymous, grant.refresh_token))
        self._source(grant.uid).take(grant)
        for guest in list(self._guests):
            _quietly(guest.network_changed)
        return SignedIn(grant.uid, email, anonymous, self)


_open: weakref.WeakValueDictionary[tuple[Path, str, str | None], Account] = weakref.WeakValueDictionary()
_open_lock = threading.Lock()


def _quietly(call: Callable[[], None]) -> None:
    """A client that is being closed needs no news."""
    try:
        call()
    except UsageError:
        return


def _taken() -> UsageError:
    return UsageError(
        "somebody else is signed in on this device: link an anonymous user, or sign out first, or use "
        "another profile"
    )


def _check(email: str, password: str) -> None:
    if not isinstance(email, str) or "@" not in email.strip(" @"):
        raise SignInRefused(Refusal.BAD_EMAIL, "this is no e-mail address")
    if not isinstance(password, str) or not password:
        raise SignInRefused(Refusal.WRONG_PASSWORD, "a password is needed")
