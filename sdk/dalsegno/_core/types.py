"""The words that every layer shares: ids, units and plain values. No behaviour, no imports of ours."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType, TypeAlias

ProjectId = NewType("ProjectId", str)
UserId = NewType("UserId", str)
DeviceId = NewType("DeviceId", str)
"""16 lower-case hexadecimal digits: fixed width, so that stamps sort as text."""
SessionId = NewType("SessionId", str)
Stamp = NewType("Stamp", str)
"""`<millis, 15 digits>-<counter, 5 digits>-<device>`: the name of one edit, for ever; sorts as text."""
Millis = NewType("Millis", int)
"""Milliseconds; of the Unix epoch where a point in time is meant."""
Micros = NewType("Micros", int)
"""Microseconds of the Unix epoch: the resolution of Firestore's timestamps."""

Value: TypeAlias = (
    "bool | int | float | str | bytes | datetime | Sequence[Value] | Mapping[str, Value] | None"
)
"""What a Firestore field can hold, as plain Python."""


@dataclass(frozen=True, slots=True)
class Device:
    """One installation of one app: a stable random id, and the name that the user's other devices show."""

    id: DeviceId
    name: str


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One of the user's devices, for a list of them.

    kind        phone, tablet, laptop, …;  platform: android, linux, …;  app: which app runs there
    here        it is this very device
    online      it holds the line now; told by the server's time, and no longer than a lease after it was lost
    seen_at_ms  when the server heard of it last, milliseconds of the Unix epoch; 0 = never
    signed_out  somebody threw it out: it can read and write nothing any more until it signs in again
    """

    id: DeviceId
    name: str
    kind: str
    platform: str
    app: str
    here: bool
    online: bool
    seen_at_ms: int
    signed_out: bool


class Link(enum.Enum):
    """How the client stands with the server."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    LIVE = "live"
    DENIED = "denied"


class Saved(enum.Enum):
    """Where the user's edits are: on this device's disk, or confirmed by the server as well."""

    HERE = "here"
    EVERYWHERE = "everywhere"


class Origin(enum.Enum):
    """Who made a change."""

    HERE = "here"
    REMOTE = "remote"


class Advice(enum.Enum):
    """What an app should do with a change: take it, offer it, or keep what is on the screen."""

    FOLLOW = "follow"
    OFFER = "offer"
    KEEP = "keep"


class Rule(enum.Enum):
    """Why a change is to be followed, offered or kept: see docs/continuity.md."""

    OWN = "own"
    SAME = "same"
    JOINED = "joined"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    BLIND = "blind"
    LOST = "lost"
    DETACHED = "detached"
    OPEN = "open"
    WROTE = "wrote"
    SEEN = "seen"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the connection, a sentence why, and where the edits are.

    signed_out  another device of the user threw this one out: nothing goes in or out until the user signs in
                here again. What is on this device stays, and unsent edits are sent then
    """

    link: Link
    reason: str
    saved: Saved
    signed_out: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an edit of one field cannot be sent. The other fields are sent all the same.

    field     the field's name; '' = the whole session, whose document at the server cannot be written to
    reason    a sentence, without the user's values; the server's own words are in the log
    code      the gRPC status code's name (`INVALID_ARGUMENT`, `PERMISSION_DENIED`, …); for a whole session
              `MALFORMED` (its document makes no sense) or `FOREIGN` (it is of another kind)
    since_ms  when it was refused first, milliseconds of the Unix epoch by the server's time
    """

    field: str
    reason: str
    code: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Counters:
    """What a client has asked of the server since it was made: what it costs, and whether it goes in circles.

    A client that nobody uses makes no commit, but for a sign of life while another device is online.

    commits     commits sent: edits, and this device's own card and registration
    reads       documents read by themselves; what the stream tells is not counted
    listens     streams opened
    retries     commits and reads that failed in a way that has them tried again
    reconnects  streams opened after the first, for whatever reason
    """

    commits: int = 0
    reads: int = 0
    listens: int = 0
    retries: int = 0
    reconnects: int = 0
