"""Sends what the outboxes owe: one commit in flight per session, compare-and-set, at most one a second.

Runs on the worker thread. The first edit goes at once; the ones that follow within a second go together.
Invariant: a commit is applied only to the very document it was made for (its precondition), and after a
doubtful outcome that document is looked at first; so every edit is applied exactly once. What a session waits
for is `Lane.state`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable

from dalsegno._core import document_serializer
from dalsegno._core.backoff import Backoff
from dalsegno._core.document import Document
from dalsegno._core.messages import CommitFailed, Committed, ReadDone, ReadFailed, RpcError, Snapshot
from dalsegno._core.ports import Remote, Time, Timers
from dalsegno._core.rpc_error import TRANSPORT, Call, Disposition, disposition
from dalsegno._core.types import Micros, Problem, SessionId
from dalsegno._core.upload_state import ON_ITS_WAY, UploadEvent, UploadState
from dalsegno._sync.devices.registration import SignInView, Verdict
from dalsegno._sync.hurry import Hurry
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.open_session import OpenSession
from dalsegno._sync.upload_lane import INTERVAL_MS, Flight, Lane
from dalsegno._sync.upload_problems import is_stuck, problems_of, reason_of

log = logging.getLogger("dalsegno")


class Uploader:
    """Sends; what it must know of the rest of the engine, it is given.

    fresh       whether a session's document has been heard on the present stream, or read beside it
    has_turn    whether it may be sent though nobody listens to it
    adopt       gets what was read, and as of when
    sign_in     whether edits may be sent
    suspect     is called when a commit got no answer: the way to the server may be dead
    """

    def __init__(
        self,
        local_store: LocalStore,
        time: Time,
        timers: Timers,
        random: Callable[[], float],
        fresh: Callable[[SessionId], bool],
        adopt: Callable[[SessionId, Snapshot | None, Micros], None],
        has_turn: Callable[[SessionId], bool],
        sign_in: SignInView,
        suspect: Callable[[], None],
    ) -> None:
        self._local_store, self._time, self._timers, self._random = local_store, time, timers, random
        self._fresh, self._adopt, self._has_turn = fresh, adopt, has_turn
        self._sign_in, self._suspect = sign_in, suspect
        self._remote: Remote | None = None
        self._lanes: dict[SessionId, Lane] = {}
        self._tickets: dict[int, SessionId] = {}
        self._ticket = 0
        self._hurry = Hurry(time, lambda: local_store.owes)

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    # --- when to send ---

    def poke(self, session: SessionId) -> None:
        """Sends what the session owes as soon as it may be sent; harmless when it owes nothing."""
        self._hurry.look()
        open_session = self._local_store.open_sessions.get(session)
        if open_session is None:
            return
        lane = self._lane(session)
        lane.look(open_session, self._local_store.now_ms())
        if not self._may_send(session, open_session, lane):
            return
        pace_ms = lane.wait_ms(open_session, self._time.steady_ms(), hurry=self._hurry.on)
        wait_ms = pace_ms if self._local_store.ready() else INTERVAL_MS
        if wait_ms > 0:
            self._timers.set(f"commit:{session}", wait_ms, lambda: self.poke(session))
            return
        if lane.state is UploadState.READY and not self._fresh(session) and not open_session.may_go_unheard:
            lane.becomes(UploadEvent.UNHEARD)
            lane.accused, lane.generation = list(lane.turn(open_session)), self._sign_in.generation
        if lane.state is UploadState.IN_DOUBT:
            self._read(session, lane)
        else:
            self._send(session, open_session, lane)

    def urge(self, session: SessionId) -> None:
        """Somebody waits for the next commit: it is not collected with what follows."""
        self._lane(session).last_ms = float("-inf")

    def hurry(self, for_ms: float, *, leaving: bool = False) -> None:
        """No collecting of what is owed now; of whatever comes, where the app is leaving."""
        self._hurry.begin(for_ms, leaving=leaving)
        self.poke_all()

    def refreshed(self, session: SessionId) -> None:
        """The stream told how the document stands: that settles what a lost answer left in doubt."""
        lane = self._lane(session)
        if lane.doubtful is not None and lane.doubtful.code not in TRANSPORT:
            settled = lane.state in (UploadState.IN_DOUBT, UploadState.READING)
            settled = settled and self._has_moved(session, lane)
        else:
            settled = lane.state is UploadState.IN_DOUBT
        if settled:
            self._tickets.pop(lane.read, None)  # no need to wait for what a read would tell
            lane.doubtful, lane.refused, lane.read = None, None, 0
            lane.becomes(UploadEvent.HEARD)
        self.poke(session)

    def poke_all(self) -> None:
        """This device may send again."""
        for session in list(self._local_store.open_sessions.owing):
            self.poke(session)

    def forget(self, session: SessionId) -> None:
        """The session is out of memory: nothing is owed, nothing in flight."""
        lane = self._lanes.get(session)
        if lane is not None and lane.state not in ON_ITS_WAY:
            del self._lanes[session]
            self._timers.cancel(f"commit:{session}")

    def rests(self, session: SessionId) -> bool:
        """Whether it waits, after a failure, before it tries again."""
        lane = self._lanes.get(session)
        return lane is not None and lane.not_before_ms > self._time.steady_ms()

    def _may_send(self, session: SessionId, open_session: OpenSession, lane: Lane) -> bool:
        may_go = self._fresh(session) or self._has_turn(session)
        return self._remote is not None and self._sign_in.open and may_go and lane.has_work(open_session)

    def _lane(self, session: SessionId) -> Lane:
        if session not in self._lanes:
            self._lanes[session] = Lane(Backoff(self._random), Backoff(self._random))
        return self._lanes[session]

    # --- sending ---

    def _send(self, session: SessionId, open_session: OpenSession, lane: Lane) -> None:
        assert self._remote is not None
        replica = open_session.replica
        base, entries = replica.newest, lane.turn(open_session)
        now, device = self._time.steady_ms(), self._local_store.device
        left = [row.entry.stamp for name, row in replica.pending.items() if name not in entries]
        under, lane.last_ms = self._sign_in.generation, now
        holder = self._local_store.lines.held(replica, base, entries)
        lane.flight = Flight(self._next(session), entries, base, replica.label, now, under, left, holder)
        lane.becomes(UploadEvent.SEND)
        write = document_serializer.write_of(session, replica.label, base, entries, device, left, holder)
        self._remote.commit(lane.flight.ticket, [write])

    def _read(self, session: SessionId, lane: Lane) -> None:
        assert self._remote is not None
        lane.read = self._next(session)
        lane.becomes(UploadEvent.READ)
        self._remote.read(lane.read, ("sessions", session))

    def _next(self, session: SessionId) -> int:
        self._ticket += 1
        self._tickets[self._ticket] = session
        return self._ticket

    # --- what came of it ---

    def handle_response(self, event: Committed | CommitFailed | ReadDone | ReadFailed) -> None:
        """The answer to a commit or a read."""
        session = self._tickets.pop(event.ticket, None)
        if session is None:
            return
        lane = self._lane(session)
        match event:
            case Committed():
                self._committed(session, lane, event)
            case CommitFailed():
                self._failed(session, lane, event.fault)
            case ReadDone():
                self._read_done(session, lane, event)
            case ReadFailed():
                lane.read = 0
                self._read_failed(session, lane, event.fault)
        if session not in self._local_store.open_sessions:
            self.forget(session)

    def _committed(self, session: SessionId, lane: Lane, event: Committed) -> None:
        flight, lane.flight = lane.flight, None
        assert flight is not None
        lane.becomes(UploadEvent.COMMITTED)
        lane.arrived(self._time.steady_ms() - flight.sent_ms)
        self._local_store.heard(event.commit_time, flight.sent_ms)
        open_session = self._local_store.open_sessions.get(session)
        if open_session is not None:
            if lane.is_retry(list(flight.entries), open_session):
                lane.patience.reset()
            document = flight.landed(self._local_store.device, event.update_time)
            self._local_store.hearing.adopt(session, document, {})
            self._local_store.refusals.accept(session, flight.entries)
        self.poke(session)

    def _failed(self, session: SessionId, lane: Lane, fault: RpcError) -> None:
        flight, lane.flight = lane.flight, None
        assert flight is not None
        lane.accused, lane.generation = list(flight.entries), flight.generation
        match disposition(fault.code, Call.COMMIT):
            case Disposition.REREAD if fault.code in TRANSPORT:
                lane.doubtful = fault
                lane.becomes(UploadEvent.LOST)
                if fault.code in ("DEADLINE_EXCEEDED", "UNAVAILABLE") and not fault.aside:
                    self._suspect()  # first: no use in reading again on a dead channel
                self._later(session, lane, fault, Call.COMMIT)
            case Disposition.REREAD | Disposition.GONE:
                self._refused_on_a_document(session, lane, fault, flight.base)
            case Disposition.DENIED:
                lane.becomes(UploadEvent.REJECTED)
                self._blame(session, lane, fault)
            case _:
                lane.becomes(UploadEvent.LATER)
                self._later(session, lane, fault, Call.COMMIT)

    def _refused_on_a_document(
        self, session: SessionId, lane: Lane, fault: RpcError, base: Document | None
    ) -> None:
        """Perhaps only because the document has moved; if nobody has told that yet, it must be read."""
        lane.refused = base
        moved = self._has_moved(session, lane)
        lane.doubtful = None if moved else fault
        lane.becomes(UploadEvent.MOVED if moved else UploadEvent.STALE)
        lane.last_ms = float("-inf")  # it was not applied: the try does not count against the pace
        if fault.code == "ABORTED":
            self._later(session, lane, fault, Call.COMMIT)
        else:
            self.poke(session)

    def _has_moved(self, session: SessionId, lane: Lane) -> bool:
        """Whether the stream has told already what the refused commit did not know of.

        Then it goes again at once: whoever read again first would be overtaken, on a slow link for ever, by a
        device that commits as often as the link allows.
        """
        open_session = self._local_store.open_sessions.get(session)
        return open_session is not None and not lane.refused_upon(open_session.replica.newest)

    def _read_done(self, session: SessionId, lane: Lane, event: ReadDone) -> None:
        lane.read = 0
        fault, lane.doubtful = lane.doubtful, None
        unmoved = fault is not None and fault.code not in TRANSPORT and lane.refused_upon(event.snapshot)
        if session not in self._local_store.open_sessions:
            lane.becomes(UploadEvent.ANSWERED)
            return
        if fault is not None and unmoved and fault.code == "PERMISSION_DENIED":
            lane.doubtful = fault  # until it is known why
            self._ask(session, lane, fault)
            return
        lane.refused = None
        lane.becomes(UploadEvent.ANSWERED)
        if fault is not None and unmoved and fault.code != "ABORTED":  # that has waited already
            # Nothing moved, and yet the server says so: asking again at once would only spin.
            lane.not_before_ms = self._time.steady_ms() + lane.backoff.next_ms()
        self._adopt(session, event.snapshot, event.read_time)
        self.poke(session)

    def _read_failed(self, session: SessionId, lane: Lane, fault: RpcError) -> None:
        if disposition(fault.code, Call.READ) is not Disposition.DENIED:
            lane.becomes(UploadEvent.UNANSWERED)
            self._later(session, lane, fault, Call.READ)
        elif fault.code == "PERMISSION_DENIED":
            self._ask(session, lane, fault)
        else:
            lane.becomes(UploadEvent.REJECTED)
            self._blame(session, lane, fault)

    def _later(self, session: SessionId, lane: Lane, fault: RpcError, call: Call) -> None:
        """The wait grows with every failure in a row."""
        match disposition(fault.code, call):
            case Disposition.WAIT:
                lane.backoff.to_most()
            case Disposition.REFRESH:
                assert self._remote is not None
                self._remote.drop_token()
            case _:
                pass
        lane.not_before_ms = self._time.steady_ms() + lane.backoff.next_ms()
        self.poke(session)

    def _ask(self, session: SessionId, lane: Lane, fault: RpcError) -> None:
        """Refused, and not because the document has moved: for this edit's sake, or for this device's?"""
        lane.becomes(UploadEvent.ASK)
        if lane.generation != self._sign_in.generation:
            self._told_why(session, lane, fault, Verdict.ANEW)
        else:
            self._sign_in.ask(lambda verdict: self._told_why(session, lane, fault, verdict))

    def _told_why(self, session: SessionId, lane: Lane, fault: RpcError, verdict: Verdict) -> None:
        match verdict:
            case Verdict.STANDS:
                lane.becomes(UploadEvent.STANDS)
                self._blame(session, lane, fault)
                return
            case Verdict.UNKNOWN:
                lane.becomes(UploadEvent.UNKNOWN)
                lane.not_before_ms = self._time.steady_ms() + lane.backoff.next_ms()
            case Verdict.ANEW | Verdict.ENDED:
                lane.becomes(UploadEvent.ANEW)
                lane.doubtful = lane.refused = None
        self.poke(session)

    def _blame(self, session: SessionId, lane: Lane, fault: RpcError) -> None:
        """The last commit is refused as it stands: a single field is to blame for that, or a half of them.

        Whatever comes next is a commit: what was in doubt here has been decided.
        """
        lane.doubtful = lane.refused = None
        open_session = self._local_store.open_sessions.get(session)
        if open_session is None:
            return
        now = self._time.steady_ms()
        if lane.is_retry(lane.accused, open_session):
            lane.retry_at_ms = now + lane.patience.next_ms()
        else:
            lane.not_before_ms = now + lane.backoff.next_ms()
        if lane.can_be_split(lane.accused, open_session):
            lane.split(open_session.line)
        else:
            for name in lane.accused:
                log.warning("the server refuses an edit of field %s: %s %s", name, fault.code, fault.message)
                self._local_store.refusals.refuse(session, name, reason_of(fault), fault.code)
        self.poke(session)

    # --- how it stands ---

    def problems(self, session: SessionId) -> list[Problem]:
        """What the server refuses of this session's edits, longest first; '' = its document is at fault."""
        open_session = self._local_store.open_sessions.get(session)
        if open_session is None:
            return []
        lane = self._lane(session)
        lane.look(open_session, self._local_store.now_ms())
        return problems_of(open_session, lane)

    def stuck(self, sessions: Collection[SessionId]) -> bool:
        """Whether nothing that these owe can be sent before an edit, a new connection or a new sign-in."""
        if len(sessions) > len(self._local_store.open_sessions.troubled):
            return False
        found = ((self._local_store.open_sessions[s], self._lanes.get(s)) for s in sessions)
        return all(is_stuck(open_session, lane) for open_session, lane in found)

    def in_flight(self) -> Iterable[SessionId]:
        return [s for s, lane in self._lanes.items() if lane.state in ON_ITS_WAY]
