"""Acts on an account whose answer was lost: whether an earlier try was done after all. Any thread; waits for
the network.

The service applies an act and answers; the answer is lost, or cannot be kept on a full disk. The second try
is then refused, since the address is in use: by the user's own account. Who may sign in with the same address
and password is that user: so the second try asks, and is done. Invariant: a user who is signed in here is
never replaced by another.
"""

from __future__ import annotations

from dalsegno._auth.identity_toolkit import Grant, IdentityToolkit
from dalsegno._core.types import UserId
from dalsegno._errors import Refusal, SignInRefused

DONE_BEFORE = frozenset({Refusal.EMAIL_IN_USE, Refusal.SIGN_IN_AGAIN})
"""How the service refuses to do it again: the address is taken, or the first try ended the older tokens."""
_OTHER_PASSWORD = (
    "this account has this e-mail address already, from an earlier try with another password: use that one, "
    "or have a mail sent to choose a new one"
)


_ENDED = (
    "this sign-in has been ended: sign in again. If an earlier try has given this account the e-mail address "
    "with another password, use that one, or have a mail sent to choose a new one"
)


def sign_up(toolkit: IdentityToolkit, email: str, password: str) -> Grant:
    """A new account, or the one that an earlier try made."""
    try:
        return toolkit.sign_up(email, password)
    except SignInRefused as refused:
        if refused.reason is not Refusal.EMAIL_IN_USE:
            raise
        grant = _grant(toolkit, email, password)
        if grant is None:
            raise
        return grant


def linked_before(
    toolkit: IdentityToolkit, uid: UserId, email: str, password: str, id_token: str | None
) -> Grant | None:
    """What signs `uid` in with this address and password, if an earlier try gave it these; else None.

    Raises:
        SignInRefused: WRONG_PASSWORD, an earlier try gave it this address with another password.
            SIGN_IN_AGAIN, the same may be: it ends all tokens from before its second, and so nobody can ask.
        Offline: it cannot be told now.
    """
    grant = _grant(toolkit, email, password)
    if grant is not None:
        return grant if grant.uid == uid else None
    if id_token is not None and _address(toolkit, id_token) == email.strip().casefold():
        raise SignInRefused(Refusal.WRONG_PASSWORD, _OTHER_PASSWORD)
    return None


def password_set(toolkit: IdentityToolkit, uid: UserId, email: str, new: str) -> Grant | None:
    """What signs `uid` in with the new password, if an earlier try set it; else None."""
    grant = _grant(toolkit, email, new)
    return grant if grant is not None and grant.uid == uid else None


def _grant(toolkit: IdentityToolkit, email: str, password: str) -> Grant | None:
    try:
        return toolkit.sign_in(email, password)
    except SignInRefused as refused:
        if refused.reason is Refusal.DISABLED:
            raise
        return None


def _address(toolkit: IdentityToolkit, id_token: str) -> str:
    try:
        return toolkit.profile(id_token).email.casefold()
    except SignInRefused as refused:
        if refused.reason is Refusal.SIGN_IN_AGAIN:
            raise SignInRefused(Refusal.SIGN_IN_AGAIN, _ENDED) from refused
        return ""
