"""What the server says of sessions is taken in: told, and then put on disk. Worker thread.

Invariant: told first; after a crash in between the server tells it again, and no edit that was made upon it
can be on disk before it is, for both go through this thread (docs/latency.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dalsegno._core import adoption, ruling
from dalsegno._core import replica as replicas
from dalsegno._core.adoption import Adopted
from dalsegno._core.document import Document, Pending
from dalsegno._core.orders import newest_in
from dalsegno._core.ports import Batch
from dalsegno._core.replica import Replica
from dalsegno._core.ruling import Ruling, rule
from dalsegno._core.screen import FieldAdvice
from dalsegno._core.types import DeviceId, Micros, Origin, SessionId, Value
from dalsegno._sync import outcome
from dalsegno._sync.lines import Lines
from dalsegno._sync.open_session import OpenSession, SessionsInMemory, changed_on_disk
from dalsegno._sync.places import Places, Plan
from dalsegno._sync.server_time import ServerTime

Become = Callable[[SessionId, Replica, Origin, Mapping[str, FieldAdvice]], None]


@dataclass(slots=True)
class EditNumbers:
    """The numbers of edits, of this store for ever: `Pending.seq`."""

    last: int = 0


class Hearing:
    """`write` says whether the disk took it; `become`: the session is so from now on."""

    def __init__(
        self,
        device: DeviceId,
        open_sessions: SessionsInMemory,
        places: Places,
        lines: Lines,
        server_time: ServerTime,
        numbers: EditNumbers,
        write: Callable[[Batch], bool],
        become: Become,
    ) -> None:
        self._device, self._open_sessions = device, open_sessions
        self._places, self._lines, self._server_time = places, lines, server_time
        self._numbers, self._write, self._become = numbers, write, become

    def adopt(
        self,
        session: SessionId,
        document: Document,
        tokens: Mapping[str, bytes],
        as_of: Micros = adoption.LONG_AGO,
    ) -> bool:
        """A document from the server becomes the base; what it contains leaves the outbox.

        False: the disk did not take it, and no resume token must vouch for it.
        """
        open_session, kept = self._open_sessions[session], False
        self._lines.wake()
        for entry in document.entries.values():
            self._server_time.clock.observe(newest_in(entry))
        before, noted = open_session.replica, open_session.notes
        adopted = self._found(open_session, document, as_of)
        notes = open_session.notes_after(adopted.replica)
        open_session.garbled, open_session.problems = "", notes.problems
        plan = self._hear(open_session, adopted)
        kept_of_line = self._told(open_session)
        same = open_session.has_on_disk(document) and adopted.replica.pending == before.pending
        if same and not plan.kept and not kept_of_line:
            return True  # our own echo, mostly: the commit's answer was faster
        if adopted.replica is not before:
            self._numbers.last += bool(adopted.restored)
            # A field of a line that is never sent may be gone altogether: no outcome is to be told of it.
            told_of = replicas.without(before, before.pending.keys() - adopted.replica.view.keys())
            lost = {} if open_session.users else outcome.outcomes(told_of, adopted.replica, self._device)
            untold = outcome.added(open_session.untold, lost)
            kept_here = {**outcome.to_keep(open_session.untold, untold), **plan.kept, **kept_of_line}
            has_moved = adopted.replica.landed is not before.landed
            kept = self._write(
                Batch(
                    bases={session: document},
                    changed=changed_on_disk(open_session, document),
                    pending={session: adopted.restored} if adopted.restored else {},
                    acked={session: adopted.settled} if adopted.settled else {},
                    landed={session: adopted.replica.landed} if has_moved else {},
                    parked={session: notes.text} if notes != noted else {},
                    local={session: kept_here} if kept_here else {},
                    tokens=tokens,
                    newest_stamp=self._server_time.clock.settled,
                )
            )
            open_session.untold = untold
        open_session.on_disk = document if kept else open_session.on_disk
        return kept

    def _found(self, open_session: OpenSession, document: Document, as_of: Micros) -> Adopted:
        before = open_session.replica
        origin = self._origin()
        ruled = rule(before, document, self._lines.moment(open_session))
        adopted = adoption.adopt(ruled.replica, document, origin, as_of)
        if adopted.replica is ruled.replica:  # it is older than what is known
            return Adopted(before, {}, ())
        return self._ruled(ruled, adopted, origin)

    def _origin(self) -> Pending:
        clock, server_time = self._server_time.clock, self._server_time
        return replicas.origin_of(self._numbers.last + 1, server_time.device_ms(), True, clock.settled)

    def _ruled(self, ruled: Ruling, adopted: Adopted, origin: Pending) -> Adopted:
        """With what becomes of the line."""
        after, rows = adopted.replica, list[Pending]()
        if remade := adoption.whole(after, ruled.remade):
            final = self._server_time.server.known
            made = self._server_time.clock.tick(self._server_time.now_ms(), final=final)
            after, rows, _ = replicas.edit(after, remade, made, replace(origin, corrected=final))
        return replace(
            adopted,
            replica=after,
            settled={**adopted.settled, **ruled.dropped},
            restored=(*adopted.restored, *rows),
            overruled={**adopted.overruled, **ruled.offered},
            withdrawn=ruled.withdrawn,
            kept=ruled.kept,
        )

    def look(self, session: SessionId) -> None:
        """The stream says that the document is as it is known: whose music it is, is decided by that before
        anything of the line is sent."""
        open_session = self._open_sessions[session]
        self._lines.wake()
        base = open_session.replica.newest
        if base is not None and ruling.line_of(open_session.replica):
            ruled = rule(open_session.replica, base, self._lines.moment(open_session, news=False))
            self._decided(open_session, self._ruled(ruled, Adopted(ruled.replica, {}, ()), self._origin()))
        if kept_here := self._told(open_session):
            self._write(Batch(local={session: kept_here}))

    def _told(self, open_session: OpenSession) -> dict[str, Value]:
        """The document was told; the local field that keeps what is known by that."""
        before, open_session.played = open_session.played, self._lines.told(open_session)
        return open_session.played.to_keep(before)

    def restamped(self, session: SessionId, after: Replica) -> None:
        """Edits have got their true stamps: what loses by that is known now."""
        open_session = self._open_sessions[session]
        before = open_session.replica.pending
        final = [n for n, row in after.pending.items() if row.corrected and not before[n].corrected]
        if not final:
            return
        after, behind_ms = adoption.retimed(open_session.replica, after)
        self._heard_anew(open_session, behind_ms)
        found = Adopted(after, {}, ())
        if after.newest is not None and self._lines.was_told(open_session):
            ruled = rule(after, after.newest, self._lines.moment(open_session))
            found = self._ruled(ruled, Adopted(ruled.replica, {}, ()), self._origin())
        displaced, overruled = adoption.contested(found.replica, final)
        self._decided(
            open_session, replace(found, displaced=displaced, overruled={**found.overruled, **overruled})
        )

    def _heard_anew(self, open_session: OpenSession, behind_ms: float) -> None:
        """Until when the line was heard was told by a clock that was so much behind."""
        played = open_session.played
        if behind_ms and played.heard_ms != ruling.NEVER:
            open_session.played = replace(played, heard_ms=played.heard_ms + behind_ms)
            self._write(Batch(local={open_session.replica.id: open_session.played.to_keep(played)}))

    def _decided(self, open_session: OpenSession, found: Adopted) -> None:
        """The same document, and another line."""
        session, before = open_session.replica.id, open_session.replica
        if found.replica is before and not (found.kept or found.withdrawn or found.overruled):
            return
        self._numbers.last += bool(found.restored)
        plan = self._hear(open_session, found)
        if plan.kept or found.restored or found.settled:
            self._write(
                Batch(
                    pending={session: found.restored} if found.restored else {},
                    acked={session: found.settled} if found.settled else {},
                    local={session: plan.kept} if plan.kept else {},
                    newest_stamp=self._server_time.clock.settled,
                )
            )

    def missing(self, session: SessionId, as_of: Micros) -> None:
        """The server has no document. What is known here stays, and is written whole with the next edit."""
        open_session = self._open_sessions[session]
        open_session.garbled = ""
        base = open_session.replica.base
        missing = base is not None and base.update_time <= as_of
        after = replace(open_session.replica, missing=missing, absent=base is None)
        self._become(session, after, Origin.REMOTE, {})

    def _hear(self, open_session: OpenSession, found: Adopted) -> Plan:
        """The session is so now, by what the server said."""
        plan = self._places.heard(open_session, found, self._server_time.now_ms())
        self._places.take_effect(open_session, plan)
        self._become(open_session.replica.id, found.replica, Origin.REMOTE, plan.advice)
        return plan
