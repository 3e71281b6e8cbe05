"""What the rules allow: every kind of request that the SDK makes, and the limits up to which they go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.rules import samples
from tests.rules.forbidden import Change, Make, sets
from tests.rules.requests import Request, Server
from tests.rules.samples import PHONE, first, kept, mark, new_round, next_, now_ms, taken, taken_over, unmark
from tests.rules.table_others import READS, SEEDS
from tests.rules.table_sessions import fields


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


def given_up(name: str) -> Request:
    """The holder ends its lease early: it stays the last holder, so that epochs go on."""
    put = next_(name)
    put.fields["holder",] = {**samples.holder(PHONE, 1), "until": now_ms()}
    return put


ALLOWED = [
    Allowed("a first commit", first),
    Allowed("a next commit", next_, (first,)),
    Allowed("a commit by another device after another", next_, (first, next_, next_)),
    Allowed("a new field", with_change(next_, fields(1)), (first,)),
    Allowed(
        "a first commit with a policy's book", with_change(first, sets(("merge", "place"), {"round": 1}))
    ),
    Allowed("a new round", new_round, (first,)),
    Allowed("the first holder", taken, (first,)),
    Allowed("a first commit with a holder", lambda name: samples.with_holder(first(name), PHONE, 1)),
    Allowed("a longer lease", kept, (first, taken)),
    Allowed("a lease given up", given_up, (first, taken)),
    Allowed("another holder", taken_over, (first, taken)),
    Allowed("a commit that leaves the holder alone", next_, (first, taken)),
    Allowed(
        "a clock that is nearly a minute ahead", with_change(first, sets(("hlc",), lambda: now_ms() + 50_000))
    ),
    Allowed("64 fields", with_change(first, fields(62))),
    Allowed("an id of 200 letters", long_id),
    Allowed("the longest schema", with_change(first, sets(("schema",), "r" * 64 + "/999999"))),
    Allowed("a mark", mark, (first,)),
    Allowed("a mark of 64 fields", with_change(mark, sets(("state",), {f"f{n}": n for n in range(64)}))),
    Allowed("a mark removed", unmark, (first, mark)),
    Allowed("a device's card", samples.card),
    Allowed("a device's card again", samples.card, (samples.card,)),
    Allowed("a card with a long name", with_change(samples.card, sets(("name",), "x" * 100))),
    Allowed(
        "a card that keeps for a year",
        with_change(samples.card, sets(("expire_at",), lambda: samples.later(365))),
    ),
    *(Allowed(title, make, SEEDS) for title, make in READS),
]
