"""The music goes to another device at somebody's word. Worker thread.

Asked while the link is up, and answered by a future: nothing is kept for later, for by then the user may
think otherwise. Invariant: as long as nobody has taken over, the asker goes on as before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from dalsegno._core import ruling
from dalsegno._core.asking import ASK_MS, GRACE_MS, Ask, ask_of, asking
from dalsegno._core.document import NO_STAMP
from dalsegno._core.lease import holder_of
from dalsegno._core.line import Step
from dalsegno._core.messages import CommitFailed, Committed, ReadDone, ReadFailed
from dalsegno._core.policies import Wish
from dalsegno._core.ports import Remote
from dalsegno._core.replica import Check, Replica
from dalsegno._core.rpc_error import Call, Disposition, disposition
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId, Stamp
from dalsegno._core.wishes import Played
from dalsegno._errors import Denied, NotTaken, Offline, UsageError
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.world import World

if TYPE_CHECKING:
    from concurrent.futures import Future

NOTHING = "nothing is played in this session: there is nothing to hand over"
OFFLINE = "this device is not connected now: try again when it is"
REFUSED = "the security rules refuse this: check that they are deployed"
LAPSED = "that device did not take over within 5 s: is it on, and is the app open there?"
DECLINED = "that device cannot play this"
OVERTAKEN = "another device has taken over meanwhile"


class Take(Protocol):
    """`SyncEngine.edit`."""

    def __call__(
        self, session: SessionId, values: Mapping[str, Wish], check: Check | None = None, *, step: Step
    ) -> Replica: ...


@dataclass(slots=True)
class _Asking:
    """
    ticket  of the commit on its way;  upon: the time of the document that it was made for
    sent    the document's time since which it stands there
    denied  the rules would not have it: perhaps only because the document has moved
    """

    session: SessionId
    ask: Ask
    future: Future[None]
    ticket: int = 0
    upon: Micros | None = None
    sent: Micros | None = None
    denied: bool = False


class Transfers:
    """`asked` is told of what other devices ask of this one."""

    def __init__(
        self,
        world: World,
        local_store: LocalStore,
        ticket: Callable[[], int],
        is_live: Callable[[], bool],
        edit: Take,
        asked: Callable[[SessionId, Ask], None],
    ) -> None:
        self._timers, self._local_store, self._ticket = world.timers, local_store, ticket
        self._is_live, self._edit, self._asked = is_live, edit, asked
        self._remote: Remote | None = None
        self._open: dict[SessionId, _Asking] = {}
        self._heard: dict[SessionId, str] = {}

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    # --- asking ---

    def ask(self, session: SessionId, to: DeviceId) -> Future[None]:
        """Asks a device to take over; the future is done when it has."""
        from concurrent.futures import Future  # the first request comes long after the app's first picture

        future: Future[None] = Future()
        local_store = self._local_store
        lease = self._lease(session)
        if lease == NO_STAMP:
            future.set_exception(UsageError(NOTHING))
        elif not self._is_live() or not local_store.ready() or self._remote is None:
            future.set_exception(Offline(OFFLINE))
        else:
            self._give_up(session, NotTaken("overtaken", OVERTAKEN))
            now_ms = local_store.now_ms()
            stamp = local_store.clock.tick(now_ms, final=True)
            ask = Ask(to, stamp, lease, Millis(int(now_ms) + ASK_MS))
            self._open[session] = _Asking(session, ask, future)
            self._timers.set(f"ask:{session}", ASK_MS + GRACE_MS, lambda: self._lapses(session))
            self._send(self._open[session])
        return future

    def _lease(self, session: SessionId) -> Stamp:
        """Of what plays: perhaps of a press on this device that is not sent yet."""
        replica = self._local_store.open_sessions[session].replica
        holder = holder_of(replica.newest)
        return max(ruling.lease_shown(replica), holder.lease if holder is not None else NO_STAMP)

    def _send(self, asking_: _Asking) -> None:
        base = self._local_store.open_sessions[asking_.session].replica.newest
        late = self._local_store.now_ms() >= asking_.ask.until_ms
        on_its_way = asking_.ticket != 0 or asking_.sent is not None
        holder = holder_of(base)
        if holder is None or holder.lease != asking_.ask.lease:
            return  # the press that it asks of is on its way
        if base is None or base.update_time == asking_.upon or late or on_its_way or self._remote is None:
            return
        asking_.ticket, asking_.upon = self._ticket(), base.update_time
        write = asking(asking_.session, base, asking_.ask, self._local_store.device)
        self._remote.commit(asking_.ticket, [write])

    def handle_response(self, event: Committed | CommitFailed | ReadDone | ReadFailed) -> None:
        """The answer to a commit of ours, if it is one."""
        found = next((one for one in self._open.values() if one.ticket == event.ticket), None)
        if found is None:
            return
        found.ticket = 0
        if isinstance(event, Committed):
            found.sent = event.update_time
        elif isinstance(
            event, CommitFailed
        ):  # the document has moved: it goes again upon what the stream tells
            code = event.fault.code
            denied = disposition(code, Call.COMMIT) is Disposition.DENIED
            found.denied = denied or code == "PERMISSION_DENIED"
            self._has_come(found)

    def _lapses(self, session: SessionId) -> None:
        denied = session in self._open and self._open[session].denied
        self._give_up(session, Denied(REFUSED) if denied else NotTaken("lapsed", LAPSED))

    def _give_up(self, session: SessionId, error: Exception) -> None:
        found = self._open.pop(session, None)
        if found is not None:
            self._timers.cancel(f"ask:{session}")
            found.future.set_exception(error)

    def end(self) -> None:
        """The client is closed: nobody waits any longer."""
        for session in list(self._open):
            self._give_up(session, Offline("the client was closed before that device had taken over"))

    # --- what documents say ---

    def changed(self, session: SessionId) -> None:
        """The session may be another."""
        if session not in self._local_store.open_sessions:
            self._give_up(session, Offline("the session was closed before that device had taken over"))
            return
        self._is_asked(session)
        if session in self._open:
            self._has_come(self._open[session])

    def _has_come(self, asking_: _Asking) -> None:
        base = self._local_store.open_sessions[asking_.session].replica.newest
        holder, ask = holder_of(base), asking_.ask
        if base is None or holder is None:
            return
        if holder.lease == ask.taken_as:
            del self._open[asking_.session]
            self._timers.cancel(f"ask:{asking_.session}")
            asking_.future.set_result(None)
        elif holder.lease > ask.lease:
            self._give_up(asking_.session, NotTaken("overtaken", OVERTAKEN))
        elif asking_.sent is None:
            self._send(asking_)
        elif base.update_time >= asking_.sent and (found := ask_of(base)) != ask:
            declined = NotTaken("declined", DECLINED) if found is None else NotTaken("overtaken", OVERTAKEN)
            self._give_up(asking_.session, declined)

    # --- being asked ---

    def _is_asked(self, session: SessionId) -> None:
        ask = ask_of(self._local_store.open_sessions[session].replica.newest)
        if ask is None or ask.to != self._local_store.device or self._heard.get(session) == ask.stamp:
            return
        self._heard[session] = ask.stamp
        if self._may_take(session, ask):
            self._asked(session, ask)

    def _may_take(self, session: SessionId, ask: Ask) -> bool:
        """Whether it is still the same music, and the time has not run out."""
        replica = self._local_store.open_sessions[session].replica
        same = ask_of(replica.newest) == ask and ruling.lease_shown(replica) == ask.lease
        return same and self._local_store.now_ms() < ask.until_ms

    def take(
        self, session: SessionId, ask: Ask, values: Mapping[str, Wish], check: Check | None = None
    ) -> bool:
        """Takes over, as was asked. False: it is too late for that. Raises what `edit` raises."""
        if not self._may_take(session, ask):
            return False
        open_session = self._local_store.open_sessions[session]
        whole = self._local_store.lines.stepped(open_session, values, Step.TAKE)
        named = {n: replace(w, lease=ask.taken_as) if isinstance(w, Played) else w for n, w in whole.items()}
        self._edit(session, named, check, step=Step.TAKE)
        return True

    def decline(self, session: SessionId, ask: Ask) -> None:
        """This device cannot play that: the asker is told at once, if the way to it is free."""
        base = self._local_store.open_sessions[session].replica.newest
        if base is not None and self._may_take(session, ask) and self._remote is not None:
            self._remote.commit(self._ticket(), [asking(session, base, None, self._local_store.device)])
