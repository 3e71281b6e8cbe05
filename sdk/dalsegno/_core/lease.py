"""Whose music it is: the holder of a session's line, and what a device does that meets another one. Pure.

`reclaim` is one table, complete over all cases; docs/continuity.md shows it, and a test holds it to that. A
device decides by it at its first look on each stream and at each document of another lease, before it sends.
Invariant: only what a person does takes over; the one exception is RECLAIM, of a lease that was both taken
and given up while a device that sounds could not hear of it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from itertools import product

from dalsegno._core.clock import MAX_AHEAD_MS, is_stamp, millis_of
from dalsegno._core.document import NO_STAMP, UNSURE, Document
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Millis, Stamp, Value

LEASE_MS = 180_000
"""How long a lease lasts from each write of the line by its holder."""
RENEW_MS = 150_000
"""How long after the last write of the line a holder that sounds renews it."""
FRESH_MS = 5_000
"""A command that is older starts no sound: whoever gave it is not listening for it any more."""
UNSENT_MS = 10_000
"""A command that could not be sent for so long lapses."""
BRIEF_MS = 5_000.0
"""Who has heard less than this of what they began blindly had meant: play on."""
MOST_EPOCHS = 2**53
"""An epoch from here on is none: somebody wrote it so that no other can follow."""

_DEVICE_LENGTH = 16


@record(frozen=True, slots=True)
class Holder:
    """The device that took over last, as the document has it.

    epoch     the server's count of take-overs
    until_ms  when the lease ends, unless it is renewed; 0 = given back
    lease     the stamp of the take-over
    """

    device: DeviceId
    epoch: int
    until_ms: Millis
    lease: Stamp


def holder_of(document: Document | None) -> Holder | None:
    """None where nobody ever took over, or what stands there makes no sense."""
    found = document.holder if document is not None else None
    if document is None or not isinstance(found, Mapping):
        return None
    device, epoch, until, lease = (found.get(name) for name in ("device", "epoch", "until", "lease"))
    if not isinstance(device, str) or len(device) != _DEVICE_LENGTH or not _is_count(epoch, 1):
        return None
    if not _is_count(until, 0) or not _is_lease(lease, document):
        return None
    assert isinstance(epoch, int) and isinstance(until, int) and isinstance(lease, str)
    return Holder(DeviceId(device), epoch, Millis(until), Stamp(lease))


def _is_count(value: Value, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < MOST_EPOCHS


def holding(base: Document | None, device: DeviceId, lease: Stamp, until_ms: float) -> dict[str, Value]:
    """The holder as this device writes it with a line of its own lease."""
    before = holder_of(base)
    same = before is not None and before.lease == lease and before.device == device
    epoch = before.epoch if before is not None and same else _next_epoch(base)
    return {"device": device, "epoch": epoch, "until": int(until_ms), "lease": lease}


def _next_epoch(base: Document | None) -> int:
    """As the security rules count; where an administrator has left nonsense, they let it begin anew."""
    found = base.holder if base is not None else None
    if base is None or not isinstance(found, Mapping):
        return 1
    epoch, lease = found.get("epoch"), found.get("lease")
    if not isinstance(epoch, int) or isinstance(epoch, bool) or epoch >= MOST_EPOCHS:
        return 1
    return epoch + 1 if _is_lease(lease, base) else 1


def _is_lease(value: Value, document: Document) -> bool:
    """A stamp that is not ahead of the server, or it would order itself before all others."""
    if not isinstance(value, str) or not is_stamp(value):
        return False
    newest_ms = document.update_time // 1000 + MAX_AHEAD_MS
    return document.update_time == UNSURE or millis_of(Stamp(value)) <= newest_ms


# --- the table ----------------------------------------------------------------------------------------


class Claim(enum.Enum):
    """This device's own lease, against the document's."""

    NONE = "none"
    SAME = "same"
    NEWER = "newer"
    OLDER = "older"


class Known(enum.Enum):
    """Whether the line was known when this device took over; if not, how long it has been heard here."""

    KNOWN = "not blind"
    BRIEFLY = "blind, < 5 s heard"
    LONG = "blind, ≥ 5 s heard"


class Verdict(enum.Enum):
    """What a device does."""

    STAND = "obey the line"
    HOLD = "the own line is sent; the document's place becomes a mark"
    SETTLE = "the own line is sent, given back"
    WITHDRAW = "the own line is never sent: its place becomes a mark, and the document's is offered"
    YIELD = "silence; the place that was heard becomes a mark"
    RECLAIM = "a lease just after the document's; the document's place becomes a mark"


class Besides(enum.Enum):
    """What is done besides."""

    NOTHING = ""
    JUMP = "under the own lease the document's line; the own place becomes a mark"
    OFFER = "the document's place is offered"


@record(frozen=True, slots=True)
class Case:
    """here   this device sounds;  there: the holder is another, its lease has not ended, and its line moves
    apart   of a newer claim: it was made and given up while there was no connection; of an older one: the
            other lease was taken after this device had lost its own
    """

    claim: Claim
    here: bool
    there: bool
    apart: bool
    known: Known

    @property
    def is_possible(self) -> bool:
        """Nobody sounds without a claim; under the same lease there is no other holder."""
        if self.claim is Claim.NONE:
            return not self.here and not self.apart and self.known is Known.KNOWN
        return self.claim is not Claim.SAME or not (self.there or self.apart)


V, B = Verdict, Besides


def reclaim(case: Case) -> tuple[Verdict, Besides]:
    """What a device does whose claim meets a document."""
    blindly = {Known.KNOWN: B.NOTHING, Known.BRIEFLY: B.JUMP, Known.LONG: B.OFFER}[case.known]
    match case.claim:
        case Claim.NONE | Claim.SAME:
            return V.STAND, B.NOTHING
        case Claim.NEWER if case.here:
            return V.HOLD, blindly
        case Claim.NEWER if (case.there and case.apart) or case.known is not Known.KNOWN:
            return V.WITHDRAW, B.NOTHING
        case Claim.NEWER:
            return V.SETTLE, B.NOTHING
        case Claim.OLDER if not case.here:
            return V.WITHDRAW, B.NOTHING
        case Claim.OLDER if case.there or not case.apart:
            return V.YIELD, B.NOTHING
        case _:
            return V.RECLAIM, blindly


def all_cases() -> list[Case]:
    """All that can be."""
    both = (False, True)
    cases = (Case(*parts) for parts in product(Claim, both, both, both, Known))
    return [case for case in cases if case.is_possible]


ROWS = (
    ("none, same", "–", "–", Case(Claim.SAME, False, False, False, Known.KNOWN)),
    ("newer", "yes", "any", Case(Claim.NEWER, True, False, False, Known.KNOWN)),
    ("newer", "no", "yes, apart", Case(Claim.NEWER, False, True, True, Known.KNOWN)),
    ("newer", "no", "no, or not apart", Case(Claim.NEWER, False, False, False, Known.KNOWN)),
    ("older", "yes", "yes", Case(Claim.OLDER, True, True, False, Known.KNOWN)),
    ("older", "yes", "no, not apart", Case(Claim.OLDER, True, False, False, Known.KNOWN)),
    ("older", "yes", "no, apart", Case(Claim.OLDER, True, False, True, Known.KNOWN)),
    ("older", "no", "any", Case(Claim.OLDER, False, False, False, Known.KNOWN)),
)


def as_markdown() -> str:
    """The table and its words, as docs/continuity.md shows them."""
    heads = " | ".join(known.value for known in Known)
    lines = [f"| claim | here | there | {heads} |", "|---|---|---|---|---|---|"]
    for claim, here, there, case in ROWS:
        found = (reclaim(Case(case.claim, case.here, case.there, case.apart, known)) for known in Known)
        cells = " | ".join(v.name + (f" + {b.name}" if b is not B.NOTHING else "") for v, b in found)
        lines.append(f"| {claim} | {here} | {there} | {cells} |")
    words = [f"- {word.name}: {word.value}" for word in (*Verdict, *Besides) if word is not B.NOTHING]
    return "\n".join([*lines, "", *words])


def is_after(lease: Stamp, ms: float) -> bool:
    """Whether it was taken after this moment, by the server's time."""
    return lease != NO_STAMP and millis_of(lease) > ms
