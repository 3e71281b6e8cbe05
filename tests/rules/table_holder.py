"""Forbidden requests on who holds a session's line: epochs, leases, and what is asked of another device."""

from __future__ import annotations

from typing import Any

from dalsegno._core.types import DeviceId
from tests.rules.forbidden import Change, Forbidden, sets
from tests.rules.requests import Put
from tests.rules.samples import (
    HOUR_MS,
    LAPTOP,
    PHONE,
    asked,
    first,
    holder,
    kept,
    lease,
    left_by_administrator,
    next_,
    now_ms,
    stamp,
    taken,
    taken_over,
    with_holder,
)

BEGUN = (first,)
TAKEN = (*BEGUN, taken)
TAKEN_OVER = (*TAKEN, taken_over)
MOST = 2**53


def holds(device: str, epoch: int) -> Change:
    return sets(("holder",), lambda: holder(DeviceId(device), epoch))


def held_with(**parts: Any) -> Change:
    """In the holder that is written, these parts are otherwise."""

    def change(put: Any) -> None:
        new = {name: value() if callable(value) else value for name, value in parts.items()}
        put.fields["holder",] = {**put.fields["holder",], **new}

    return change


def without(name: str) -> Change:
    def change(put: Any) -> None:
        put.fields["holder",] = {n: v for n, v in put.fields["holder",].items() if n != name}

    return change


def asked_with(**parts: Any) -> Change:
    """In what is asked, these parts are otherwise."""

    def change(put: Any) -> None:
        new = {name: value() if callable(value) else value for name, value in parts.items()}
        put.fields["holder",]["ask"] = {**put.fields["holder",]["ask"], **new}

    return change


def first_held(name: str) -> Put:
    """A session that begins with a press of play."""
    return with_holder(first(name), PHONE, 1)


def kept_over(name: str) -> Put:
    """The second holder lengthens its lease."""
    return with_holder(next_(name), LAPTOP, 2)


def kept_late(name: str) -> Put:
    """The same in the last epoch that there is."""
    put = kept(name)
    put.fields["holder",]["epoch"] = MOST - 1
    return put


SHAPE = [
    Forbidden("a holder without an end", taken, without("until"), BEGUN),
    Forbidden("a holder without an epoch", taken, without("epoch"), BEGUN),
    Forbidden("a holder without a lease", taken, without("lease"), BEGUN),
    Forbidden("a holder without a device", taken, without("device"), BEGUN),
    Forbidden("a holder that knows more", taken, held_with(volume=1), BEGUN),
    Forbidden("a holder without a device's id", taken, held_with(device="phone"), BEGUN),
    Forbidden("a holder whose epoch is a fraction's kind", taken, held_with(epoch=1.0), BEGUN),
    Forbidden(
        "an epoch beyond all others",
        kept_late,
        held_with(epoch=MOST, lease=lambda: stamp()),
        (
            *TAKEN,
            left_by_administrator(epoch=MOST - 1),
        ),
    ),
    Forbidden("a lease of an hour", taken, held_with(until=lambda: now_ms() + HOUR_MS), BEGUN),
    Forbidden("a lease until a text", taken, held_with(until="noon"), BEGUN),
    Forbidden("a lease that is no stamp", taken, held_with(lease="noon"), BEGUN),
    Forbidden("a lease with more behind it", taken, held_with(lease=lambda: stamp() + "0"), BEGUN),
    Forbidden("a lease that is ahead", taken, held_with(lease=lambda: stamp(70_000)), BEGUN),
]

NEXT = [
    Forbidden(
        "a session that begins with another device as its holder", first_held, held_with(device=LAPTOP)
    ),
    Forbidden("a session whose first holder knows more", first_held, held_with(volume=1)),
    Forbidden("a session that begins in epoch 2", first_held, holds(PHONE, 2)),
    Forbidden("a first holder that is a text", first_held, sets(("holder",), "phone")),
    Forbidden("a holder that vanishes", kept, sets(("holder",), None), TAKEN),
    Forbidden("a holder of epoch 2 after none", taken, holds(PHONE, 2), BEGUN),
    Forbidden("the same holder two epochs on", kept, holds(PHONE, 3), TAKEN),
    Forbidden("the same holder in an old epoch", kept, holds(PHONE, 0), TAKEN),
    Forbidden("a new epoch under the same lease", kept, held_with(epoch=2), TAKEN),
    Forbidden("a new lease in the same epoch", kept, held_with(lease=lambda: stamp()), TAKEN),
    Forbidden("another device under the same lease", asked, held_with(device=LAPTOP), TAKEN),
    Forbidden("a new holder two epochs on", taken_over, holds(LAPTOP, 3), TAKEN),
    Forbidden("a new holder that begins anew", taken_over, held_with(epoch=1), TAKEN),
    Forbidden("a new holder of an older lease", taken_over, held_with(lease=lease(LAPTOP, 0)), TAKEN),
    Forbidden("another device that is made the holder", taken_over, held_with(device=PHONE), TAKEN),
    Forbidden("the holder in its own past", kept_over, holds(PHONE, 1), TAKEN_OVER),
    Forbidden("the end of another device's lease", asked, held_with(until=0), TAKEN),
]

ASK = [
    Forbidden("an ask that knows more", asked, asked_with(volume=1), TAKEN),
    Forbidden("an ask of no device", asked, asked_with(to="kitchen"), TAKEN),
    Forbidden("an ask that is no stamp", asked, asked_with(stamp="now"), TAKEN),
    Forbidden("an ask that is ahead", asked, asked_with(stamp=lambda: stamp(70_000, LAPTOP)), TAKEN),
    Forbidden("an ask of another lease", asked, asked_with(lease=lease(PHONE, 2)), TAKEN),
    Forbidden("an ask for ever", asked, asked_with(until=lambda: now_ms() + HOUR_MS), TAKEN),
    Forbidden("an ask until a text", asked, asked_with(until="noon"), TAKEN),
    Forbidden("an ask that is a text", asked, held_with(ask="kitchen"), TAKEN),
]

HOLDER = [*SHAPE, *NEXT, *ASK]
