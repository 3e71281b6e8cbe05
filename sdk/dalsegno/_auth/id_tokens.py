"""The tokens of a user whom Firebase knows: fetched when they are needed, renewed before they end.

Any thread. Invariants: one refresh at a time, and whoever waits for it gets its token; what is valid is told
by the steady clock; a refusal is remembered, so that nobody is asked in a loop.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace

from dalsegno._auth.auth_error import nobody, of_another_project
from dalsegno._auth.identity_toolkit import Grant, IdentityToolkit
from dalsegno._auth.stored_sign_in import SignInStore, StoredSignIn
from dalsegno._core.types import UserId
from dalsegno._errors import DalSegnoError, KeyringLocked, Offline, Refusal, SignInRefused, UsageError

MARGIN_S = 300.0
"""A token is renewed so long before its end, as in Google's SDKs: no call that is under way outlives it."""
MARGIN_SHARE = 0.2
"""… but a token that is short-lived is used for four fifths of its life at the least."""
RETRY_S = 30.0
"""With the service out of reach, a token that is nearly over goes on serving, and is renewed after this."""
REFUSED_S = 600.0
"""How long a refusal stands before the service is asked again: an account may be enabled again."""
LOCKED_S = 60.0
"""The same for a locked keyring: each try may show the user a window."""


class IdTokens:
    """The token source of the user `uid`, whom `keeper` keeps."""

    def __init__(self, toolkit: IdentityToolkit, keeper: SignInStore, uid: UserId) -> None:
        self._toolkit, self._keeper, self._uid = toolkit, keeper, uid
        self._now_s: Callable[[], float] = toolkit.steady_s
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._newest: Grant | None = None
        self._refresh_token = ""
        self._ended = False
        self._sign_ins = 0
        self._retry_s = float("-inf")
        self._last_id_token = ""
        self._refused: DalSegnoError | None = None
        self._refused_until_s = float("-inf")

    # --- the port -------------------------------------------------------------------------------------

    def peek(self) -> str | None:
        with self._lock:
            newest, now_s = self._newest, self._now_s()
            if newest is None or now_s >= _end_s(newest):
                return None
            fresh = now_s < _end_s(newest) - _margin_s(newest) or now_s < self._retry_s
            return newest.id_token if fresh else None

    def token(self) -> str:
        with self._refreshing:
            return self.peek() or self._renewed()

    def drop(self, token: str) -> None:
        with self._lock:
            if self._newest is not None and self._newest.id_token == token:
                self._newest = None

    def lasts_s(self, token: str) -> float:
        """When to open a stream anew that was opened with this token: when there will be a newer one."""
        with self._lock:
            newest, now_s = self._newest, self._now_s()
            if newest is None or newest.id_token != token:
                return 0.0
            left_s = _end_s(newest) - now_s
            return max(left_s - _margin_s(newest), left_s / 2)

    @property
    def refusal(self) -> Refusal | None:
        """Why Firebase would not renew the last token; None if it did, or was not asked."""
        refused = self._refused
        return refused.reason if isinstance(refused, SignInRefused) else None

    # --- from the account -----------------------------------------------------------------------------

    def take(self, grant: Grant) -> None:
        """The user has just signed in: its token is at hand."""
        with self._lock:
            self._ended, self._refused = False, None
            self._sign_ins += 1
            self._have(grant)

    def end(self) -> None:
        """The user has signed out: no token is handed out any more."""
        with self._lock:
            self._ended, self._newest, self._refresh_token, self._last_id_token = True, None, "", ""
            self._refused = None

    # --- refreshing -----------------------------------------------------------------------------------

    def _renewed(self) -> str:
        with self._lock:
            if self._refused is not None and self._now_s() < self._refused_until_s:
                raise self._refused.with_traceback(None)
            sign_in = self._sign_ins
        try:
            grant = self._refreshed()
        except Offline as error:
            return self._nearly_over(error)
        except (SignInRefused, KeyringLocked, UsageError) as error:
            with self._lock:
                if sign_in != self._sign_ins and self._newest is not None:
                    return self._newest.id_token  # the user has signed in meanwhile: not that was refused
                self._refused = error
                self._refused_until_s = self._now_s() + (
                    LOCKED_S if isinstance(error, KeyringLocked) else REFUSED_S
                )
            raise
        with self._lock:
            if self._ended:
                raise nobody()
            if sign_in == self._sign_ins:  # else it is of a sign-in that is over
                self._have(grant)
            return (self._newest or grant).id_token

    def _have(self, grant: Grant) -> None:
        self._newest, self._refresh_token, self._retry_s = grant, grant.refresh_token, float("-inf")
        self._last_id_token, self._refused = grant.id_token, None

    def _nearly_over(self, error: Offline) -> str:
        """The service is out of reach: the old token, as long as it lives."""
        with self._lock:
            newest, now_s = self._newest, self._now_s()
            if newest is None or now_s >= _end_s(newest):
                raise error
            self._retry_s = now_s + RETRY_S
            return newest.id_token

    def _refreshed(self) -> Grant:
        kept = self._kept(self._refresh_token)
        try:
            return self._with(kept)
        except SignInRefused as refused:
            newer = self._kept("")  # another program may have signed this user in again meanwhile
            if newer.refresh_token == kept.refresh_token:
                raise self._told_in_full(refused) from None
            return self._with(newer)

    def _told_in_full(self, refused: SignInRefused) -> SignInRefused:
        """That a token is not known may mean that its user is not: then no new sign-in helps."""
        with contextlib.suppress(DalSegnoError):
            if refused.reason is Refusal.SIGN_IN_AGAIN and self._last_id_token:
                try:
                    self._toolkit.profile(self._last_id_token)
                except SignInRefused as fuller:
                    if fuller.reason in (Refusal.DELETED, Refusal.DISABLED):
                        return fuller
        return refused

    def _with(self, kept: StoredSignIn) -> Grant:
        grant = self._toolkit.refresh(kept.refresh_token)
        if grant.uid != self._uid:
            raise of_another_project()
        # The address too: it may have been changed by mail, or given by a try whose answer was lost.
        if grant.refresh_token != kept.refresh_token or grant.email not in ("", kept.email):
            self._keeper.rotate(self._uid, kept.refresh_token, grant.refresh_token, grant.email)
        return grant

    def _kept(self, remembered: str) -> StoredSignIn:
        """The sign-in on disk; the keyring, which may be locked by now, is asked only the first time."""
        kept = self._keeper.who()
        if kept is not None and not kept.refresh_token:
            kept = replace(kept, refresh_token=remembered) if remembered else self._keeper.load()
        if kept is None or kept.uid != self._uid:
            raise nobody()
        return kept


def _end_s(grant: Grant) -> float:
    return grant.asked_s + grant.lifetime_s


def _margin_s(grant: Grant) -> float:
    return min(MARGIN_S, grant.lifetime_s * MARGIN_SHARE)
