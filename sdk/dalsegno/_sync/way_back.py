"""The way back: marks are kept at the server, and the user goes to them. Worker thread.

Marks go in commits of their own, without a precondition: to write one twice changes nothing, so there is no
doubt to resolve. Invariant: what is owed stays on disk until the server has it, or refuses it for good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from dalsegno._core import marks
from dalsegno._core.backoff import Backoff
from dalsegno._core.document import Entry
from dalsegno._core.marks import STAYING, Leaving, Mark, Shelf
from dalsegno._core.messages import CommitFailed, Committed, ReadDone, ReadFailed, RpcError
from dalsegno._core.policies import Wish
from dalsegno._core.ports import Remote
from dalsegno._core.record import record
from dalsegno._core.replica import Check, Replica
from dalsegno._core.rpc_error import Call, Disposition, disposition
from dalsegno._core.sameness import same_value
from dalsegno._core.types import SessionId, Value
from dalsegno._sync.devices.registration import SignInView, Verdict
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.places import BACK, TAKEN, newest_to_go_back_to
from dalsegno._sync.world import World

MOST_REFUSALS = 3
"""A mark that was refused so often, by itself, is let go of."""
LATER_MS = 30_000.0
"""Of two people who read on side by side each has a place worth a mark only once they rest."""


@record(frozen=True, slots=True)
class _Flight:
    """A commit on its way: which marks it writes, which it deletes, and under which registration."""

    session: SessionId
    written: Sequence[str]
    deleted: Sequence[str]
    generation: int


class Host(Protocol):
    """What it asks of the engine."""

    def is_live(self) -> bool: ...

    def edit(
        self,
        session: SessionId,
        values: Mapping[str, Wish],
        check: Check | None = None,
        leaving: Leaving = STAYING,
    ) -> Replica: ...

    def listen_to_marks(self, session: SessionId) -> None: ...


class WayBack:
    """All marks of all sessions, and what the user does with them."""

    def __init__(
        self,
        world: World,
        local_store: LocalStore,
        ticket: Callable[[], int],
        sign_in: SignInView,
        host: Host,
    ) -> None:
        self._local_store, self._timers, self._ticket = local_store, world.timers, ticket
        self._sign_in, self._host = sign_in, host
        self._backoff = Backoff(world.random)
        self._flights: dict[int, _Flight] = {}
        self._one_by_one: set[SessionId] = set()
        self._asking: set[SessionId] = set()
        self._refusals: Counter[str] = Counter()
        self._remote: Remote | None = None
        self._rests = False

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    # --- the app's side ---

    def marks(self, session: SessionId) -> Sequence[Mark]:
        """Newest first, at once from what is known here; from now on they are listened to."""
        open_session = self._local_store.open_sessions[session]
        if not open_session.wants_marks:
            open_session.wants_marks = True
            self._host.listen_to_marks(session)
        return open_session.shelf.newest_first

    def go_back(
        self,
        session: SessionId,
        names: Collection[str],
        makes_sense: Callable[[str, Value], bool] = lambda *_: True,
    ) -> bool:
        """Swaps these fields with the newest mark that has one of them otherwise; False: there is none.

        makes_sense   whether the app understands this value of a field
        """
        open_session = self._local_store.open_sessions[session]
        mark = newest_to_go_back_to(open_session.shelf, open_session.replica, names, makes_sense)
        if mark is None:
            return False
        kept = {name: mark.values[name] for name in names if name in mark.values}
        values = self._local_store.lines.goes_to(open_session.replica, kept)
        self._host.edit(session, values, leaving=Leaving(BACK, gone_to=mark.id))
        return True

    def take(self, session: SessionId, offered: Mapping[str, Entry]) -> None:
        """Takes an offer: an edit, where it is not what stands already. Raises what `edit` raises."""
        local_store = self._local_store
        open_session = local_store.open_sessions[session]
        before, view = open_session.screen, open_session.replica.view
        other = {n: e.value for n, e in offered.items() if not same_value(e, view.get(n))}
        if other:
            other = local_store.lines.goes_to(open_session.replica, other)
            self._host.edit(session, other, leaving=Leaving(TAKEN))  # what is left is on disk with the edit
        local_store.places.taken(session, before, offered.keys(), local_store.now_ms())
        self.go_on()

    # --- to the server ---

    def hurry(self) -> None:
        """The app is about to go: nothing waits any longer."""
        for session in list(self._local_store.open_sessions.marking):
            self._hasten(session)

    def closed(self, session: SessionId) -> None:
        """The app has closed it: nobody turns pages there any more."""
        if session in self._local_store.open_sessions.marking:
            self._hasten(session)

    def edited(self, session: SessionId) -> None:
        """Whoever still turns pages does not rest."""
        if self._local_store.open_sessions[session].shelf.waits:
            self._timers.set(f"marks:{session}", LATER_MS, lambda: self._hasten(session))

    def _hasten(self, session: SessionId) -> None:
        if session in self._local_store.open_sessions:
            shelf = self._local_store.open_sessions[session].shelf
            if shelf.waits:
                self._local_store.places.keep_shelf(session, shelf.hurried())
            self.go_on()

    def go_on(self) -> None:
        """After whatever happened: sends what may be sent."""
        marking = self._local_store.open_sessions.marking
        if not marking or self._remote is None or self._rests or not self._may_go():
            return
        busy = {flight.session for flight in self._flights.values()} | self._asking
        for session in [session for session in marking if session not in busy]:
            self._send(session, self._local_store.open_sessions[session].shelf)

    def _may_go(self) -> bool:
        return self._host.is_live() and self._sign_in.open and self._local_store.ready()

    def _send(self, session: SessionId, shelf: Shelf) -> None:
        assert self._remote is not None
        most = 1 if session in self._one_by_one else marks.AT_ONCE
        owed = [mark for mark in shelf.owed.values() if not mark.later][:most]
        deleted = sorted(shelf.unwanted - shelf.owed.keys())[: most - len(owed)]
        if not owed and not deleted:
            return
        writes = [marks.write_of(session, mark, self._local_store.device) for mark in owed]
        writes += [marks.deletion_of(session, id) for id in deleted]
        ticket = self._ticket()
        ids = [mark.id for mark in owed]
        self._flights[ticket] = _Flight(session, ids, deleted, self._sign_in.generation)
        self._remote.commit(ticket, writes)

    def handle_response(self, event: Committed | CommitFailed | ReadDone | ReadFailed) -> None:
        """The answer to a commit of ours, if it is one."""
        flight = self._flights.pop(event.ticket, None)
        if flight is None:
            return
        if isinstance(event, Committed):
            self._backoff.reset()
            self._done(flight, flight.written)
        elif isinstance(event, CommitFailed):
            self._failed(flight, event.fault)

    def _done(self, flight: _Flight, there: Sequence[str]) -> None:
        """`there`: what the server has now."""
        for id in flight.written:
            self._refusals.pop(id, None)
        if flight.session not in self._local_store.open_sessions:
            return
        shelf = self._local_store.open_sessions[flight.session].shelf
        self._local_store.places.keep_shelf(flight.session, shelf.written(there, flight.deleted))

    def _failed(self, flight: _Flight, fault: RpcError) -> None:
        found = disposition(fault.code, Call.COMMIT)
        if fault.code == "PERMISSION_DENIED" and flight.generation == self._sign_in.generation:
            self._asking.add(flight.session)
            self._sign_in.ask(lambda verdict: self._told_why(flight, verdict))
        elif found is Disposition.DENIED:
            self._refused(flight)
        else:
            if found is Disposition.WAIT:
                self._backoff.to_most()
            elif found is Disposition.REFRESH and self._remote is not None:
                self._remote.drop_token()
            self._rest()

    def _told_why(self, flight: _Flight, verdict: Verdict) -> None:
        self._asking.discard(flight.session)
        if verdict is Verdict.STANDS:
            self._refused(flight)
        else:
            self._rest()

    def _refused(self, flight: _Flight) -> None:
        """By halves it is not worth it: one by one, and what is refused by itself again and again is let go
        of. Once may have been for this device's sake, which was registered before anybody could be asked.
        """
        if len(flight.written) + len(flight.deleted) > 1:
            self._one_by_one.add(flight.session)
        elif flight.session in self._local_store.open_sessions:
            shelf = self._local_store.open_sessions[flight.session].shelf
            self._refusals.update(flight.written)
            for id in [id for id in flight.written if self._refusals[id] == MOST_REFUSALS]:
                shelf = shelf.refused(id)
                del self._refusals[id]
            self._local_store.places.keep_shelf(flight.session, shelf.written((), flight.deleted))
        self._rest()

    def _rest(self) -> None:
        self._rests = True
        self._timers.set("marks", self._backoff.next_ms(), self._rested)

    def _rested(self) -> None:
        self._rests = False
        self.go_on()
