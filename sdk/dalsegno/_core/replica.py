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
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId, Stamp, Value
from dalsegno._errors import UsageError

LONG_AGO = Micros(0)
Check: TypeAlias = "Callable[[Mapping[str, Entry]], object]"
"""Is given the shared fields as they would be after an edit, and raises UsageError if they must not."""


@record(frozen=True, slots=True)
class Replica:
    """`missing`: the server says that it has no document, though there was one (`base`).

    local    fields that stay on this device
    landed   field → the rev at which this device's newest edit of it was confirmed
    restored field → the newest stamp that was given back to a server whose rev and time do not prove a loss
    """

    id: SessionId
    schema: Schema
    base: Document | None = None
    pending: Mapping[str, Pending] = field(default_factory=dict)
    local: Mapping[str, Value] = field(default_factory=dict)
    missing: bool = False
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


@record(frozen=True, slots=True)
class Adopted:
    """What a server document changed: the replica after it, and what the disk must be told.

    settled   field → seq of the outbox row that the server now contains or supersedes
    restored  rows for what the server had, and has provably lost: it went back, we do not
    """

    replica: Replica
    settled: Mapping[str, int]
    restored: tuple[Pending, ...]


def adopt(replica: Replica, document: Document, origin: Pending, as_of: Micros = LONG_AGO) -> Adopted:
    """Takes a newer server document as the base. Our own echo is normal input.

    A document that is older than what is known changes nothing, whatever its way here was; unless it was
    read, as of a time when what is known was there already: then the server went back (a restored backup).
    """
    if replica.base and not replica.missing and document.update_time < replica.base.update_time > as_of:
        return Adopted(replica, {}, ())
    restored = _lost_by_server(replica, document, origin)
    pending = {**{p.field: p for p in restored}, **replica.pending}
    settled = _settled(replica.schema, document, pending)
    ours = {name: document.rev for name in settled if document.entries[name] == pending[name].entry}
    after = replace(
        replica,
        base=document,
        missing=False,
        pending={name: row for name, row in pending.items() if name not in settled},
        landed={**replica.landed, **ours},
        restored=_restored_by(replica, document, restored),
    )
    return Adopted(after, settled, restored)


def settle(replica: Replica) -> tuple[Replica, dict[str, int]]:
    """Without the rows that the base contains, as when a full disk was not told of it: field → seq."""
    settled = _settled(replica.schema, replica.base, replica.pending) if replica.base else {}
    if not settled:
        return replica, settled
    rest = {name: row for name, row in replica.pending.items() if name not in settled}
    return replace(replica, pending=rest), settled


def without(replica: Replica, names: Iterable[str]) -> Replica:
    """The replica after the app has let go of its unsent edits of these fields."""
    gone = set(names)
    return replace(replica, pending={n: row for n, row in replica.pending.items() if n not in gone})


def _settled(schema: Schema, document: Document, pending: Mapping[str, Pending]) -> dict[str, int]:
    """Which rows the document contains or supersedes; none that a better clock may yet make the newer one."""
    return {
        name: row.seq
        for name, row in pending.items()
        if row.corrected and _contains(schema, document, name, row.entry)
    }


def _lost_by_server(replica: Replica, document: Document, origin: Pending) -> tuple[Pending, ...]:
    """What the last base had and this document has provably lost: a server restored from a backup, say.

    Two versions of an app may give a field different policies, and what one of them writes is then no step
    forward to the other. That is no loss: whoever took it for one would write against the other for ever.
    Not for fields that only a newer app knows: what is newer there, their policy says, and we do not know it.
    """
    if replica.base is None:
        return ()
    proven = _went_back(replica, document)
    return tuple(
        replace(origin, field=name, entry=entry)
        for name, entry in replica.base.entries.items()
        if name in replica.schema.policies
        and replica.schema.policy(name).shared
        and name not in replica.pending
        and entry.stamp != NO_STAMP
        and not _contains(replica.schema, document, name, entry)
        and (proven or (_is_older(document, name, entry) and entry.stamp > _given_back(replica, name)))
    )


def _went_back(replica: Replica, document: Document) -> bool:
    """Whether no commits can have led from the base to this document: each adds one to the rev, later.

    A document that is there again after it was missing is another one.
    """
    base = replica.base
    return base is not None and (
        replica.missing or document.rev < base.rev or document.update_time < base.update_time
    )


def _is_older(document: Document, name: str, entry: Entry) -> bool:
    """Whether the field was overwritten by an older edit, or is gone. Others may have committed upon a backup
    until it was past our rev. By the stamp alone: that is an order to every policy."""
    theirs = document.entries.get(name)
    return theirs is None or theirs.stamp < entry.stamp


def _given_back(replica: Replica, name: str) -> Stamp:
    return replica.restored.get(name, NO_STAMP)


def _restored_by(replica: Replica, document: Document, rows: tuple[Pending, ...]) -> Mapping[str, Stamp]:
    """What is given back without a proof by rev or time is given back once: another device may object."""
    if not rows or _went_back(replica, document):
        return replica.restored
    return {**replica.restored, **{row.field: row.entry.stamp for row in rows}}


def _contains(schema: Schema, document: Document, name: str, entry: Entry) -> bool:
    theirs = document.entries.get(name)
    return theirs is not None and schema.policy(name).contains(theirs, entry)


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
    if name in before.pending:
        return True
    landed = before.landed.get(name, ours.basis + 1)
    return theirs.basis < min(landed, before.rev)  # in a document that began anew, revs begin anew


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
