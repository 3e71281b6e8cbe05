"""What a document does to the line of a session that this device knows: who sounds, and what is kept. Pure.

Three steps around the adoption of the document: `rule` decides before it, upon what is known here, and takes
away what is never sent; the document is adopted; `Ruling.remade` is then the line that this device writes, if
it does. Invariant: a place that was heard, and that neither line covers, is named, so that it becomes a mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from dalsegno._core import clock as clocks
from dalsegno._core import line as lines
from dalsegno._core.clock import device_of, millis_of
from dalsegno._core.document import NO_STAMP, Document, Entry, Pending
from dalsegno._core.lease import (
    BRIEF_MS,
    FRESH_MS,
    UNSENT_MS,
    Besides,
    Case,
    Claim,
    Known,
    Verdict,
    holder_of,
    is_after,
    reclaim,
)
from dalsegno._core.line import Line
from dalsegno._core.record import record
from dalsegno._core.replica import Replica, had_landed, was_seen_all_the_same
from dalsegno._core.types import DeviceId, Stamp
from dalsegno._core.wishes import Wish

NEVER = float("-inf")


@record(frozen=True, slots=True)
class Moment:
    """What the engine knows beside the documents, at one look.

    now_ms     the server's time
    opened     whether an app has the session open;  sounding: whether the line is heard here now
    heard_ms   when the line was last heard here; `NEVER`
    began_ms   since when this device sounds; `NEVER`
    gone_ms    at the first look after a time without a connection: when that had ended; None = no such look
    unlooked   this device's claim was made without a connection, and nobody has looked since
    news       the document may be another than was known
    """

    here: DeviceId
    now_ms: float
    opened: bool = True
    sounding: bool = False
    heard_ms: float = NEVER
    began_ms: float = NEVER
    gone_ms: float | None = None
    unlooked: bool = False
    news: bool = True


@record(frozen=True, slots=True)
class Ruling:
    """
    replica    without what is never sent;  dropped: field → seq of those rows
    remade     the line that this device writes once the document is known; empty = none
    withdrawn  the own place that gave way unsent: a mark, and what stands is offered
    kept       places that become marks, and no more
    offered    the document's place, which becomes a mark and is offered
    """

    verdict: Verdict
    replica: Replica
    dropped: Mapping[str, int] = field(default_factory=dict)
    remade: Mapping[str, Wish] = field(default_factory=dict)
    withdrawn: Line = field(default_factory=dict)
    kept: tuple[Line, ...] = ()
    offered: Line = field(default_factory=dict)


def own_rows(replica: Replica) -> dict[str, Pending]:
    """The rows of the line in the outbox."""
    return {n: row for n, row in replica.pending.items() if lines.is_held(replica.schema, n, row.entry)}


def own_lease(replica: Replica, here: DeviceId) -> Stamp:
    """The newest lease of this device, sent or not; `NO_STAMP` = it has none."""
    found = [lines.lease(line_of(replica))]
    holder = holder_of(replica.base)
    found += [holder.lease] if holder is not None else []
    return max((lease for lease in found if lease != NO_STAMP and device_of(lease) == here), default=NO_STAMP)


def line_of(replica: Replica) -> dict[str, Entry]:
    """The line as this device shows it."""
    return lines.line_of(replica.schema, replica.view)


def lease_shown(replica: Replica) -> Stamp:
    """The lease of the line as this device shows it."""
    return lines.lease(line_of(replica))


def sounds(replica: Replica, here: DeviceId) -> bool:
    """Whether this device is the one that plays: under its own lease the line moves."""
    line = line_of(replica)
    return lines.held_by(line) == here and lines.moving(line)


def rule(replica: Replica, document: Document, moment: Moment) -> Ruling:
    """What this document does to the line."""
    theirs, rows = lines.line_of(replica.schema, document.entries), own_rows(replica)
    if not theirs and not rows:
        return Ruling(Verdict.STAND, replica)
    if document.schema.partition("/")[0] != replica.schema.name:
        return Ruling(Verdict.STAND, replica)
    if not all(row.corrected for row in rows.values()):
        return Ruling(Verdict.STAND, replica)  # decided once their stamps are true
    case = _case(replica, document, theirs, rows, moment)
    verdict, besides = reclaim(case)
    meeting = _Meeting(replica, document, theirs, rows, moment)
    match verdict:
        case Verdict.STAND:
            return meeting.stand(case.claim)
        case Verdict.WITHDRAW:
            return meeting.withdraw()
        case Verdict.YIELD:
            return meeting.give_way()
        case _:
            return meeting.hold(verdict, besides)


def _case(
    replica: Replica, document: Document, theirs: Line, rows: Mapping[str, Pending], moment: Moment
) -> Case:
    own, holder = own_lease(replica, moment.here), holder_of(document)
    other = max(holder.lease if holder is not None else NO_STAMP, lines.lease(theirs))
    if other != NO_STAMP and device_of(other) == moment.here:
        own = max(own, other)  # taken here, and a full disk was not told of it
    if own == NO_STAMP:
        return Case(Claim.NONE, False, False, False, Known.KNOWN)
    claim = Claim.SAME if own == other else Claim.NEWER if own > other else Claim.OLDER
    here = moment.sounding
    there = holder is not None and holder.device != moment.here and holder.until_ms > moment.now_ms
    apart = moment.unlooked and not here
    if claim is Claim.OLDER:
        apart = moment.gone_ms is not None and is_after(other, moment.gone_ms)
    known = Known.KNOWN
    if any(row.blind for row in rows.values()):
        known = Known.BRIEFLY if moment.now_ms - moment.began_ms < BRIEF_MS else Known.LONG
    return Case(claim, here, there and lines.moving(theirs), apart, known)


class _Meeting:
    """One line of this device's and the document's."""

    def __init__(
        self,
        replica: Replica,
        document: Document,
        theirs: Line,
        rows: Mapping[str, Pending],
        moment: Moment,
    ) -> None:
        self._replica, self._document, self._theirs = replica, document, theirs
        self._rows, self._moment = rows, moment
        # Not as it is shown: before its stamps were true the document may have been shown in its place.
        self._ours: Line = {name: row.entry for name, row in rows.items()} or line_of(replica)
        self._at_rest = lines.settled(theirs, lines.alive_ms(document, theirs, moment.now_ms))

    # --- verdicts ---

    def stand(self, claim: Claim) -> Ruling:
        ruling = Ruling(Verdict.STAND, self._replica)
        if self._has_lapsed():
            return self.withdraw()
        if claim is Claim.SAME and self._commands():
            return replace(ruling, remade=self._obeyed(), kept=self._unseen_ours())
        return replace(ruling, kept=(*self._unseen_ours(), *self._unseen_theirs()))

    def withdraw(self) -> Ruling:
        """Never sent. It may have arrived all the same, if an answer was lost: then it stood, and is over."""
        if not self._rows or self._arrived():
            return Ruling(Verdict.STAND, self._replica)
        place = lines.settled(self._ours, self._heard_ms())
        # Whoever took over where this was heard left nothing behind, however far they are by now.
        far = (lines.is_elsewhere(place, self._at_rest), lines.is_elsewhere(place, self._theirs))
        withdrawn = place if all(far) else {}
        return replace(self._dropped(Verdict.WITHDRAW), withdrawn=withdrawn)

    def give_way(self) -> Ruling:
        heard = self._heard()
        kept = (heard,) if heard and lines.is_beyond(heard, self._theirs) else ()
        return replace(self._dropped(Verdict.YIELD), kept=kept)

    def hold(self, verdict: Verdict, besides: Besides) -> Ruling:
        ruling = Ruling(verdict, self._replica)
        if verdict is Verdict.SETTLE and lines.moving(self._ours):  # it has slept before that was decided
            heard = lines.values_of(lines.settled(self._ours, self._heard_ms()))
            ruling = replace(ruling, remade=lines.remade(heard, *lines.rank(self._ours)[:2]))
        if besides is Besides.JUMP and self._theirs:
            return self._jump(verdict)
        kept = self._unseen_theirs()
        if verdict is Verdict.RECLAIM:
            ruling = replace(self._dropped(verdict), remade=self._under(self._lease_just_after()))
            kept = self._theirs_elsewhere(self._ours)
        if besides is Besides.OFFER:
            known = ruling if ruling.remade else replace(self._dropped(verdict), remade=self._knowingly())
            return replace(known, offered=self._at_rest)
        return replace(ruling, kept=kept)

    def _jump(self, verdict: Verdict) -> Ruling:
        """Somebody had meant: play on."""
        lease = self._lease_just_after() if verdict is Verdict.RECLAIM else lines.lease(self._ours)
        rate, now_ms = lines.rate_of(self._ours), self._moment.now_ms
        values = lines.resumed(lines.values_of(self._at_rest), now_ms, rate)
        ours = lines.settled(self._ours, now_ms)
        kept = (ours,) if lines.is_elsewhere(ours, self._at_rest) else ()
        remade = lines.remade({**lines.values_of(self._ours), **values}, lease, lease)
        return replace(self._dropped(verdict), remade=remade, kept=kept)

    # --- parts of them ---

    def _dropped(self, verdict: Verdict) -> Ruling:
        left = {n: row for n, row in self._replica.pending.items() if n not in self._rows}
        seqs = {name: row.seq for name, row in self._rows.items()}
        return Ruling(verdict, replace(self._replica, pending=left), seqs)

    def _under(self, lease: Stamp) -> Mapping[str, Wish]:
        values = {**lines.values_of(self._theirs), **lines.values_of(self._ours)}
        return lines.remade(values, lease, lines.act(self._ours))

    def _knowingly(self) -> Mapping[str, Wish]:
        """The own line, which is not blind any more: that is decided once."""
        return lines.remade(lines.values_of(self._ours), *lines.rank(self._ours)[:2])

    def _lease_just_after(self) -> Stamp:
        holder = holder_of(self._document)
        assert holder is not None
        return clocks.after(holder.lease, 0, self._moment.here)

    def _heard_ms(self) -> float:
        """Until when the line was heard here; one that does not move was heard where it stands."""
        heard_ms = self._moment.heard_ms
        return heard_ms if heard_ms != NEVER else float(millis_of(lines.rank(self._ours)[2]))

    def _heard(self) -> Line:
        """The place that was last heard here, under a name of its own: when that was."""
        if not self._moment.sounding:
            return {}
        stamp = clocks.stamp(int(self._heard_ms()), 0, self._moment.here)
        place = lines.settled(self._ours, self._heard_ms())
        return {name: replace(entry, stamp=stamp) for name, entry in place.items()}

    def _arrived(self) -> bool:
        return any(had_landed(self._document, row) for row in self._rows.values())

    # --- remote control ---

    def _has_lapsed(self) -> bool:
        """A command of this device's for another that sounds, and that could not be sent for too long."""
        rows, here = self._rows.values(), self._moment.here
        if not rows or lines.held_by(self._ours) == here or self._arrived():
            return False
        if any(device_of(row.entry.stamp) != here for row in rows):
            return False  # no command, but what the server has lost of another device's
        holder = holder_of(self._document)
        there = holder is not None and holder.until_ms > self._moment.now_ms and lines.moving(self._theirs)
        made_ms = max(millis_of(row.entry.stamp) for row in rows)
        return there and self._moment.now_ms - made_ms > UNSENT_MS

    def _commands(self) -> bool:
        """Whether the document says: play, to this device, which is silent. Mostly another has said so."""
        if self._moment.sounding or not lines.moving(self._theirs):
            return False
        return lines.rank(self._theirs) >= lines.rank(self._ours)

    def _obeyed(self) -> Mapping[str, Wish]:
        """The line with the lease renewed, for it sounds from now on; or put to rest, if the command came
        too late, or from one who had not seen what was done here last."""
        lease, act = lines.rank(self._theirs)[:2]
        if self._is_fresh(act):
            return lines.remade(lines.values_of(self._theirs), lease, act)
        began = lines.settled(self._theirs, self._begun_ms())
        return lines.remade(lines.values_of(began), lease, act)

    def _begun_ms(self) -> float:
        """Until when it was heard, if anybody heard it: a command that starts no sound, nobody."""
        written = lines.rank(self._theirs)[2]
        own = device_of(written) == self._moment.here
        return self._heard_ms() if own else float(millis_of(written))

    def _is_fresh(self, act: Stamp) -> bool:
        by_another = device_of(lines.rank(self._theirs)[2]) != self._moment.here
        if not (by_another and self._moment.opened):
            return False
        if self._moment.now_ms - millis_of(act) > FRESH_MS:
            return False
        own = lines.act(self._ours)
        if own == NO_STAMP or device_of(own) != self._moment.here:
            return True
        if self._rows:
            known = ((self._theirs.get(n), row) for n, row in self._rows.items())
            return all(e is None or was_seen_all_the_same(self._document, r, e) for e, r in known)
        landed = (self._replica.landed.get(name, self._replica.rev) for name in self._ours)
        return min(entry.basis for entry in self._theirs.values()) >= max(landed, default=0)

    # --- what loses without a word ---

    def _unseen_ours(self) -> tuple[Line, ...]:
        """Our unsent line, where one stands over it that had not seen it."""
        ours = {name: row.entry for name, row in self._rows.items()}
        if not ours or lines.rank(ours) >= lines.rank(self._theirs):
            return ()
        found = ((self._theirs.get(name), row) for name, row in self._rows.items())
        seen = all(e is not None and was_seen_all_the_same(self._document, r, e) for e, r in found)
        place = lines.settled(ours, self._moment.now_ms)
        return () if seen or not lines.is_elsewhere(place, self._at_rest) else (place,)

    def _unseen_theirs(self) -> tuple[Line, ...]:
        """The document's line, where ours stands over it and had not seen it."""
        ours = {name: row.entry for name, row in self._rows.items()}
        if not ours or not self._moment.news or lines.rank(ours) <= lines.rank(self._theirs):
            return ()
        base, landed = self._replica.base, self._replica.landed
        known = lines.line_of(self._replica.schema, base.entries) if base is not None else {}
        if lines.rank(known) >= lines.rank(self._theirs):
            landed_at = max((landed.get(name, self._replica.rev) for name in self._theirs), default=0)
            if min(entry.basis for entry in ours.values()) >= landed_at:
                return ()
        return self._theirs_elsewhere(ours)

    def _theirs_elsewhere(self, ours: Line) -> tuple[Line, ...]:
        """The document's line, if another device left it at another place than ours."""
        by = lines.rank(self._theirs)[2]
        if not self._theirs or by == NO_STAMP or device_of(by) == self._moment.here:
            return ()
        at_rest = lines.settled(ours, self._moment.now_ms)
        return (self._at_rest,) if lines.is_elsewhere(self._at_rest, at_rest) else ()
