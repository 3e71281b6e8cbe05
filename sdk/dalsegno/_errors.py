"""One root error; its children are told apart by who must act."""

from __future__ import annotations

import enum


class DalSegnoError(Exception):
    """Any error that this package raises."""


class UsageError(DalSegnoError):
    """The calling program must change: a wrong name, a wrong type, a call out of order."""


class ProfileInUse(UsageError):
    """Another process works on this profile's local data; one at a time."""


class Closed(UsageError):
    """The client or session was closed before this call."""


class Denied(DalSegnoError):
    """The server refuses this user or this write; the user must sign in again, or the rules must change."""


class Offline(DalSegnoError):
    """The server cannot be reached now; nothing is lost, and nothing need be done but wait."""


class NotTaken(DalSegnoError):
    """Another device was asked to take over, and has not: what plays goes on where it is.

    why   `declined`: it cannot play that;  `lapsed`: it did not answer within 5 s;  `overtaken`: somebody has
          pressed play meanwhile, or asked another device
    """

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


class Corrupt(DalSegnoError):
    """Stored or received data makes no sense; it was set aside, never overwritten."""


class StorageFull(DalSegnoError):
    """The disk takes no more (full, or over its quota): the edit was not made; free space and try again."""


class StorageDenied(DalSegnoError):
    """The local data may not be written (permissions, a read-only disk): the edit was not made; the user must
    be given the right to write there."""


class EmulatorError(DalSegnoError):
    """The Firestore emulator could not be found, started or reached."""


class Refusal(enum.Enum):
    """Why a sign-in was refused: what an app may want to tell apart."""

    WRONG_PASSWORD = "wrong password"  # perhaps an unknown address: Firebase can keep that to itself
    UNKNOWN_USER = "unknown user"
    WEAK_PASSWORD = "weak password"
    BAD_EMAIL = "bad e-mail address"
    EMAIL_IN_USE = "e-mail address in use"
    DISABLED = "disabled"
    DELETED = "deleted"
    SIGN_IN_AGAIN = "sign in again"
    NOBODY = "nobody is signed in"
    TOO_MANY_TRIES = "too many tries"
    BAD_TOKEN = "bad token"
    OTHER_PROJECT = "other project"
    NOT_ENABLED = "not enabled"
    WRONG_CODE = "wrong code"  # of pairing, as the next two
    USED_CODE = "used code"
    LATE_CODE = "late code"
    OTHER = "other"


class SignInRefused(Denied):
    """Firebase refuses this sign-in, or goes on with it no longer; the message can be shown to the user."""

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class KeyringLocked(Denied):
    """The system's keyring holds the sign-in and is locked: unlock it, or sign in again."""
