"""What users may do with an account of their own: change, verify, export, delete it. The rest of `Account`.

Every call but `local_data` waits for the network: call it off the app's own thread. Invariant: each act can
be called again after a failure, whatever of it was done already, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol

from dalsegno._auth import half_done
from dalsegno._auth.auth_error import nobody
from dalsegno._core.types import UserId
from dalsegno._errors import Refusal, SignInRefused, UsageError

if TYPE_CHECKING:
    from weakref import WeakSet

    from dalsegno._auth.account import SignedIn
    from dalsegno._auth.id_tokens import IdTokens
    from dalsegno._auth.identity_toolkit import Grant, IdentityToolkit
    from dalsegno._auth.stored_sign_in import SignInStore
    from dalsegno._core.ports import Guest

Progress = Callable[[int], None]
"""How many documents are done; on the thread of the call."""


@dataclass(frozen=True, slots=True)
class LocalData:
    """What an app and profile keep on this device.

    users        the ids of all users of whom there is something that can be read now
    unsent       how many edits of theirs the server does not have
    unreadable   of how many more users there is something: a client works on it now, or it is damaged
    """

    users: tuple[str, ...]
    unsent: int
    unreadable: int = 0

    def __repr__(self) -> str:
        return f"LocalData({len(self.users)} users, {self.unsent} unsent, {self.unreadable} unreadable)"


class AccountData(Protocol):
    """What belongs to users beside their sign-in: documents on the server, files on this device."""

    def erase(self, uid: UserId, token: Callable[[], str], tell: Progress) -> None: ...

    def export(
        self, uid: UserId, token: Callable[[], str], account: Mapping[str, Any], to: Path, tell: Progress
    ) -> int: ...

    def local(self) -> LocalData: ...

    def held_local(self, uid: UserId | None) -> AbstractContextManager[Callable[[], None]]:
        """Locks what is on this device (None: of all users), or raises ProfileInUse; gives its removal."""
        ...


class Managed:
    """See the module."""

    if TYPE_CHECKING:
        _own_data: AccountData | None
        _toolkit: IdentityToolkit
        _keeper: SignInStore
        _lock: RLock
        _guests: WeakSet[Guest]

        @property
        def user(self) -> SignedIn | None: ...
        def _source(self, uid: UserId) -> IdTokens: ...
        def _enter(self, grant: Grant, email: str) -> SignedIn: ...
        def sign_out(self, timeout_s: float = ...) -> None: ...

    # --- changing -------------------------------------------------------------------------------------

    def change_password(self, current: str, new: str) -> SignedIn:
        """Another password. Firebase then ends the sign-ins of all other devices; this one goes on.

        Raises:
            SignInRefused: WRONG_PASSWORD (the current one), WEAK_PASSWORD, NOBODY, …
            UsageError: the user has no e-mail address, so no password.
            Offline, StorageFull, StorageDenied: it may be done nevertheless; the same call again finds that
                out.
        """
        with self._lock:
            user = self._with_address()
            uid = UserId(user.uid)
            try:
                proof = self._proof(user, current)
            except SignInRefused as refused:
                done = None
                if refused.reason is Refusal.WRONG_PASSWORD:
                    done = half_done.password_set(self._toolkit, uid, user.email, new)
                if done is None:
                    raise
                return self._enter(done, user.email)
            return self._enter(self._toolkit.set_password(proof, new), user.email)

    def change_email(self, password: str, new_email: str) -> None:
        """Has Firebase send a mail to the new address; the address changes when its link is followed.

        Until then nothing changes, so that a mistyped address locks nobody out. Afterwards Firebase ends the
        sign-ins of all devices: sign in again with the new address.

        Raises:
            SignInRefused: WRONG_PASSWORD, BAD_EMAIL, EMAIL_IN_USE, NOBODY, …
            UsageError: the user has no e-mail address: `link` gives one.
            Offline.
        """
        if not isinstance(new_email, str) or "@" not in new_email.strip(" @"):
            raise SignInRefused(Refusal.BAD_EMAIL, "this is no e-mail address")
        user = self._with_address()
        self._toolkit.send_change_mail(self._proof(user, password), new_email.strip())

    def send_verification_mail(self) -> None:
        """Has Firebase send a mail to the user's address, whose link shows that it is theirs.

        Raises: SignInRefused (NOBODY, TOO_MANY_TRIES, …), UsageError (no e-mail address), Offline.
        """
        user = self._with_address()
        self._toolkit.send_verification_mail(self._source(UserId(user.uid)).token())

    def email_verified(self) -> bool:
        """Whether the user's address is known to be theirs. Asks Firebase.

        Raises: SignInRefused (NOBODY, DELETED, …), Offline.
        """
        user = self._somebody()
        return self._toolkit.profile(self._source(UserId(user.uid)).token()).verified

    # --- leaving --------------------------------------------------------------------------------------

    def export(self, to: Path | str, *, progress: Progress | None = None) -> int:
        """Writes everything that the server has of the user to the JSON file `to`; how many documents.

        The file replaces an older one when it is whole, and only its user can read it. Its form is that of
        `dalsegno admin export`, and `dalsegno admin import` takes it; of the account it has the id and the
        address alone. Edits that were not sent yet are not in it.

        Raises:
            SignInRefused: NOBODY, SIGN_IN_AGAIN, …
            StorageFull, StorageDenied, UsageError (a folder that is not there, or another export that writes
                it): the file cannot be written; what stood in it is unharmed.
            Offline.
        """
        user = self._somebody()
        uid, source = UserId(user.uid), self._source(UserId(user.uid))
        profile = self._toolkit.profile(source.token())
        account = {"uid": uid, "email": profile.email or None, "email_verified": profile.verified}
        return self._data().export(uid, source.token, account, Path(to), progress or _silent)

    def delete(self, password: str | None = None, *, progress: Progress | None = None) -> None:
        """Deletes the account, and all that there is of the user: on the server, and on this device.

        The clients here are closed and all other devices signed out first; then the documents go, the
        account last. What other devices keep stays there until it is removed on them. This cannot be undone.

        password   of a user who has one; else None: the user has signed in just now (within five minutes), or
                   has no e-mail address

        Raises:
            SignInRefused: WRONG_PASSWORD; nothing was done. SIGN_IN_AGAIN: the sign-in is not recent, or
                another device has ended it; no other device was signed out, unless something is gone already.
            ProfileInUse: another process works as this user; nothing was done but to close the clients here.
            Offline: perhaps some is gone already; the same call again goes on from there.
            StorageFull, StorageDenied: before anything, if the data here cannot be locked; else at the end:
                all is gone but some of what is on this device, which `remove_local_data` removes.
        """
        data, user = self._data(), self._somebody()
        uid = UserId(user.uid)
        try:
            proof = self._proof(user, password)
        except SignInRefused as refused:
            if not self._is_gone(refused, uid):
                raise
            proof = ""
        for guest in list(self._guests):
            guest.close(0.0)  # nothing is to be sent any more
        with data.held_local(uid) as remove:
            if proof:
                data.erase(uid, lambda: proof, progress or _silent)
                self._delete_account(proof, can_come_again=bool(user.email))
            try:
                self.sign_out(0.0)
            finally:
                remove()

    def local_data(self) -> LocalData:
        """What this app and profile keep on this device: at once, from disk, also with nobody signed in."""
        return self._data().local()

    def remove_local_data(self, timeout_s: float = 2.0) -> None:
        """Removes what this app and profile keep on this device, of all users; nobody is signed in then.

        What the server has stays there. What was not sent is sent first, for `timeout_s` at the most, and is
        lost after that: `local_data` and `Status.saved` say whether there is any.

        Raises:
            ProfileInUse: another process works on it; nothing was removed, and who is signed in still is:
                only the clients here are closed.
            StorageFull, StorageDenied: the same, if the data cannot be locked; else the disk does not let go
                of something, which the message names: the same call again goes on from there.
        """
        data = self._data()
        for guest in list(self._guests):
            guest.close(timeout_s)
        with data.held_local(None) as remove:
            self.sign_out(0.0)
            remove()

    # --- within ---------------------------------------------------------------------------------------

    def _data(self) -> AccountData:
        if self._own_data is None:
            raise UsageError("get the account from dalsegno.account(…): that one knows where its data are")
        return self._own_data

    def _somebody(self) -> SignedIn:
        user = self.user
        if user is None:
            raise nobody()
        return user

    def _with_address(self) -> SignedIn:
        user = self._somebody()
        if not user.email:
            raise UsageError("this user has no e-mail address and no password: link them first")
        return user

    def _proof(self, user: SignedIn, password: str | None) -> str:
        """An ID token of a sign-in of just now, which is kept nowhere; without a password, the usual one."""
        if password is None:
            return self._source(UserId(user.uid)).token()
        if not password:
            raise SignInRefused(Refusal.WRONG_PASSWORD, "a password is needed")
        grant = self._toolkit.sign_in(user.email, password)
        if grant.uid != user.uid:
            raise SignInRefused(Refusal.DELETED, "this e-mail address belongs to another account now")
        return grant.id_token

    def _is_gone(self, refused: SignInRefused, uid: UserId) -> bool:
        """Whether the account was deleted by a call whose answer was lost."""
        if refused.reason not in (Refusal.WRONG_PASSWORD, Refusal.UNKNOWN_USER, Refusal.DELETED):
            return False
        try:
            self._toolkit.profile(self._source(uid).token())
        except SignInRefused as again:
            return again.reason is Refusal.DELETED
        return False

    def _delete_account(self, proof: str, *, can_come_again: bool) -> None:
        try:
            self._toolkit.delete(proof)
        except SignInRefused as refused:
            # Who has no address cannot sign in once more: what stays is a number, and nobody comes in by it.
            if refused.reason is not Refusal.DELETED and (
                can_come_again or refused.reason is not Refusal.SIGN_IN_AGAIN
            ):
                raise


def _silent(_: int) -> None:
    """Nobody wants to know how far it is."""
