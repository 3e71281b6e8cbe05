"""A server document becomes the base of a session: what it settles, what loses by it, what it lost. Pure.

Invariants: an edit leaves the outbox only when the document contains or supersedes it, or when it was made
blindly and the document has that already; and whatever loses is named, so that it can be kept as a mark.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace

from dalsegno._core import clock as clocks
from dalsegno._core import line as lines
from dalsegno._core.document import NO_STAMP, Document, Entry, Pending
from dalsegno._core.orders import ACT, LEASE, Rank, act_of, lease_of, rank_of
from dalsegno._core.policies import Schema
from dalsegno._core.record import record
from dalsegno._core.replica import Replica, had_landed, was_seen_all_the_same
from dalsegno._core.ruling import line_of, own_rows
from dalsegno._core.sameness import same_value
from dalsegno._core.types import Micros, Stamp
from dalsegno._core.wishes import Played, Wish

LONG_AGO = Micros(0)


@record(frozen=True, slots=True)
class Adopted:
    """What a server document changed: the replica after it, and what the disk must be told.

    settled    field → seq of the outbox row that the server now contains or supersedes, or that fell
    restored   rows to be put: what the server had, and has provably lost (it went back, we do not); and the
               line, where this device writes it anew
    fallen     what was edited here blindly, and that the document has already: that stands
    displaced  this device's edits that lost to edits whose writers had not seen them
    overruled  other devices' edits that lost to edits made here, which had not seen them
    withdrawn  the place in the line that gave way unsent
    kept       places in the line that become marks, and are not told of
    """

    replica: Replica
    settled: Mapping[str, int]
    restored: tuple[Pending, ...]
    fallen: Mapping[str, Entry] = field(default_factory=dict)
    displaced: Mapping[str, Entry] = field(default_factory=dict)
    overruled: Mapping[str, Entry] = field(default_factory=dict)
    withdrawn: Mapping[str, Entry] = field(default_factory=dict)
    kept: tuple[Mapping[str, Entry], ...] = ()


def adopt(replica: Replica, document: Document, origin: Pending, as_of: Micros = LONG_AGO) -> Adopted:
    """Takes a newer server document as the base. Our own echo is normal input.

    A document that is older than what is known changes nothing, whatever its way here was; unless it was
    read, as of a time when what is known was there already: then the server went back (a restored backup).
    """
    if replica.base and not replica.missing and document.update_time < replica.base.update_time > as_of:
        return Adopted(replica, {}, ())
    restored = _lost_by_server(replica, document, origin)
    fallen = _fallen(replica, document)
    pending = {**{p.field: p for p in restored}, **replica.pending}
    standing = {name: row for name, row in pending.items() if name not in fallen}
    settled = _settled(replica.schema, document, standing)
    after = replace(
        replica,
        base=document,
        missing=False,
        absent=False,
        pending={name: row for name, row in standing.items() if name not in settled},
        landed=_landed_by(replica, document),
        restored=_restored_by(replica, document, restored),
    )
    return Adopted(
        after,
        {**settled, **{name: row.seq for name, row in fallen.items()}},
        restored,
        {name: row.entry for name, row in fallen.items()},
        {name: standing[name].entry for name in settled if _is_displaced(after, standing[name])},
        {
            name: document.entries[name]
            for name, row in after.pending.items()
            if _is_news(replica, document, name) and _is_overruled(after, row)
        },
    )


def _is_news(replica: Replica, document: Document, name: str) -> bool:
    """Whether the document has another edit of the field than was known, and a newer one."""
    known = replica.base.entries.get(name) if replica.base else None
    theirs = document.entries.get(name)
    return theirs is not None and (known is None or rank_of(known) < rank_of(theirs))


def _fallen(replica: Replica, document: Document) -> dict[str, Pending]:
    """Blind edits of what the document has. The fields of one edit stand or fall together: a track that was
    chosen blindly does not go on at the document's playhead. A document of another kind says nothing."""
    if document.schema.partition("/")[0] != replica.schema.name:
        return {}
    rows = {
        name: row for name, row in replica.pending.items() if row.blind and _may_fall(replica, document, row)
    }
    hit = {row.seq for name, row in rows.items() if name in document.entries}
    return {name: row for name, row in rows.items() if row.seq in hit}


def _may_fall(replica: Replica, document: Document, row: Pending) -> bool:
    """Whatever joins loses nothing and stands; but a new round, begun blindly, would put the old one away."""
    theirs = document.entries.get(row.field)
    if theirs is not None and clocks.device_of(theirs.stamp) == clocks.device_of(row.entry.stamp):
        return False  # made on this device, by somebody who knew of it
    if lines.is_held(replica.schema, row.field, row.entry) and lease_of(row.entry) != NO_STAMP:
        return False  # whose music it is decides the table of the lease
    joins = replica.schema.policy(row.field).joins and not row.entry.extra.get("round")
    return not joins and not had_landed(document, row)


def _is_displaced(after: Replica, row: Pending) -> bool:
    """Whether an edit of ours gave way to one whose writer did not know of it."""
    theirs = after.base.entries.get(row.field) if after.base else None
    if theirs is None or not _are_rivals(after, row.entry, theirs, row.field):
        return False
    return not was_seen_all_the_same(after.base, row, theirs)


def _is_overruled(after: Replica, row: Pending) -> bool:
    """Whether our unsent edit goes over one of another device that it had not seen."""
    theirs = after.base.entries.get(row.field) if after.base else None
    if theirs is None or theirs.stamp == NO_STAMP or not _are_rivals(after, row.entry, theirs, row.field):
        return False
    unseen = row.entry.basis < after.landed.get(row.field, after.rev)
    return row.corrected and unseen and after.view[row.field] is not theirs


def _are_rivals(after: Replica, ours: Entry, theirs: Entry, name: str) -> bool:
    """Whether one of two devices' edits has to give way."""
    if after.foreign or lines.is_held(after.schema, name, ours) or lines.is_held(after.schema, name, theirs):
        return False  # of the line, `ruling` names what loses
    others = clocks.device_of(theirs.stamp) != clocks.device_of(ours.stamp)
    return others and not after.schema.policy(name).joins and not same_value(ours, theirs)


def contested(after: Replica, names: Collection[str]) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """What loses by edits of ours, whose stamps have just become final: ours, and other devices'."""
    rows = [after.pending[name] for name in names if name in after.pending]
    displaced = {
        row.field: row.entry
        for row in rows
        if after.view[row.field].stamp != row.entry.stamp and _is_displaced(after, row)
    }
    return displaced, {row.field: _theirs(after, row) for row in rows if _is_overruled(after, row)}


def _theirs(after: Replica, row: Pending) -> Entry:
    assert after.base is not None
    return after.base.entries[row.field]


def _landed_by(replica: Replica, document: Document) -> Mapping[str, int]:
    """By which rev each entry of the document had landed: where it is new here, by the document's own."""
    base = None if replica.missing else replica.base
    known = base.entries if base is not None and base.rev <= document.rev else {}  # else the revs began anew
    news = {n: document.rev for n, entry in document.entries.items() if not _is_known(known.get(n), entry)}
    return {**replica.landed, **news} if news else replica.landed


def _is_known(known: Entry | None, entry: Entry) -> bool:
    return known is entry or (known is not None and known.stamp == entry.stamp)


def whole(after: Replica, remade: Mapping[str, Wish]) -> Mapping[str, Wish]:
    """With what the document has of the line beside it: the field of another version of the app. An own line
    that stands over it takes that along, or one line would bear two ranks."""
    line, rows = line_of(after), own_rows(after)
    left = {name: entry for name, entry in line.items() if name not in remade}
    made = next((wish for wish in remade.values() if isinstance(wish, Played)), None)
    if made is not None:
        return {**remade, **lines.remade(lines.values_of(left), Stamp(made.lease), Stamp(made.act))}
    if not rows or len({rank_of(entry) for entry in line.values()}) == 1:
        return remade
    if not all(row.corrected for row in rows.values()):
        return remade  # decided once their stamps are true
    lease_, act_, _ = lines.rank(line)
    return lines.remade(lines.values_of(line), lease_, act_)


def retimed(before: Replica, after: Replica) -> tuple[Replica, float]:
    """Edits have got their true stamps: a playhead that was set going here by the same wrong clock moves
    since its true time, too. One that was going already had that from another device. Gives, too, by how much
    the clock was behind when the line was written here; 0 = it was not."""
    known = before.base.entries if before.base is not None else {}
    rows, behind_ms = dict(after.pending), 0
    for name, row in own_rows(after).items():
        guess, entry = before.pending[name], row.entry
        if guess.corrected or not row.corrected:
            continue
        behind_ms = clocks.millis_of(entry.stamp) - clocks.millis_of(guess.entry.stamp)
        entry = _above(entry, guess.entry, lines.rank(lines.line_of(before.schema, known)))
        rows[name], head = replace(row, entry=entry), lines.playhead(entry.value)
        if head is not None and not (name in known and known[name].value == entry.value):
            value = replace(head, at=max(head.at + behind_ms, 0)).to_value()
            rows[name] = replace(row, entry=replace(entry, value=value))
    return (replace(after, pending=rows) if rows != after.pending else after), float(behind_ms)


def _above(entry: Entry, guess: Entry, known: Rank) -> Entry:
    """A press goes over the lease that it had seen, though the clock of an earlier start, which nobody knows
    any more, has given it too old a name."""
    if not lease_of(entry) <= known[0] < lease_of(guess):
        return entry
    lease_ = min(clocks.after(known[0], 0, clocks.device_of(entry.stamp)), entry.stamp)
    return replace(entry, extra={**entry.extra, LEASE: lease_, ACT: max(lease_, act_of(entry))})


def settle(replica: Replica) -> tuple[Replica, dict[str, int]]:
    """Without the rows that the base contains, as when a full disk was not told of it: field → seq."""
    settled = _settled(replica.schema, replica.base, replica.pending) if replica.base else {}
    if not settled:
        return replica, settled
    rest = {name: row for name, row in replica.pending.items() if name not in settled}
    return replace(replica, pending=rest), settled


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
    until it was past our rev. By the stamp alone, and in a line by its rank: an order to every policy."""
    theirs = document.entries.get(name)
    if theirs is None or (LEASE in theirs.extra) != (LEASE in entry.extra):
        return theirs is None or theirs.stamp < entry.stamp
    return rank_of(theirs) < rank_of(entry)


def _given_back(replica: Replica, name: str) -> Stamp:
    return replica.restored.get(name, NO_STAMP)


def _restored_by(replica: Replica, document: Document, rows: tuple[Pending, ...]) -> Mapping[str, Stamp]:
    """What is given back without a proof by rev or time is given back once: another device may object."""
    if not rows or _went_back(replica, document):
        return replica.restored
    return {**replica.restored, **{row.field: row.entry.stamp for row in rows}}


def _contains(schema: Schema, document: Document, name: str, entry: Entry) -> bool:
    theirs = document.entries.get(name)
    if theirs is None and lines.is_held(schema, name, entry):  # a line stands or falls whole
        return lines.rank(lines.line_of(schema, document.entries)) > rank_of(entry)
    return theirs is not None and schema.policy(name).contains(theirs, entry)
