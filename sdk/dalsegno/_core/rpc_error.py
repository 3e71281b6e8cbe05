"""One table: what is done about each gRPC status code, for a stream, a read and a commit. Pure.

Whoever adds a retry anywhere else has made a mistake.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Disposition(enum.Enum):
    """What to do about a failed call."""

    RETRY = "try again after the backoff"
    WAIT = "out of quota: try again after the longest backoff"
    REFRESH = "get a new token, then try again"
    REREAD = "our picture is stale or the outcome unknown: read again, merge, send again"
    DENIED = "the server refuses: tell, park it, go on with the rest"
    GONE = "the document is not there: read again and create it"


class Call(enum.Enum):
    """The kinds of call that can fail."""

    LISTEN = "listen"
    READ = "read"
    COMMIT = "commit"


TRANSPORT = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN", "INTERNAL"})
"""Outcomes that say nothing about the call, only about the way to the server."""

R, W, F, S, D, G = (
    Disposition.RETRY,
    Disposition.WAIT,
    Disposition.REFRESH,
    Disposition.REREAD,
    Disposition.DENIED,
    Disposition.GONE,
)

TABLE: Mapping[str, tuple[Disposition, Disposition, Disposition]] = {
    # code:               (listen, read, commit)
    "OK": (R, R, R),  # a clean end of a stream backs off too
    "CANCELLED": (R, R, S),
    "UNKNOWN": (R, R, S),
    "INVALID_ARGUMENT": (D, D, D),
    "DEADLINE_EXCEEDED": (R, R, S),
    "NOT_FOUND": (D, D, G),
    "ALREADY_EXISTS": (D, D, S),
    "PERMISSION_DENIED": (D, D, S),  # rules run before preconditions: the document may only have moved
    "RESOURCE_EXHAUSTED": (W, W, W),
    "FAILED_PRECONDITION": (D, D, S),
    "ABORTED": (R, R, S),
    "OUT_OF_RANGE": (D, D, D),
    "UNIMPLEMENTED": (D, D, D),
    "INTERNAL": (R, R, S),
    "UNAVAILABLE": (R, R, S),
    "DATA_LOSS": (D, D, D),
    "UNAUTHENTICATED": (F, F, F),
}
_COLUMN = {Call.LISTEN: 0, Call.READ: 1, Call.COMMIT: 2}


def disposition(code: str, call: Call) -> Disposition:
    """What to do about `code`; a code that nobody knows is retried."""
    return TABLE.get(code, TABLE["UNKNOWN"])[_COLUMN[call]]
