"""Requests that the rules allow, as the SDK makes them: the starting points of every test of the rules."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dalsegno.core.document import Document, Entry
from dalsegno.core.wire import after_commit, write_of
from dalsegno.sync.beats import DeviceCard, card_write
from dalsegno.types import DeviceId, Micros, SessionId, Stamp
from tests.rules.requests import Delete, Put

PHONE, LAPTOP = DeviceId("0123456789abcdef"), DeviceId("fedcba9876543210")
SCHEMA = "reading/1"
HOUR_MS = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def stamp(ahead_ms: int = 0, device: DeviceId = PHONE) -> Stamp:
    return Stamp(f"{now_ms() + ahead_ms:015d}-00000-{device}")


def entries(**values: Any) -> dict[str, Entry]:
    return {name: Entry(value, stamp(), 0) for name, value in values.items()}


def first(name: str) -> Put:
    """The commit that creates a session."""
    return Put.of(write_of(SessionId(name), SCHEMA, None, entries(place=1, furthest=0.1), PHONE))


def base(name: str) -> Document:
    """The document as `first` leaves it."""
    return after_commit(SCHEMA, None, entries(place=1, furthest=0.1), PHONE, Micros(0))


def next_(name: str) -> Put:
    """The commit that changes one field of the session that `first` created."""
    return Put.of(write_of(SessionId(name), SCHEMA, base(name), entries(place=2), LAPTOP))


def new_round(name: str) -> Put:
    """A field whose policy keeps a book of its own: a `highest` field in its second round."""
    entry = Entry(0.0, stamp(), 1, {"round": 1})
    return Put.of(write_of(SessionId(name), SCHEMA, base(name), {"furthest": entry}, PHONE))


def holder(device: DeviceId, epoch: int) -> dict[str, Any]:
    return {"device": device, "epoch": epoch, "until": now_ms() + 60_000}


def with_holder(put: Put, device: DeviceId, epoch: int) -> Put:
    return replace(put, fields={**put.fields, ("holder",): holder(device, epoch)})


def taken(name: str) -> Put:
    """The first device that plays takes the lease."""
    return with_holder(next_(name), PHONE, 1)


def kept(name: str) -> Put:
    """The holder lengthens its lease."""
    return with_holder(next_(name), PHONE, 1)


def taken_over(name: str) -> Put:
    """Another device takes the lease."""
    return with_holder(next_(name), LAPTOP, 2)


def mark(name: str) -> Put:
    """A place worth going back to."""
    fields: dict[tuple[str, ...], Any] = {
        ("kind",): "jump",
        ("state",): {"place": 1},
        ("stamp",): stamp(),
        ("device",): PHONE,
    }
    return Put(f"{session_path(name)}/marks/m1", fields, server_times=[("at",)], exists=False)


def other_mark(name: str) -> Put:
    """Another mark of the same session."""
    return replace(mark(name), path=f"{session_path(name)}/marks/m2", exists=None)


def unmark(name: str) -> Delete:
    return Delete(f"{session_path(name)}/marks/m1")


def card(name: str) -> Put:
    """A device's card, new or renewed."""
    described = DeviceCard("Pixel 8", "phone", "linux", "reader 0.1.0")
    return Put.of(card_write(device_of(name), described, datetime.now(UTC)))


def device_of(name: str) -> DeviceId:
    return DeviceId(hashlib.sha256(name.encode()).hexdigest()[:16])


def later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def session_path(name: str) -> str:
    return f"users/alice/sessions/{name}"
