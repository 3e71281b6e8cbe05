"""The line goes on by itself: it is renewed while it sounds, and put to rest where its sound has ended.

Worker thread. One timer beats while anything sounds here. Invariants: a device that was killed, slept, or
whose app closed the session leaves the line paused where it was last heard, under its own lease; and nothing
here takes over: only a person does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from dalsegno._core import line as lines
from dalsegno._core import ruling
from dalsegno._core.clock import millis_of
from dalsegno._core.lease import LEASE_MS, RENEW_MS, holder_of
from dalsegno._core.line import Step
from dalsegno._core.policies import Wish
from dalsegno._core.ports import Batch
from dalsegno._core.replica import Replica
from dalsegno._core.ruling import NEVER
from dalsegno._core.types import SessionId
from dalsegno._errors import DalSegnoError
from dalsegno._sync.lines import ASLEEP_MS, BEAT_MS
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.open_session import OpenSession
from dalsegno._sync.transfers import Transfers
from dalsegno._sync.view_change import Holding
from dalsegno._sync.world import World

log = logging.getLogger("dalsegno")

AGAIN_MS = 10_000.0
"""When a line is put to rest that a full disk did not take."""


class Edit(Protocol):
    """`SyncEngine.edit`."""

    def __call__(self, session: SessionId, values: Mapping[str, Wish], *, step: Step) -> Replica: ...


class Leases:
    """All lines of all sessions in memory, as time goes by."""

    def __init__(
        self,
        world: World,
        local_store: LocalStore,
        transfers: Transfers,
        edit: Edit,
        holder_changed: Callable[[SessionId, Holding | None], None],
        woke_up: Callable[[], None],
    ) -> None:
        """`woke_up` is called when more time has passed than this device lived through."""
        self.transfers: Transfers = transfers
        self._time, self._timers, self._local_store = world.time, world.timers, local_store
        self._edit, self._holder_changed, self._woke_up = edit, holder_changed, woke_up
        self._told: dict[SessionId, Holding | None] = {}
        local_store.lines.changed, local_store.lines.overslept = self.changed, self._wake

    # --- what happens to a session ---

    def begin(self) -> None:
        """What the app has not opened in this run makes no sound, whatever its line says."""
        for session in list(self._local_store.open_sessions.owing):
            if not self._local_store.open_sessions[session].users:
                self.opened(session)

    def opened(self, session: SessionId) -> None:
        """Nothing sounds yet in an app that has just opened it: what says so was left by a death."""
        open_session = self._local_store.open_sessions[session]
        if open_session.users <= 1:
            self._put_to_rest(open_session, open_session.played.heard_ms)

    def closing(self, session: SessionId) -> None:
        """The app closes it: whatever sounded there is silent now."""
        open_session = self._local_store.open_sessions[session]
        if open_session.users <= 1:
            self._put_to_rest(open_session, self._local_store.now_ms())

    def fall_silent(self) -> None:
        """The client ends, and all its sound."""
        for session in list(self._local_store.lines.sounding):
            self._put_to_rest(self._local_store.open_sessions[session], self._local_store.now_ms())

    def changed(self, session: SessionId) -> None:
        """The session is another: who holds it may be, too, and what is asked of whom."""
        self.look(session)
        self.transfers.changed(session)
        if self._local_store.lines.sounding and self._local_store.lines.beat_ms == NEVER:
            self._beats()

    # --- who holds it ---

    def holding(self, session: SessionId) -> Holding | None:
        return self._local_store.lines.holding(self._local_store.open_sessions[session].replica)

    def look(self, session: SessionId) -> None:
        """Tells it if another device holds it now, or the same one otherwise."""
        if session not in self._local_store.open_sessions:
            self._told.pop(session, None)
            return
        found, before = self.holding(session), self._told.get(session)
        if found is not None or before is not None:
            self._told[session] = found
        if found is not None and found.active and not found.here:
            left_ms = found.until_ms - self._local_store.now_ms()
            self._timers.set(f"holder:{session}", max(left_ms, 0.0) + 1.0, lambda: self.look(session))
        if found != before:
            self._holder_changed(session, found)

    def look_at_all(self) -> None:
        """The devices are others: who was playing may be gone."""
        for session in list(self._told):
            self.look(session)

    # --- time goes by ---

    def _beats(self) -> None:
        self._local_store.lines.beat_ms = self._time.steady_ms()
        self._timers.set("line", BEAT_MS, self._beat)

    def _beat(self) -> None:
        lines_here = self._local_store.lines
        if lines_here.late_ms() > ASLEEP_MS:
            self._wake()
        lines_here.beat_ms = NEVER
        for open_session in self._sounding():
            self._is_heard(open_session)
        if lines_here.sounding:
            self._beats()

    def _wake(self) -> None:
        """More time has passed than this device lived through."""
        self._local_store.lines.beat_ms = NEVER
        for open_session in self._sounding():
            self._put_to_rest(open_session, open_session.played.heard_ms)
        self._woke_up()

    def _sounding(self) -> list[OpenSession]:
        return [self._local_store.open_sessions[session] for session in self._local_store.lines.sounding]

    def _is_heard(self, open_session: OpenSession) -> None:
        before, now_ms = open_session.played, self._local_store.now_ms()
        open_session.played = replace(before, heard_ms=now_ms)
        session = open_session.replica.id
        self._local_store.keep(Batch(local={session: open_session.played.to_keep(before)}))
        if self._is_due(open_session.replica, now_ms):
            self._goes_on(session, {})

    def _is_due(self, replica: Replica, now_ms: float) -> bool:
        """Whether the line is to be renewed: a while after it was written; or because the document would soon
        say that nobody holds it, for a remote control does not renew, nor one who gave it back to a server
        that had lost it."""
        line, holder = ruling.line_of(replica), holder_of(replica.newest)
        if now_ms - millis_of(lines.rank(line)[2]) >= RENEW_MS:
            return True
        if replica.newest is None or ruling.own_rows(replica):
            return False
        ends_ms = holder.until_ms if holder is not None and holder.lease == lines.lease(line) else NEVER
        return ends_ms - now_ms <= LEASE_MS - RENEW_MS

    def _put_to_rest(self, open_session: OpenSession, heard_ms: float) -> None:
        """Paused where it was last heard; where nobody knows that, where it was written."""
        replica = open_session.replica
        if not ruling.sounds(replica, self._local_store.device):
            return
        line = ruling.line_of(replica)
        written_ms = float(millis_of(lines.rank(line)[2]))
        place = lines.settled(line, heard_ms if heard_ms != NEVER else written_ms)
        if not self._goes_on(replica.id, lines.values_of(place), Step.REST):
            self._local_store.lines.fell_silent(open_session, heard_ms)
            self.look(replica.id)
            self._timers.set(f"rest:{replica.id}", AGAIN_MS, lambda: self._rest_again(replica.id))

    def _rest_again(self, session: SessionId) -> None:
        """Unless somebody pressed play here meanwhile."""
        open_session = self._local_store.open_sessions.get(session)
        if open_session is not None and session not in self._local_store.lines.sounding:
            self._put_to_rest(open_session, open_session.played.heard_ms)

    def _goes_on(self, session: SessionId, values: Mapping[str, Wish], step: Step = Step.GO_ON) -> bool:
        """False: a full disk; whoever calls comes back to it."""
        try:
            self._edit(session, values, step=step)
        except DalSegnoError as error:
            log.warning("a line could not be put on: %s", type(error).__name__)
            return False
        return True
