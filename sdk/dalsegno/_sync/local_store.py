"""What this device knows and owes: all replicas, the clock, and the disk beneath them.

Runs on the worker thread. Invariant: an edit is on disk before anybody is told of it, and one whose disk
write failed never happened. What the server says is told first: it can say it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from dalsegno._core import adoption
from dalsegno._core import clock as clocks
from dalsegno._core import replica as replicas
from dalsegno._core import screen as screens
from dalsegno._core.document import NO_STAMP, StoredSession
from dalsegno._core.line import Step
from dalsegno._core.marks import STAYING, Leaving
from dalsegno._core.orders import newest_in
from dalsegno._core.policies import Schema, Wish
from dalsegno._core.ports import Batch, Identity, Store, Time
from dalsegno._core.replica import Check, Replica
from dalsegno._core.screen import FieldAdvice
from dalsegno._core.types import DeviceId, Millis, Origin, SessionId
from dalsegno._errors import DalSegnoError
from dalsegno._sync import outcome
from dalsegno._sync.hearing import EditNumbers, Hearing
from dalsegno._sync.lines import Lines
from dalsegno._sync.open_session import OpenSession, SessionsInMemory, open_session_from
from dalsegno._sync.places import Places
from dalsegno._sync.refusals import Refusals
from dalsegno._sync.server_time import ServerTime
from dalsegno._sync.view_change import ViewChange, view_change


class LocalStore:
    """All sessions of one user on one device."""

    def __init__(
        self,
        store: Store,
        time: Time,
        tell: Callable[[ViewChange], None],
        time_known: Callable[[], None],
        marks_changed: Callable[[SessionId], None] = lambda _: None,
    ) -> None:
        """`time_known` is called when the server's time comes to be known; `marks_changed` when the marks of
        a session are others."""
        self._store, self._tell, self._time_known = store, tell, time_known
        self.identity: Identity = store.identity()
        """As it was at the start."""
        self.device: DeviceId = self.identity.device
        self.open_sessions: SessionsInMemory = SessionsInMemory()
        self._server_time = ServerTime(
            time,
            self.identity,
            self.open_sessions,
            self._write_kindly,
            lambda session, after: self.hearing.restamped(session, after),
        )
        self.clock: clocks.HybridClock = self._server_time.clock
        self.server: clocks.ServerClock = self._server_time.server
        now_ms = self._server_time.now_ms
        self.lines: Lines = Lines(time, self.device, self.open_sessions, now_ms)
        self.refusals: Refusals = Refusals(self.open_sessions, self._write_kindly, self.now_ms)
        self.places: Places = Places(time, self.device, self.open_sessions, self._write_kindly, marks_changed)
        self._numbers = EditNumbers()
        self.hearing: Hearing = Hearing(
            self.device,
            self.open_sessions,
            self.places,
            self.lines,
            self._server_time,
            self._numbers,
            self._write_kindly,
            self._become,
        )
        for stored in store.owed():
            self._numbers.last = max([self._numbers.last, *(p.seq for p in stored.pending)])
            self.clock.resume(max((p.entry.stamp for p in stored.pending), default=NO_STAMP))
            open_session = self.open_sessions[stored.id] = open_session_from(
                stored, Schema.parse(stored.schema)
            )
            self._settle(open_session)
            self.forget_idle(stored.id)

    def _settle(self, open_session: OpenSession) -> None:
        """Drops the edits that the base contains, as after a full disk was not told of that."""
        open_session.replica, settled = adoption.settle(open_session.replica)
        if settled:
            open_session.problems = open_session.notes.problems
            self._write_kindly(Batch(acked={open_session.replica.id: settled}))

    # --- time ---

    def now_ms(self) -> float:
        """The best estimate of the server's time."""
        return self._server_time.now_ms()

    def heard(self, server_us: int, asked_ms: float) -> None:
        """The server told its time in answer to a question asked at `asked_ms` (steady)."""
        if self._server_time.heard(server_us, asked_ms):
            self._correct()
            self._time_known()

    def link_is(self, live: bool, alive_ms: float) -> None:
        """There is a connection, or none; the server was heard last at `alive_ms` (steady)."""
        self.lines.link_is(live, self.now_ms() - (self._server_time.steady_ms() - alive_ms))

    def clocks_parted(self) -> bool:
        """Whether the wall clock and the steady one have parted; see `ServerTime.clocks_parted`."""
        return self._server_time.clocks_parted()

    def _correct(self) -> None:
        """Gives edits that were stamped by a guess the stamps of the server's time."""
        self._server_time.correct()
        for open_session in self.open_sessions.values():
            self._settle(open_session)

    def ready(self) -> bool:
        """Whether stamps may be sent: they are final, and on disk, for once sent they are names for ever."""
        return self._server_time.ready()

    # --- the app's side ---

    def open(self, session: SessionId, schema: Schema) -> Replica:
        """The session as the disk has it; the network follows. A full disk does not stop anybody reading."""
        open_session = self.open_sessions.get(session)
        if open_session is None:
            stored = self._store.load(session)
            open_session = (
                open_session_from(stored, schema) if stored else OpenSession(Replica(session, schema))
            )
            self._settle(open_session)
        else:
            open_session.is_opened_as(schema)
        for entry in open_session.replica.base.entries.values() if open_session.replica.base else ():
            self.clock.observe(newest_in(entry))
        self.open_sessions[session] = open_session
        if not open_session.users:
            open_session.screen = screens.opened(open_session.replica)
        open_session.users += 1
        if self.server.known and any(not p.corrected for p in open_session.replica.pending.values()):
            self._correct()
        open_session.registered = self._write_kindly(Batch(opened=self._opening(open_session)))
        return open_session.replica

    def _opening(self, open_session: OpenSession) -> dict[SessionId, tuple[str, Millis]]:
        replica, at_ms = open_session.replica, Millis(int(self._server_time.device_ms()))
        return {replica.id: (replica.schema.text, at_ms)}

    def release(self, session: SessionId) -> None:
        """One user of the session less; what it owes is still sent."""
        open_session = self.open_sessions[session]
        open_session.users -= 1
        self.forget_idle(session)

    def forget_idle(self, session: SessionId) -> None:
        """A session that nobody uses and that owes nothing needs no memory."""
        if session in self.open_sessions and not self.open_sessions[session].wanted:
            del self.open_sessions[session]

    def edit(
        self,
        session: SessionId,
        values: Mapping[str, Wish],
        check: Check | None = None,
        leaving: Leaving = STAYING,
        step: Step = Step.CONTROL,
    ) -> Replica:
        """One edit: stamped, merged, on disk, told. Raises what the store or `check` raises; then nothing
        was done. `leaving`: what is kept of the place before it; `step`: what it is to the line.
        """
        open_session = self.open_sessions[session]
        values = self.lines.stepped(open_session, values, step)
        final = self.server.known
        seen = self.clock.settled
        made = self.clock.tick(self.now_ms(), final=final)
        origin = replicas.origin_of(self._numbers.last + 1, self._server_time.device_ms(), final, seen)
        origin = replicas.edited_blindly(open_session.replica, origin)
        after, rows, local = replicas.edit(open_session.replica, values, made, origin)
        if not rows and not local:
            return open_session.replica
        if check is not None:
            check({row.field: after.view[row.field] for row in rows})
        untold = outcome.without(open_session.untold, values)
        before, line = open_session.replica, self.lines
        places = (line.at_rest(before), line.left(before, after, step))
        plan = self.places.edited(open_session, after, values.keys(), self.now_ms(), leaving, *places)
        played = self.lines.after_step(open_session, step)
        kept_here = {
            **local,
            **outcome.to_keep(open_session.untold, untold),
            **plan.kept,
            **played.to_keep(open_session.played),
        }
        self._numbers.last += 1
        self._store.write(
            Batch(
                opened={} if open_session.registered else self._opening(open_session),
                pending={session: rows} if rows else {},
                local={session: kept_here} if kept_here else {},
                newest_stamp=self.clock.settled,
            )
        )
        open_session.registered, open_session.untold, open_session.played = True, untold, played
        self.places.take_effect(open_session, plan)
        open_session.retries = frozenset(open_session.problems)
        self._become(session, after, Origin.HERE)
        return after

    def discard(self, session: SessionId, names: Collection[str]) -> Replica:
        """Lets go of the unsent edits of these fields; without any, of all. Raises what the store raises."""
        open_session = self.open_sessions[session]
        owed = open_session.replica.pending
        rows = {name: row.seq for name, row in owed.items() if not names or name in names}
        if not rows:
            return open_session.replica
        after = replicas.without(open_session.replica, rows)
        notes = open_session.notes_after(after)
        untold = outcome.without(open_session.untold, rows)
        plan = self.places.edited(open_session, after, rows, self.now_ms())
        kept_here = {**outcome.to_keep(open_session.untold, untold), **plan.kept}
        self._store.write(
            Batch(
                acked={session: rows},
                parked={session: notes.text},
                local={session: kept_here} if kept_here else {},
            )
        )
        open_session.problems, open_session.untold = notes.problems, untold
        self.places.take_effect(open_session, plan)
        self._become(session, after, Origin.HERE)
        return after

    # --- what the server knows better ---

    def keep_tokens(self, tokens: Mapping[str, bytes]) -> None:
        self._write_kindly(Batch(tokens=tokens))

    def keep(self, batch: Batch) -> None:
        """What the server knows better anyway; on a full disk it is forgotten."""
        self._write_kindly(batch)

    def load(self, session: SessionId) -> StoredSession | None:
        """As the disk has it."""
        return self._store.load(session)

    def prune(self, most: int) -> None:
        """Forgets what was only ever heard of, all but the newest `most`."""
        try:
            self._store.prune(most)
        except DalSegnoError as error:
            self.trouble = str(error)

    def _write_kindly(self, batch: Batch) -> bool:
        """What came from the server can come again: a full disk must not stop the app from seeing it."""
        try:
            self._store.write(batch)
        except DalSegnoError as error:
            self.trouble = str(error)
        else:
            self.trouble = ""
        return not self.trouble

    trouble: str = ""
    """Why the disk took nothing the last time, or ''."""

    # --- telling ---

    def _become(
        self,
        session: SessionId,
        after: Replica,
        origin: Origin,
        advice: Mapping[str, FieldAdvice] = MappingProxyType({}),
    ) -> None:
        open_session = self.open_sessions[session]
        before, open_session.replica = open_session.replica, after
        self.lines.became(open_session)
        change = view_change(before, after, origin, self.device, advice)
        if change is not None:
            self._tell(change)
        if after.schema.held:
            self.lines.changed(session)

    @property
    def owes(self) -> bool:
        """Whether any edit has not been confirmed by the server."""
        return bool(self.open_sessions.owing)

    def recent(self, limit: int) -> Sequence[StoredSession]:
        """The newest ones that the disk has."""
        return self._store.recent(limit)

    def token(self, target: str) -> bytes:
        """b"" where there is none, or none can be read: then the server sends everything."""
        try:
            return self._store.token(target)
        except DalSegnoError as error:
            self.trouble = str(error)
            return b""
