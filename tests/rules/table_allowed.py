"""What the rules allow: every kind of request that the SDK makes, and the limits up to which they go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.rules import samples
from tests.rules.forbidden import Change, Make, becomes, erases, sets, since
from tests.rules.kinds import READS, SEEDS, WRITES, session_, sign_in
from tests.rules.requests import Get, Listen, Put, Request, Server, Together
from tests.rules.samples import (
    ON_STOLEN,
    ON_UNKNOWN,
    PHONE,
    first,
    kept,
    mark,
    new_round,
    next_,
    now_ms,
    registration,
    registration_beside,
    taken,
    taken_over,
)
from tests.rules.table_devices import many
from tests.rules.table_holder import first_held, held_with
from tests.rules.table_sessions import fields, landed


@dataclass(frozen=True, slots=True)
class Allowed:
    title: str
    make: Make
    before: tuple[Make, ...] = ()

    @property
    def name(self) -> str:
        return "".join(letter if letter.isalnum() else "-" for letter in self.title)

    def complaints(self, server: Server, name: str = "") -> list[str]:
        """What is wrong with the rules: nothing if they allow the request."""
        steps: list[Callable[[str], Request]] = [*self.before, self.make]
        if all(server.allows(step(name or self.name)) for step in steps):
            return []
        return [f"{self.title}: it is denied"]


def with_change(make: Make, change: Change) -> Make:
    def changed(name: str) -> Request:
        request = make(name)
        change(request)
        return request

    return changed


def long_id(name: str) -> Request:
    return replace(first(name), path=samples.session_path(name.ljust(200, "x")))


NONSENSE: dict[str, dict[str, Any]] = {
    "a holder that is a text": {"holder": "phone"},
    "a holder of an older version, without a lease": {"lease": None},
    "an epoch that is a text": {"epoch": "one"},
    "an epoch at the end of all numbers": {"epoch": 2**53},
    "a lease that is no stamp": {"lease": "zzz"},
    "a lease a year ahead": {"lease": f"{1_890_000_000_000:015d}-00000-{PHONE}"},
}
"""What an administrator may have left; whoever presses play begins anew."""


def nearly() -> str:
    return samples.stamp(50_000)


def still_taken(name: str) -> Put:
    """The holder without an ask, as another device leaves it."""
    return samples.with_holder(next_(name), PHONE, 1)


def given_up(name: str) -> Request:
    """The holder ends its lease early: it stays the last holder, so that epochs go on."""
    put = kept(name)
    put.fields["holder",] = {**samples.holder(PHONE, 1), "until": 0}
    return put


def begun(name: str) -> Together:
    """A device's first commit of all: it need not wait until it is registered."""
    device, user = samples.device_of(name), samples.user_of(name)
    put = first(name)
    put.fields["device",] = device
    return Together((registration(name), put), user)


def again(name: str) -> Together:
    """The same device, under a new sign-in."""
    user = samples.user_of(name)
    return samples.arrival(samples.device_of(name), replace(user, signed_in_s=user.signed_in_s + 1))


REGISTERED, DESCRIBED = (registration,), (samples.registration_with_card,)

ALLOWED = [
    Allowed("a commit by another device after another", next_, (first, next_, next_)),
    Allowed("a new field", with_change(next_, fields(1)), (first,)),
    Allowed(
        "a first commit with a policy's book", with_change(first, sets(("merge", "place"), {"round": 1}))
    ),
    Allowed("a new round", new_round, (first,)),
    Allowed("a first commit with a holder", first_held),
    Allowed("a longer lease", kept, (first, taken)),
    Allowed("a lease given up", given_up, (first, taken)),
    Allowed("another holder", taken_over, (first, taken)),
    Allowed("a commit that leaves the holder alone", next_, (first, taken)),
    Allowed("an ask by another device", samples.asked, (first, taken)),
    Allowed("an ask that another device takes back", still_taken, (first, taken, samples.asked)),
    Allowed("a lease that is nearly a minute ahead", with_change(taken, held_with(lease=nearly)), (first,)),
    *(
        Allowed(f"a take-over after {what}", taken, (first, samples.left_by_administrator(**parts)))
        for what, parts in NONSENSE.items()
    ),
    Allowed(
        "a clock that is nearly a minute ahead", with_change(first, sets(("hlc",), lambda: now_ms() + 50_000))
    ),
    Allowed("a client that keeps no landed stamps", with_change(first, erases("landed"))),
    Allowed("landed stamps of 32 devices", with_change(first, landed(31))),
    Allowed("the same mark by another device", samples.same_mark, SEEDS),
    Allowed("64 fields", with_change(first, fields(62))),
    Allowed("an id of 200 letters", long_id),
    Allowed("the longest schema", with_change(first, sets(("schema",), "r" * 64 + "/999999"))),
    Allowed("a mark of 64 fields", with_change(mark, sets(("state",), {f"f{n}": n for n in range(64)}))),
    Allowed("registering eight devices", with_change(registration, many(8))),
    Allowed("registering and writing in one commit", begun, ()),
    Allowed("a card after another device came", samples.card, (registration, registration_beside)),
    Allowed("a card with a long name", with_change(samples.card, sets(("name",), "x" * 100)), REGISTERED),
    Allowed("a long new name", with_change(samples.rename, sets(("name",), "x" * 100)), DESCRIBED),
    Allowed("a device that leaves", with_change(samples.beat, sets(("until",), 0)), DESCRIBED),
    Allowed(
        "a card online for nine minutes",
        with_change(samples.card, sets(("until",), lambda: now_ms() + 540_000)),
        REGISTERED,
    ),
    Allowed(
        "a card that keeps for a year",
        with_change(samples.card, sets(("expire_at",), lambda: samples.later(365))),
        REGISTERED,
    ),
    Allowed("a new name for a device that was signed out", samples.rename, (*DESCRIBED, samples.sign_out)),
    Allowed("a device that was signed out, signed in again", again, (*DESCRIBED, samples.sign_out)),
    Allowed("reading why, after being signed out", lambda _: Get(ON_STOLEN.sign_in, ON_STOLEN)),
    Allowed("hearing why, after being signed out", lambda _: Listen(Get(ON_STOLEN.sign_in), ON_STOLEN)),
    Allowed(
        "deleting a session nine minutes after signing in",
        with_change(samples.end_of_session, since(540)),
        (first,),
    ),
    Allowed(
        "deleting a session without an address, long after signing in",
        with_change(samples.end_of_session, becomes(user=replace(ON_UNKNOWN, email=""))),
        (first,),
    ),
    Allowed("reading without a device", with_change(session_, becomes(user=ON_UNKNOWN)), SEEDS),
    Allowed("reading another's sign-in", with_change(sign_in, becomes(user=ON_UNKNOWN)), SEEDS),
    *(Allowed(title, make, before) for title, make, before in WRITES),
    *(Allowed(title, make, SEEDS) for title, make in READS),
]
