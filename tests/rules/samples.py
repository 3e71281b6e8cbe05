"""Requests that the rules allow, as the SDK makes them: the starting points of every test of the rules."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dalsegno._core.document import Document, Entry
from dalsegno._core.document_serializer import after_commit, write_of
from dalsegno._core.types import DeviceId, Micros, SessionId, Stamp
from dalsegno._sync.devices.cards import (
    Card,
    DeviceCard,
    beat_write,
    card_write,
    naming_write,
    registration_write,
    revocation_writes,
)
from tests.rules.requests import ADMINISTRATOR, ALICE, Delete, Put, Request, Server, Together, User

PHONE, LAPTOP = DeviceId("0123456789abcdef"), DeviceId("fedcba9876543210")
STOLEN, UNKNOWN = DeviceId("dead5701e0000000"), DeviceId("ffff000000000000")

# Each of Alice's devices has its own sign-in. Bob signed in in the same second as she did on her phone.
ON_PHONE, ON_LAPTOP = ALICE, User("alice", 1_700_000_002)
ON_STOLEN, ON_UNKNOWN = User("alice", 1_700_000_003), User("alice", 1_700_000_004)
BOB = User("bob", ALICE.signed_in_s)
SCHEMA = "reading/1"
Make = Callable[[str], Request]
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
    return Put.of(write_of(SessionId(name), SCHEMA, base(name), entries(place=2), LAPTOP), ON_LAPTOP)


def new_round(name: str) -> Put:
    """A field whose policy keeps a book of its own: a `highest` field in its second round."""
    entry = Entry(0.0, stamp(), 1, {"round": 1})
    return Put.of(write_of(SessionId(name), SCHEMA, base(name), {"furthest": entry}, PHONE))


UNTIL_MS = 1_700_000_100_000
"""A lease that has ended long ago."""


def lease(device: DeviceId, epoch: int) -> Stamp:
    """The take-over that began this epoch."""
    return Stamp(f"{1_700_000_000_000 + epoch:015d}-00000-{device}")


def holder(device: DeviceId, epoch: int) -> dict[str, Any]:
    return {"device": device, "epoch": epoch, "until": UNTIL_MS, "lease": lease(device, epoch)}


def ask(device: DeviceId = LAPTOP) -> dict[str, Any]:
    """The laptop asks that it, or another device, go on with what the phone plays."""
    asked = {"to": device, "stamp": stamp(device=LAPTOP), "until": now_ms() + 5_000}
    return {**asked, "lease": lease(PHONE, 1)}


def with_holder(put: Put, device: DeviceId, epoch: int) -> Put:
    return replace(put, fields={**put.fields, ("holder",): holder(device, epoch)})


def by_phone(put: Put) -> Put:
    return replace(put, user=ON_PHONE, fields={**put.fields, ("device",): PHONE})


def taken(name: str) -> Put:
    """The first device that plays takes the lease."""
    return with_holder(by_phone(next_(name)), PHONE, 1)


def kept(name: str) -> Put:
    """The holder lengthens its lease."""
    put = with_holder(by_phone(next_(name)), PHONE, 1)
    put.fields["holder",]["until"] = now_ms() + 60_000
    return put


def asked(name: str) -> Put:
    """Another device asks for it."""
    put = with_holder(next_(name), PHONE, 1)
    put.fields["holder",]["ask"] = ask()
    return put


def taken_over(name: str) -> Put:
    """Another device takes the lease."""
    return with_holder(next_(name), LAPTOP, 2)


LEFT = Stamp(f"001700000000000-00000-{PHONE}")
"""The edit whose place is kept: whoever keeps it, keeps it under its name."""


def mark(name: str) -> Put:
    """A place worth going back to."""
    fields: dict[tuple[str, ...], Any] = {
        ("kind",): "jump",
        ("state",): {"place": 1},
        ("stamp",): LEFT,
        ("device",): PHONE,
    }
    return Put(f"{session_path(name)}/marks/m1", fields, server_times=[("at",)], exists=False)


def other_mark(name: str) -> Put:
    """Another mark of the same session."""
    return replace(mark(name), path=f"{session_path(name)}/marks/m2", exists=None)


def same_mark(name: str) -> Put:
    """Another device keeps the same place: nothing changes but who did so, when, and why."""
    put = mark(name)
    fields = {**put.fields, ("kind",): "merge", ("device",): LAPTOP}
    return replace(put, user=ON_LAPTOP, fields=fields, exists=None)


def unmark(name: str) -> Delete:
    return Delete(f"{session_path(name)}/marks/m1")


def left_by_administrator(**parts: Any) -> Make:
    """An administrator writes a holder of the phone's, past the rules: these parts are otherwise; None = they
    are missing. Just `holder`: that it is, whatever it is."""

    def make(name: str) -> Put:
        found = {**holder(PHONE, 1), **parts}
        whole = parts.get("holder", {key: value for key, value in found.items() if value is not None})
        return Put(session_path(name), {("holder",): whole}, user=ADMINISTRATOR, exists=True)

    return make


def just_in() -> User:
    """Alice, who has just signed in, on no device yet."""
    return User("alice", now_ms() // 1000)


def end_of_session(name: str) -> Delete:
    """The account is deleted, and a session with it."""
    return Delete(session_path(name), just_in())


def end_of_card(name: str) -> Delete:
    """The account is deleted, and a card with it."""
    return Delete(card_path(name), just_in())


def user_of(name: str) -> User:
    """Alice on a device of this test's own."""
    return User("alice", int(device_of(name)[:8], 16))


def device_of(name: str) -> DeviceId:
    return DeviceId(hashlib.sha256(name.encode()).hexdigest()[:16])


def registration(name: str) -> Put:
    """A device comes under its sign-in."""
    return registered(device_of(name), user_of(name))


def registration_beside(name: str) -> Put:
    """Another device comes under the same sign-in."""
    return registered(LAPTOP, user_of(name))


def registered(device: DeviceId, user: User) -> Put:
    return Put.of(registration_write(device, str(user.signed_in_s)), user)


def registration_with_card(name: str) -> Together:
    """A device's first commit."""
    return arrival(device_of(name), user_of(name))


def arrival(device: DeviceId, user: User) -> Together:
    return Together((card_of(device, user), registered(device, user)), user)


def card(name: str) -> Put:
    """A device's card, new or renewed."""
    return card_of(device_of(name), user_of(name))


def card_but_name(name: str) -> Put:
    """A device's card, but for the name: another device may have given it that."""
    return card_of(device_of(name), user_of(name), named=False)


def card_of(device: DeviceId, user: User, *, named: bool = True) -> Put:
    says, until_ms = DeviceCard("Pixel 8", "phone", "linux", "reader 0.1.0"), now_ms() + 120_000
    sign_in = str(user.signed_in_s)
    write = card_write(device, says, sign_in, until_ms=until_ms, now_ms=now_ms(), named=named)
    return Put.of(write, user)


def beat(name: str) -> Put:
    """A sign of life."""
    write = beat_write(device_of(name), until_ms=now_ms() + 120_000, now_ms=now_ms())
    return Put.of(write, user_of(name))


def rename(name: str) -> Put:
    """The phone gives another device a name."""
    return Put.of(naming_write(device_of(name), "Old phone"))


def sign_out(name: str) -> Together:
    """The phone signs another device out."""
    return thrown_out(device_of(name), user_of(name))


def thrown_out(device: DeviceId, user: User) -> Together:
    says = DeviceCard("Pixel 8", "phone", "linux", "reader 0.1.0")
    known = Card(device, says, str(user.signed_in_s), 0, 0, False, Micros(1))
    return Together(tuple(Put.of(write) for write in revocation_writes(known, PHONE)))


def revocation(name: str) -> Put:
    """The one half of that: the sign-in is over."""
    return half(name, "signins")


def card_revocation(name: str) -> Put:
    """The other half: the card says so."""
    return half(name, "devices")


def half(name: str, collection: str) -> Put:
    [put] = (put for put in sign_out(name).writes if f"/{collection}/" in put.path)
    assert isinstance(put, Put)
    return replace(put, exists=None)


def card_path(name: str) -> str:
    return card_path_of(device_of(name))


def card_path_of(device: DeviceId) -> str:
    return f"users/alice/devices/{device}"


def settle(server: Server) -> list[str]:
    """Alice's devices register, and the stolen one is thrown out: where all tests start; else a complaint."""
    steps: list[Request] = [
        registered(PHONE, ON_PHONE),
        registered(LAPTOP, ON_LAPTOP),
        arrival(STOLEN, ON_STOLEN),
        thrown_out(STOLEN, ON_STOLEN),
    ]
    return [f"settling: step {n} is denied" for n, step in enumerate(steps, 1) if not server.allows(step)][:1]


def later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def session_path(name: str) -> str:
    return f"users/alice/sessions/{name}"
