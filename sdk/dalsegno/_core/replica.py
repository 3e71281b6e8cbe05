"""One session as this device knows it: base ⊔ outbox = view. Pure.

Invariants: the view is always the join of the newest server document and the outbox; a field of it moves
back only where the server's document did, and nothing proves a loss (see `_lost_by_server`); an edit leaves
the outbox only when the server's document already contains or supersedes it, or the app discards it.
Nothing here is changed in place: each step gives a new `Replica`, so that a step whose disk write failed
never happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import TypeAlias

from dalsegno._core import clock as clocks
from dalsegno._core.document import NO_STAMP, UNSURE, Document, Entry, Pending
from dalsegno._core.policies import Policy, Schema, Wish, join_entries
from dalsegno._core.record import record
from dalsegno._core.sameness import looks_same
from dalsegno._core.types import DeviceId, Millis, SessionId, Stamp, Value
from dalsegno._errors import UsageError

Check: TypeAlias = "Callable[[Mapping[str, Entry]], object]"
"""Is given the shared fields as they would be after an edit, and raises UsageError if they must not."""


@record(frozen=True, slots=True)
class Replica:
    """`missing`: the server says that it has no document, though there was one (`base`); `absent`: that it
    has none, and there was none that this device knew.

    local    fields that stay on this device
    landed   field → the rev by which its entry in the base had landed, as far as known
    restored field → the newest stamp that was given back to a server whose rev and time do not prove a loss
    """

    id: SessionId
    schema: Schema
    base: Document | None = None
    pending: Mapping[str, Pending] = field(default_factory=dict)
    local: Mapping[str, Value] = field(default_factory=dict)
    missing: bool = False
    absent: bool = False
    landed: Mapping[str, int] = field(default_factory=dict)
    restored: Mapping[str, Stamp] = field(default_factory=dict)
    view: Mapping[str, Entry] = field(init=False)

    def __post_init__(self) -> None:
        known = self.base.entries if self.base else {}
        mine = {name: p.entry for name, p in self.pending.items()}
        object.__setattr__(self, "view", join_entries(self.schema, known, mine))

    @property
    def rev(self) -> int:
        return self.base.rev if self.base else 0

    @property
    def known(self) -> bool:
        """Whether the server, or this device's disk, has told how the session stands. Before that the view is
        only defaults, and what is edited is edited blindly; such edits alone are no knowledge."""
        return self.base is not None or self.absent or any(not row.blind for row in self.pending.values())

    @property
    def label(self) -> str:
        """The schema as it stands in the document: it never changes under a session."""
        return self.base.schema if self.base else self.schema.label

    @property
    def foreign(self) -> bool:
        """The document is of another kind altogether (`listening/1` opened as `reading/1`)."""
        return self.base is not None and self.base.schema.partition("/")[0] != self.schema.name

    @property
    def newest(self) -> Document | None:
        """The document as the server has it, as far as is known; None where it has none."""
        return None if self.missing else self.base

    @property
    def whole(self) -> bool:
        """Whether the newest document is known in all its parts, so that an edit can be made for it: the
        precondition of a commit vouches for the rest."""
        return self.base is None or self.base.update_time != UNSURE

    def unsent(self) -> dict[str, Entry]:
        """What the server must be told: field → entry. All of the view, when it has lost the document."""
        if not self.pending:
            return {}
        if self.base is None or self.missing:
            return dict(self.view)
        return {
            name: self.view[name] for name in self.pending if self.view[name] != self.base.entries.get(name)
        }


def edit(
    replica: Replica, values: Mapping[str, Wish], made: Stamp, origin: Pending
) -> tuple[Replica, list[Pending], dict[str, Value]]:
    """A local edit. `origin` bears its seq, time and finality. Gives rows and local fields to store.

    Raises UsageError: a field would become more than its policy allows.
    """
    rows: list[Pending] = []
    local: dict[str, Value] = {}
    for name, value in values.items():
        policy = replica.schema.policy(name)
        current = replica.view.get(name)
        entry = policy.write(current, value, made, replica.rev)
        if not policy.shared:
            local[name] = entry.value
        elif entry != current:
            if fault := policy.fault(current, entry):
                raise UsageError(f"{name} {fault}")
            guessed = _guessed(replica.pending.get(name), policy, entry, origin)
            rows.append(replace(origin, field=name, entry=entry, guessed=guessed))
    after = replace(
        replica,
        pending={**replica.pending, **{p.field: p for p in rows}},
        local={**replica.local, **local},
    )
    return after, rows, local


def _guessed(
    before: Pending | None, policy: Policy, entry: Entry, origin: Pending
) -> tuple[tuple[Stamp, Millis], ...]:
    """A row joins all edits since the last confirmation: those of them whose stamps are still guesses, as far
    as anything in it bears them."""
    if before is None or before.corrected or origin.corrected:
        return ()
    left = policy.stamps(entry)
    guessed = (*before.guessed, (before.entry.stamp, before.device_ms))
    return tuple((stamp, made_ms) for stamp, made_ms in guessed if stamp in left)


def edited_blindly(replica: Replica, origin: Pending) -> Pending:
    """The same origin, for an edit of this replica as it is now."""
    return origin if replica.known else replace(origin, blind=True)


def without(replica: Replica, names: Iterable[str]) -> Replica:
    """The replica after the app has let go of its unsent edits of these fields."""
    gone = set(names)
    return replace(replica, pending={n: row for n, row in replica.pending.items() if n not in gone})


def changed_fields(before: Replica, after: Replica) -> frozenset[str]:
    """Which fields an app sees otherwise than before; a new stamp on the same value is no change."""
    names = before.view.keys() | after.view.keys()
    policy = after.schema.policy
    return frozenset(n for n in names if not looks_same(policy(n), before.view.get(n), after.view.get(n)))


def concurrent(before: Replica, after: Replica, name: str, here: str) -> bool:
    """Whether the change of `name` was made without knowing of this device's own edit of it."""
    ours, theirs = before.view.get(name), after.view.get(name)
    if ours is None or theirs is None or not ours.stamp.endswith(here):
        return False
    row = before.pending.get(name)
    if row is not None:
        return not was_seen_all_the_same(after.base, row, theirs)
    landed = before.landed.get(name, ours.basis + 1)
    return theirs.basis < min(landed, before.rev)  # in a document that began anew, revs begin anew


def was_seen_all_the_same(document: Document | None, row: Pending, theirs: Entry) -> bool:
    """Whether an edit whose answer was lost had arrived, and the writer of `theirs` had seen it."""
    return document is not None and had_landed(document, row) and theirs.basis > row.entry.basis


def had_landed(document: Document, row: Pending) -> bool:
    """Whether the document contained this very edit, at one time at least."""
    found = document.entries.get(row.field)
    if found is not None and found.stamp == row.entry.stamp:
        return True
    landed = document.landed.get(clocks.device_of(row.entry.stamp), NO_STAMP)
    return row.corrected and landed >= row.entry.stamp


def restamped(replica: Replica, stamps: Mapping[int, Stamp], lead_ms: float) -> Replica:
    """The replica after its provisional rows got the stamps of the server's time: seq → stamp.

    lead_ms: the server's lead on the device's clock.
    """
    rows = {
        name: _restamped(replica.schema, p, stamps[p.seq], lead_ms)
        for name, p in replica.pending.items()
        if p.seq in stamps
    }
    return replace(replica, pending={**replica.pending, **rows}) if rows else replica


def _restamped(schema: Schema, row: Pending, final: Stamp, lead_ms: float) -> Pending:
    """The row's newest edit gets its own stamp, and those that are in it too get theirs: each of them has to
    find its true place among the edits of others."""
    device, newest, right = clocks.device_of(final), NO_STAMP, {row.entry.stamp: final}
    for stamp, made_ms in row.guessed:
        newest = right[stamp] = min(clocks.after(newest, made_ms + lead_ms, device), final)
    entry = schema.policy(row.field).restamped(row.entry, lambda stamp: right.get(stamp, stamp))
    return replace(row, entry=entry, corrected=True, guessed=())


def retimed(replica: Replica, by_ms: float) -> tuple[Replica, list[Pending]]:
    """The replica after the device's clock was set: when its provisional rows were made, by that clock. And
    those rows, for the disk."""
    rows = [
        replace(
            p,
            device_ms=Millis(int(p.device_ms + by_ms)),
            guessed=tuple((stamp, Millis(int(made_ms + by_ms))) for stamp, made_ms in p.guessed),
        )
        for p in replica.pending.values()
        if not p.corrected
    ]
    after = replace(replica, pending={**replica.pending, **{p.field: p for p in rows}}) if rows else replica
    return after, rows


def true_stamps(rows: Iterable[Pending], lead_ms: float, now_ms: float, device: DeviceId) -> dict[int, Stamp]:
    """The stamps of edits that a wrong clock timed, oldest edit first: seq → stamp.

    lead_ms: the server's lead on the device's clock. No edit was made later than now, whatever that said.
    """
    newest, stamps = NO_STAMP, dict[int, Stamp]()
    for row in rows:
        if row.seq not in stamps:
            made_ms = min(row.device_ms + lead_ms, now_ms)
            newest = stamps[row.seq] = clocks.after(max(newest, row.after), made_ms, device)
    return stamps


def provisional(replicas: Iterable[Replica]) -> list[Pending]:
    """All rows whose stamps may still be corrected, oldest edit first."""
    rows = (p for r in replicas for p in r.pending.values() if not p.corrected)
    return sorted(rows, key=lambda p: p.seq)


def origin_of(seq: int, device_ms: float, corrected: bool, seen: Stamp) -> Pending:
    """What all rows of one edit share: when it was made, and what it had seen."""
    blank = Entry(None, NO_STAMP)
    return Pending("", blank, seq, Millis(int(device_ms)), corrected, seen)
