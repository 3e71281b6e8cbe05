"""Forbidden requests on sign-ins and cards: their contents, and who may change what of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.rules.forbidden import Change, Forbidden, all_of, becomes, below, dated, erases, lacks, sets
from tests.rules.requests import Put, Together
from tests.rules.samples import (
    LAPTOP,
    ON_LAPTOP,
    ON_PHONE,
    ON_STOLEN,
    ON_UNKNOWN,
    PHONE,
    STOLEN,
    UNKNOWN,
    beat,
    card,
    card_path_of,
    card_revocation,
    later,
    now_ms,
    registration,
    registration_beside,
    registration_with_card,
    rename,
    revocation,
)

BY, AT = ("revoked", "by"), ("revoked", "at")
REGISTERED = (registration,)
DESCRIBED = (registration_with_card,)


def at(path: str) -> Change:
    """The same request, on this document."""
    return below(lambda _: path)


def devices(values: Mapping[str, Any]) -> Change:
    """Other devices register than one."""

    def change(put: Put) -> None:
        put.fields = {("devices", device): value for device, value in values.items()}

    return change


def many(count: int) -> Change:
    return devices({f"{number:016x}": True for number in range(count)})


REGISTRATIONS = [
    Forbidden("a sign-in without devices", registration, devices({})),
    Forbidden("a sign-in of no device", registration, all_of(devices({}), sets(("devices",), {}))),
    Forbidden("a sign-in of nine devices", registration, many(9)),
    Forbidden("a sign-in of a device with a name", registration, devices({"phone": True})),
    Forbidden("a sign-in of a device in capitals", registration, devices({"A" * 16: True})),
    Forbidden("a sign-in of a device too long", registration, devices({f"{PHONE}0": True})),
    Forbidden("a sign-in of two devices in one key", registration, devices({f"{PHONE} {LAPTOP}": True})),
    Forbidden("a sign-in of a device that is not", registration, devices({PHONE: False})),
    Forbidden("a sign-in of a device and what it is", registration, devices({PHONE: {"name": "Pixel 8"}})),
    Forbidden("a sign-in with a list", registration, all_of(devices({}), sets(("devices",), [PHONE]))),
    Forbidden("a sign-in without a time", registration, lacks(("at",))),
    Forbidden("a sign-in at the client's time", registration, dated("at", lambda: later(0))),
    Forbidden("a sign-in with a key that nobody knows", registration, sets(("note",), 1)),
    Forbidden("a sign-in that is revoked from the first", registration, sets(BY, PHONE)),
    Forbidden("a sign-in that is not revoked, it says", registration, sets(("revoked",), None)),
    Forbidden("a sign-in of another time", registration, at(ON_UNKNOWN.sign_in)),
    Forbidden("a sign-in with a name", registration, at("users/alice/signins/phone")),
    Forbidden("nine devices in the end", registration_beside, many(8), REGISTERED),
    Forbidden("a device more with a name", registration_beside, devices({"phone": True}), REGISTERED),
    Forbidden("a device more, at the time of before", registration_beside, lacks(("at",)), REGISTERED),
    Forbidden("a device more, and a key", registration_beside, sets(("note",), 1), REGISTERED),
    Forbidden("a device under another's sign-in", registration_beside, becomes(user=ON_LAPTOP), REGISTERED),
    Forbidden(
        "a device in place of another",
        registration_beside,
        all_of(devices({}), sets(("devices",), {LAPTOP: True})),
        REGISTERED,
    ),
    Forbidden(
        "a sign-in that was revoked, and is not any more",
        registration,
        all_of(at(ON_STOLEN.sign_in), becomes(user=ON_STOLEN), erases("revoked")),
        REGISTERED,
    ),
]


def unsaid(put: Put) -> None:
    """What was revoked is not."""
    put.fields, put.server_times, put.erased = {}, [], [("revoked",)]


REVOCATIONS = [
    Forbidden(f"revoking {what} {title}", make, change, before)
    for what, make, before, once in (
        ("a sign-in", revocation, REGISTERED, ON_STOLEN.sign_in),
        ("a card", card_revocation, DESCRIBED, card_path_of(STOLEN)),
    )
    for title, change in (
        ("for nobody", lacks(BY)),
        ("for an unknown device", sets(BY, UNKNOWN)),
        ("for the laptop, on the phone", sets(BY, LAPTOP)),
        ("for the stolen one, on the phone", sets(BY, STOLEN)),
        ("for a number", sets(BY, 1)),
        ("at no time", lacks(AT)),
        ("at the client's time", all_of(lacks(AT), sets(AT, lambda: later(0)))),
        ("for a reason", sets(("revoked", "why"), "lost")),
        ("with a word", all_of(lacks(AT), lacks(BY), sets(("revoked",), "yes"))),
        ("with a note", sets(("note",), 1)),
        ("under a sign-in that is unknown", becomes(user=ON_UNKNOWN)),
        ("twice", at(once)),
        ("and taking that back", all_of(at(once), unsaid)),
    )
] + [
    Forbidden("revoking a sign-in that is not there", revocation, at(ON_UNKNOWN.sign_in), REGISTERED),
    Forbidden("revoking one's own sign-in", revocation, at(ON_PHONE.sign_in), REGISTERED),
    Forbidden("revoking a sign-in and all its devices", revocation, sets(("devices",), {}), REGISTERED),
    Forbidden("revoking a card and its name", card_revocation, sets(("name",), "Thief"), DESCRIBED),
    Forbidden(
        "revoking a card, then no more",
        card_revocation,
        all_of(at(card_path_of(STOLEN)), unsaid, sets(("revoked",), None)),
        DESCRIBED,
    ),
]


def with_other_device(both: Together) -> None:
    """The commit registers another device than the one whose card it writes."""
    put = both.writes[1]
    assert isinstance(put, Put)
    devices({UNKNOWN: True})(put)


CARDS = [
    *(
        Forbidden(f"a card without {name}", card, lacks((name,)), REGISTERED)
        for name in ("name", "kind", "platform", "app", "sign_in", "until", "revoked", "seen", "expire_at")
    ),
    *(
        Forbidden(f"a card with too long a {name}", card, sets((name,), "x" * (most + 1)), REGISTERED)
        for name, most in (("name", 100), ("kind", 32), ("platform", 100), ("app", 100))
    ),
    *(
        Forbidden(f"a card with {title} for a {name}", card, sets((name,), value), REGISTERED)
        for name in ("name", "kind", "platform", "app")
        for title, value in (("a number", 1), ("a list", ["x"]))
    ),
    Forbidden("a card without a word for a name", card, sets(("name",), ""), REGISTERED),
    Forbidden("a card with a key that nobody knows", card, sets(("note",), 1), REGISTERED),
    Forbidden("a card seen at the client's time", card, dated("seen", lambda: later(0)), REGISTERED),
    Forbidden("a card for ever", card, sets(("expire_at",), lambda: later(401)), REGISTERED),
    Forbidden("a card that expires at a number", card, sets(("expire_at",), now_ms), REGISTERED),
    Forbidden(
        "a card under another's sign-in", card, sets(("sign_in",), str(ON_LAPTOP.signed_in_s)), REGISTERED
    ),
    Forbidden("a card under the number of a sign-in", card, sets(("sign_in",), 1_700_000_001), REGISTERED),
    Forbidden(
        "a card online for a quarter of an hour",
        card,
        sets(("until",), lambda: now_ms() + 900_000),
        REGISTERED,
    ),
    Forbidden("a card online until a fraction", card, sets(("until",), lambda: float(now_ms())), REGISTERED),
    Forbidden("a card online until before all time", card, sets(("until",), -1), REGISTERED),
    Forbidden("a card online until a text", card, sets(("until",), "noon"), REGISTERED),
    Forbidden("a card that calls itself revoked", card, sets(("revoked",), {"by": PHONE}), REGISTERED),
    Forbidden("a card that is not revoked but false", card, sets(("revoked",), False), REGISTERED),
    Forbidden("a card of a device with a name", card, at("users/alice/devices/phone"), REGISTERED),
    Forbidden("a card of an unknown device", card, at(card_path_of(UNKNOWN)), REGISTERED),
    Forbidden("a card of the laptop", card, at(card_path_of(LAPTOP)), REGISTERED),
    Forbidden("a card as if on the phone", card, becomes(user=ON_PHONE), REGISTERED),
    Forbidden("a card with another's registration", registration_with_card, with_other_device),
    Forbidden("a beat for ever", beat, sets(("expire_at",), lambda: later(401)), DESCRIBED),
    Forbidden("a beat as if on the phone", beat, becomes(user=ON_PHONE), DESCRIBED),
    Forbidden("a beat of a device without a card", beat, at(card_path_of(PHONE)), DESCRIBED),
    Forbidden("a beat with a note", beat, sets(("note",), 1), DESCRIBED),
]

RENAMES = [
    Forbidden("a new name without a letter", rename, sets(("name",), ""), DESCRIBED),
    Forbidden("a new name of 101 letters", rename, sets(("name",), "x" * 101), DESCRIBED),
    Forbidden("a new name that is a number", rename, sets(("name",), 1), DESCRIBED),
    Forbidden("a new name and no name", rename, all_of(lacks(("name",)), erases("name")), DESCRIBED),
    Forbidden("a new name of a device that is not there", rename, at(card_path_of(UNKNOWN)), DESCRIBED),
    *(
        Forbidden(f"a new name and another {name}", rename, sets((name,), value), DESCRIBED)
        for name, value in (
            ("kind", "tablet"),
            ("platform", "android"),
            ("app", "player 0.1.0"),
            ("sign_in", str(ON_PHONE.signed_in_s)),
            ("until", 0),
            ("revoked", {"by": PHONE}),
            ("note", 1),
        )
    ),
    Forbidden("another's lease ended", rename, all_of(lacks(("name",)), sets(("until",), 0)), DESCRIBED),
    Forbidden(
        "another's card under one's own sign-in",
        rename,
        all_of(lacks(("name",)), sets(("sign_in",), str(ON_PHONE.signed_in_s))),
        DESCRIBED,
    ),
]

DEVICES = [*REGISTRATIONS, *REVOCATIONS, *CARDS, *RENAMES]
