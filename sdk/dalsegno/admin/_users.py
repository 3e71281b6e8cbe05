"""Who is meant: a user by id or by e-mail address, and what is known of the account. The caller's thread.

Invariant: a user of whom there is neither an account nor a document does not exist: nothing is exported,
erased or pruned for one, and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dalsegno._errors import UsageError
from dalsegno.admin._access import Authority, checked_uid


class NoSuchUser(UsageError):
    """There is no account of this id or address, and no document is kept under the id."""


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What Firebase Auth knows of a user. `providers`: how they sign in ("password", "google.com"), if at all
    by something they know; none = anonymous, or by custom tokens.
    """

    email: str
    email_verified: bool
    disabled: bool
    providers: tuple[str, ...]
    created: datetime | None
    last_signed_in: datetime | None


@dataclass(frozen=True, slots=True)
class Existing:
    """A user that is there: the account's record, if there is one, and how many documents lie below."""

    record: Mapping[str, Any] | None
    below: int


def resolved(authority: Authority, who: str) -> str:
    """The id of the user whose id or e-mail address this is; it is not looked up whether an id is anybody's.

    Raises:
        NoSuchUser: no account has this address, and as an id it has no document either.
        UsageError: it is one user's id and another's address, or no user can have this id.
    """
    if "@" not in who or not authority.has_accounts:
        return checked_uid(who)
    by_address = authority.accounts.by_email(who)
    if by_address is None:
        existing(authority, who, "no account has this e-mail address")
        return who
    uid: str = by_address["uid"]
    if uid != who and authority.accounts.record(who) is not None:
        raise UsageError("this is the id of one user and the e-mail address of another: give the id")
    return uid


def existing(authority: Authority, uid: str, otherwise: str = "no user has this id") -> Existing:
    """Looks whether there is such a user.

    Raises:
        NoSuchUser: there is neither an account nor a document.
        UsageError: no user can have this id.
    """
    root = authority.documents.user(checked_uid(uid))
    record = authority.accounts.record(uid) if authority.has_accounts else None
    below = authority.documents.count(root)
    if record is None and not below and authority.documents.get(root) is None:
        raise NoSuchUser(f"{otherwise}, and nothing is kept under it: is it mistyped, or of another project?")
    return Existing(record, below)


def known_account(record: Mapping[str, Any] | None) -> KnownAccount | None:
    """The part of an account's record that is shown."""
    if record is None:
        return None
    return KnownAccount(
        email=record["email"] or "",
        email_verified=bool(record["email_verified"]),
        disabled=bool(record["disabled"]),
        providers=tuple(sorted({provider["id"] for provider in record["providers"]})),
        created=_moment(record["created_ms"]),
        last_signed_in=_moment(record["last_signed_in_ms"]),
    )


def _moment(ms: int | None) -> datetime | None:
    return datetime.fromtimestamp(ms / 1000, UTC) if ms else None
