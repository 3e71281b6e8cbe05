"""Sends what the outboxes owe: one commit in flight per session, compare-and-set, at most one a second.

Runs on the worker thread. The first edit goes at once; the ones that follow within a second go together.
Invariant: a commit is sent only against a base that was heard on the present stream, or read again after a
doubtful outcome; so every edit is applied exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dalsegno._core import document_serializer
from dalsegno._core.backoff import Backoff
from dalsegno._core.document import Document, Entry
from dalsegno._core.ports import (
    CommitFailed,
    Committed,
    ReadDone,
    ReadFailed,
    Remote,
    RpcError,
    Snapshot,
    Time,
    Timers,
)
from dalsegno._core.rpc_error import Call, Disposition, disposition
from dalsegno._core.types import Micros, SessionId
from dalsegno._sync.devices.registration import Registration, Verdict
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.open_session import OpenSession

INTERVAL_MS = 1_000.0
"""Firestore's guidance: about one sustained write per second and document."""

FAIR = 1.5
MOST_REST_MS = 10_000.0
"""The longest pause that a slow link causes between two commits; see `_Lane.rest_ms`."""

TRANSPORT = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN", "INTERNAL"})
"""Outcomes that say nothing about the commit, only about the way to the server."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """A commit on its way: what it would bring, against which document, and under which registration."""

    ticket: int
    entries: Mapping[str, Entry]
    base: Document | None
    label: str
    sent_ms: float
    generation: int


@dataclass(slots=True)
class _Lane:
    """One session's way to the server.

    asking     whether it has been asked why the server refuses us
    doubtful   why the document must be read again before anything is sent
    refused    the document that the last refused commit was made against; generation: its registration
    trip_ms    how long the last commit's answer took
    rest_ms    how long after one commit the next may go: `FAIR` round trips at least. In one, another device
               hears of ours and its own reaches the server; if ours came again as soon, it would always lose
    """

    backoff: Backoff
    flight: _Flight | None = None
    read: int = 0
    asking: bool = False
    generation: int = 0
    last_ms: float = float("-inf")
    trip_ms: float = 0.0
    rest_ms: float = INTERVAL_MS
    doubtful: RpcError | None = None
    refused: Document | None = None
    not_before_ms: float = field(default=float("-inf"))


class Uploader:
    """`fresh` says whether a session's document has been heard on the present stream."""

    def __init__(
        self,
        local_store: LocalStore,
        time: Time,
        timers: Timers,
        random: Callable[[], float],
        fresh: Callable[[SessionId], bool],
        adopt: Callable[[SessionId, Snapshot | None, Micros], None],
        registration: Registration,
    ) -> None:
        self._local_store, self._time, self._timers, self._random = local_store, time, timers, random
        self._fresh, self._adopt, self._registration = fresh, adopt, registration
        self._remote: Remote | None = None
        self._lanes: dict[SessionId, _Lane] = {}
        self._tickets: dict[int, SessionId] = {}
        self._ticket = 0
        self._hurry_until_ms = float("-inf")
        self.suspect: Callable[[], None] = lambda: None

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    # --- when to send ---

    def poke(self, session: SessionId) -> None:
        """Sends what the session owes as soon as it may be sent; harmless when it owes nothing."""
        open_session = self._local_store.open_sessions.get(session)
        if open_session is None or not self._may_send(session, open_session):
            return
        lane = self._lane(session)
        wait_ms = self._wait_ms(lane) if self._local_store.ready() else INTERVAL_MS
        if wait_ms > 0:
            self._timers.set(f"commit:{session}", wait_ms, lambda: self.poke(session))
        elif lane.doubtful is not None:
            self._read(session, lane)
        else:
            self._send(session, open_session, lane)

    def hurry(self, for_ms: float) -> None:
        """No collecting for a while: the app is about to pause or close."""
        self._hurry_until_ms = self._time.steady_ms() + for_ms
        self.poke_all()

    def refreshed(self, session: SessionId) -> None:
        """The stream told how the document stands: that settles what a lost answer left in doubt."""
        lane = self._lane(session)
        if lane.doubtful is not None and lane.doubtful.code not in TRANSPORT:
            if self._has_moved(session, lane):
                self._tickets.pop(lane.read, None)  # no need to wait for what the read would tell
                lane.doubtful, lane.read = None, 0
        elif lane.doubtful is not None and not lane.read:
            lane.doubtful = None
        self.poke(session)

    def poke_all(self) -> None:
        """This device may send again."""
        for session in list(self._local_store.open_sessions):
            self.poke(session)

    def forget(self, session: SessionId) -> None:
        """The session is out of memory: nothing is owed, nothing in flight."""
        lane = self._lanes.get(session)
        if lane is not None and lane.flight is None and not lane.read and not lane.asking:
            del self._lanes[session]
            self._timers.cancel(f"commit:{session}")

    def _may_send(self, session: SessionId, open_session: OpenSession) -> bool:
        lane = self._lane(session)
        return (
            self._remote is not None
            and self._registration.open
            and lane.flight is None
            and not lane.read
            and not lane.asking
            and not open_session.parked
            and not open_session.garbled
            and not open_session.replica.foreign
            and self._fresh(session)
            and bool(open_session.replica.unsent())
        )

    def _wait_ms(self, lane: _Lane) -> float:
        now = self._time.steady_ms()
        pace = 0.0 if now < self._hurry_until_ms else lane.last_ms + lane.rest_ms - now
        return max(pace, lane.not_before_ms - now)

    def _lane(self, session: SessionId) -> _Lane:
        if session not in self._lanes:
            self._lanes[session] = _Lane(Backoff(self._random))
        return self._lanes[session]

    # --- sending ---

    def _send(self, session: SessionId, open_session: OpenSession, lane: _Lane) -> None:
        assert self._remote is not None
        replica = open_session.replica
        base = None if replica.missing else replica.base
        entries = replica.unsent()
        now = self._time.steady_ms()
        lane.flight = _Flight(
            self._next(session), entries, base, replica.label, now, self._registration.generation
        )
        lane.last_ms = now
        write = document_serializer.write_of(session, replica.label, base, entries, self._local_store.device)
        self._remote.commit(lane.flight.ticket, [write])

    def _read(self, session: SessionId, lane: _Lane) -> None:
        assert self._remote is not None
        lane.read = self._next(session)
        self._remote.read(lane.read, ("sessions", session))

    def _next(self, session: SessionId) -> int:
        self._ticket += 1
        self._tickets[self._ticket] = session
        return self._ticket

    # --- what came of it ---

    def take(self, event: Committed | CommitFailed | ReadDone | ReadFailed) -> None:
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
                self._again(session, lane, event.fault, Call.READ)

    def _committed(self, session: SessionId, lane: _Lane, event: Committed) -> None:
        flight, lane.flight = lane.flight, None
        assert flight is not None
        lane.backoff.reset()
        before_ms, lane.trip_ms = lane.trip_ms, self._time.steady_ms() - flight.sent_ms
        usual_ms = min(before_ms, lane.trip_ms)  # one late answer does not make a slow link
        lane.rest_ms = min(max(INTERVAL_MS, FAIR * usual_ms), MOST_REST_MS)
        self._local_store.heard(event.commit_time, flight.sent_ms)
        if session in self._local_store.open_sessions:
            device = self._local_store.device
            document = document_serializer.after_commit(
                flight.label, flight.base, flight.entries, device, event.update_time
            )
            self._local_store.adopt(session, document, {})
        self.poke(session)

    def _failed(self, session: SessionId, lane: _Lane, fault: RpcError) -> None:
        flight, lane.flight = lane.flight, None
        assert flight is not None
        match disposition(fault.code, Call.COMMIT):
            case Disposition.REREAD if fault.code in TRANSPORT:
                lane.doubtful = fault
                if fault.code in ("DEADLINE_EXCEEDED", "UNAVAILABLE") and not fault.aside:
                    self.suspect()  # first: no use in reading again on a dead channel
                self._again(session, lane, fault, Call.COMMIT)
            case Disposition.REREAD | Disposition.GONE:
                lane.refused, lane.generation = flight.base, flight.generation
                lane.doubtful = None if self._has_moved(session, lane) else fault
                lane.last_ms = float("-inf")  # it was not applied: the try does not count against the pace
                if fault.code == "ABORTED":
                    self._again(session, lane, fault, Call.COMMIT)
                else:
                    self.poke(session)
            case Disposition.DENIED:
                self._park(session, lane, fault)
            case _:
                self._again(session, lane, fault, Call.COMMIT)

    def _has_moved(self, session: SessionId, lane: _Lane) -> bool:
        """Whether the stream has told already what the refused commit did not know of.

        Then it goes again at once: whoever read again first would be overtaken, on a slow link for ever, by a
        device that commits as often as the link allows.
        """
        open_session = self._local_store.open_sessions.get(session)
        if open_session is None:
            return False
        now = None if open_session.replica.missing else open_session.replica.base
        return not _same(lane.refused, now)

    def _read_done(self, session: SessionId, lane: _Lane, event: ReadDone) -> None:
        lane.read = 0
        fault, lane.doubtful = lane.doubtful, None
        if session not in self._local_store.open_sessions:
            return
        refused = fault is not None and fault.code not in TRANSPORT
        if fault is not None and refused and _same(lane.refused, event.snapshot):
            if fault.code == "PERMISSION_DENIED":
                self._ask(session, lane, fault)
                return
            if fault.code != "ABORTED":  # that has waited already
                # Nothing moved, and yet the server says so: asking again at once would only spin.
                lane.not_before_ms = self._time.steady_ms() + lane.backoff.next_ms()
        self._adopt(session, event.snapshot, event.read_time)
        self.poke(session)

    def _again(self, session: SessionId, lane: _Lane, fault: RpcError, call: Call) -> None:
        """Later: the wait grows with every failure in a row."""
        match disposition(fault.code, call):
            case Disposition.WAIT:
                lane.backoff.to_most()
            case Disposition.REFRESH:
                assert self._remote is not None
                self._remote.drop_token()
            case Disposition.DENIED if fault.code == "PERMISSION_DENIED":
                self._ask(session, lane, fault)
                return
            case Disposition.DENIED:
                self._park(session, lane, fault)
                return
            case _:
                pass
        lane.not_before_ms = self._time.steady_ms() + lane.backoff.next_ms()
        self.poke(session)

    def _ask(self, session: SessionId, lane: _Lane, fault: RpcError) -> None:
        """Refused, and not because the document has moved: for this edit's sake, or for this device's?"""
        if lane.generation != self._registration.generation:
            self._told_why(session, lane, fault, Verdict.ANEW)
            return
        lane.asking = True
        self._registration.ask(lambda verdict: self._told_why(session, lane, fault, verdict))

    def _told_why(self, session: SessionId, lane: _Lane, fault: RpcError, verdict: Verdict) -> None:
        lane.asking = False
        match verdict:
            case Verdict.STANDS:
                self._park(session, lane, fault)
                return
            case Verdict.UNKNOWN:
                lane.not_before_ms = self._time.steady_ms() + lane.backoff.next_ms()
            case Verdict.ANEW | Verdict.ENDED:
                lane.doubtful = lane.refused = None
        self.poke(session)

    def _park(self, session: SessionId, lane: _Lane, fault: RpcError) -> None:
        """Whatever lifts it, the next try is a commit: what was in doubt here has been decided."""
        lane.doubtful = lane.refused = None
        self._local_store.park(session, _reason(fault))

    def in_flight(self) -> Iterable[SessionId]:
        return [s for s, lane in self._lanes.items() if lane.flight or lane.read or lane.asking]


def _same(refused: Document | None, now: Document | Snapshot | None) -> bool:
    if refused is None or now is None:
        return refused is now
    return refused.update_time == now.update_time


def _reason(fault: RpcError) -> str:
    if fault.code == "PERMISSION_DENIED":
        return (
            "the security rules refuse this edit: check that the user is signed in and the rules are deployed"
        )
    return f"the server refuses this edit ({fault.code})"
