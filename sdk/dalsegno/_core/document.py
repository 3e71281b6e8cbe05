"""A session's document and its parts, as every layer sees them. Pure.

Invariant: an `Entry` is never changed, only joined with another by its field's policy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId, Stamp, Value

SCHEMA = re.compile(r"[a-z][a-z0-9_-]{0,63}/[1-9][0-9]{0,5}", re.ASCII)
"""A session's kind and version; the security rules check the same."""

NO_STAMP = Stamp("000000000000000-00000-0000000000000000")
"""Older than any edit: what a field has that nobody stamped."""

UNSURE = Micros(0)
"""The `update_time` of a base of which the disk lost a part: any document of the server is newer."""


@record(frozen=True, slots=True)
class Entry:
    """One field as one replica knows it.

    `basis` is the document's rev that the writer had seen; `extra` is the policy's own bookkeeping
    (`merge.<field>` in the document), empty for most policies.
    """

    value: Value
    stamp: Stamp
    basis: int = 0
    extra: Mapping[str, Value] = field(default_factory=dict)


@record(frozen=True, slots=True)
class Document:
    """A session as the server has it: `users/{uid}/sessions/{id}`, decoded.

    landed: device → the newest stamp of its edits that the document ever contained, though others may have
    edited since: so a device whose answer was lost knows that its edit arrived.
    """

    schema: str
    entries: Mapping[str, Entry]
    rev: int
    hlc: Millis
    device: DeviceId
    at: Micros
    update_time: Micros
    holder: Mapping[str, Value] | None = None
    landed: Mapping[DeviceId, Stamp] = field(default_factory=dict)


@record(frozen=True, slots=True)
class Pending:
    """An edit of one field that the server has not confirmed: one row of the outbox.

    seq         grows with every edit of this store; an acknowledgement names the newest seq it covers
    device_ms   when, by this device's own clock, uncorrected
    corrected   whether the server's time was known when `entry.stamp` was made: then the stamp is final
    after       the newest stamp that the edit had seen (floor of a corrected stamp)
    guessed     older edits in this row whose stamps stand in the policy's bookkeeping and may still be
                corrected, oldest first: the stamp, and when it was made by this device's own clock
    blind       it was made before anybody had told how the session stands: see `Replica.known`
    """

    field: str
    entry: Entry
    seq: int
    device_ms: Millis
    corrected: bool
    after: Stamp = NO_STAMP
    guessed: tuple[tuple[Stamp, Millis], ...] = ()
    blind: bool = False


@record(frozen=True, slots=True)
class StoredSession:
    """All that the disk knows of one session.

    parked      what the server refuses, and what it was given back: `upload_notes.Notes.text`
    opened_at   when it was last opened here, milliseconds of the Unix epoch by this device's clock
    landed      field → the rev at which this device's newest edit of it was confirmed, as far as known
    """

    id: SessionId
    schema: str
    base: Document | None = None
    pending: tuple[Pending, ...] = ()
    local: Mapping[str, Value] = field(default_factory=dict)
    parked: str = ""
    opened_at: int = 0
    landed: Mapping[str, int] = field(default_factory=dict)
