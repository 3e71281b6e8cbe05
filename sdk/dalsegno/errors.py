"""One root error; its children are told apart by who must act."""

from __future__ import annotations


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


class Corrupt(DalSegnoError):
    """Stored or received data makes no sense; it was set aside, never overwritten."""


class StorageFull(DalSegnoError):
    """The disk takes no more (full, or read-only): the edit was not made; free space and try again."""


class EmulatorError(DalSegnoError):
    """The Firestore emulator could not be found, started or reached."""
