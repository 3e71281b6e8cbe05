"""What an app is told of one open session. Any thread; callbacks come on the thread that `deliver` chooses.

Invariant: whatever is told was so before it is told, and each callback hears it in that order.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from dalsegno._client.change import (
    Change,
    Take,
    about,
    advice_on,
    is_something,
    merged,
    outcome_told,
    told_of,
)
from dalsegno._client.runtime import Runtime
from dalsegno._client.status import StatusBoard
from dalsegno._client.transfer import Transfer
from dalsegno._core import state as states
from dalsegno._core.document import Entry
from dalsegno._core.limits import DocumentSize
from dalsegno._core.replica import Replica
from dalsegno._core.sequences import named
from dalsegno._core.types import Advice, Device, DeviceId, Origin, SessionId, Value
from dalsegno._errors import Closed, UsageError
from dalsegno._sync import outcome
from dalsegno._sync.sync_engine import SyncEngine
from dalsegno._sync.view_change import ViewChange
from dalsegno._threads.delivery import Mailbox, Subscribers, Telling, Unsubscribe

S = TypeVar("S", bound=states.State)
T = TypeVar("T")


class Host(Protocol):
    """What a session needs of its client; see `OpenSessions`."""

    runtime: Runtime
    telling: Telling
    standing: StatusBoard

    def device_of(self, device: DeviceId | None) -> Device | None: ...

    def keep(self, session: SessionChanges[Any]) -> None:
        """Somebody wants to be called: the session lives on, though the app does not hold it."""
        ...

    def let_go(self, session: SessionChanges[Any]) -> None:
        """Nobody wants to be called any more."""
        ...

    def closed(self, session: SessionChanges[Any]) -> None:
        """Worker thread: nobody uses it any more."""
        ...


class SessionChanges(Generic[S]):
    """The part of a `Session` that tells the app what happens to it."""

    _closed = True
    """Until it is whole: one whose making failed has nothing to close."""

    def __init__(
        self, client: object, host: Host, session_id: SessionId, cls: type[S], replica: Replica
    ) -> None:
        """`client` lives as long as its sessions."""
        self.id = session_id
        self._client, self._host, self._cls = client, host, cls
        self._noted: dict[str, Any] = {}
        """What the app read last of the fields whose edits are differences to that; see `State`."""
        self._state = states.noting(states.decode(cls, shown_values(replica)), self._noted)
        self._size: DocumentSize | None = None
        """Of the shared fields; measured with the first edit."""
        self._subscribers = Subscribers[Change[S]](host.telling, merged, "on_change")
        self._marks_changed = Subscribers[None](host.telling, lambda _, __: None, "on_marks")
        self._holder_changed = Subscribers[None](host.telling, lambda _, __: None, "on_holder")
        self._asked = Subscribers[Transfer[S]](host.telling, lambda _, newer: newer, "on_transfer")
        self._closed = False

    def on_change(
        self, callback: Callable[[Change[S]], object], fields: str | Collection[str] | None = None
    ) -> Unsubscribe:
        """Calls `callback` after each change, this device's own edits included (see `Change.origin`), and
        once it is known how the session stands (`Change.became_known`).

        fields   only after changes of one of these; default: of any

        The first thing that is told, of each field to whoever asks for it first, is what came of edits that
        were sent after this session had been closed, if that is otherwise than it was seen here: `previous`
        says what that was.
        Returns a function that ends it: after that, and from inside the callback too, it is not called again.
        Raises Closed; UsageError: the State has no such field.
        """
        if not callable(callback):
            raise UsageError(f"on_change takes a function of one Change, not {type(callback).__name__}")
        named = self._cls.__fields__ if fields is None else {fields} if isinstance(fields, str) else fields
        wanted = frozenset(named)
        if fields is not None and not wanted:
            raise UsageError("on_change(…, fields=()) would never be called: name a field, or leave it out")
        states.check_names(self._cls, wanted)

        def tell(change: Change[S]) -> None:
            if change.fields & wanted or (fields is None and change.became_known):
                callback(change)

        return self._subscribe(tell, wanted)

    def _subscribe(self, callback: Callable[[Change[S]], object], wanted: Collection[str]) -> Unsubscribe:
        return self._kept(self._first_told(lambda: self._subscribers.add(callback), wanted))

    def _kept(self, unsubscribe: Unsubscribe) -> Unsubscribe:
        self._host.keep(self)

        def end() -> None:
            unsubscribe()
            told = (self._subscribers, self._marks_changed, self._holder_changed, self._asked)
            if not any(subscribers.has_callbacks for subscribers in told):
                self._host.let_go(self)

        return end

    def changes(self, timeout_s: float | None = None) -> Iterator[Change[S]]:
        """The changes from now on, one by one; ends when nothing happened for `timeout_s`, or on close."""
        box = self._first_told(self._subscribers.open_mailbox, self._cls.__fields__)
        return self._until_end(box, timeout_s)

    def _until_end(self, box: Mailbox[Change[S]], timeout_s: float | None) -> Iterator[Change[S]]:
        """Of the session, which lives as long as somebody reads: its end is the reader's."""
        try:
            while found := self._host.runtime.scheduler.fetch(box, timeout_s):
                yield from (change for change in found if is_something(change))
        finally:
            box.close()

    def on_marks(self, callback: Callable[[], object]) -> Unsubscribe:
        """Calls `callback` whenever `marks` are others. Returns a function that ends it. Raises Closed."""
        if not callable(callback):
            raise UsageError(f"on_marks takes a function without arguments, not {type(callback).__name__}")
        self._on_worker(lambda engine: engine.way_back.marks(self.id))
        return self._kept(self._marks_changed.add(lambda _: callback()))

    def _on_worker(self, task: Callable[[SyncEngine], T]) -> T:
        """Where the engine is, if this is still open by then: another thread may close it. Raises Closed."""

        def checked() -> T:
            if self._closed:
                raise _closed(self.id)
            return task(self._host.runtime.engine)

        if self._closed:
            raise _closed(self.id)
        return self._host.runtime.call(checked)

    def _first_told(self, add: Callable[[], T], wanted: Collection[str]) -> T:
        """Adds somebody who is to be told of these fields, and tells what waited for that. Raises Closed."""

        def add_and_tell(engine: SyncEngine) -> T:
            added = add()
            self._tell_outcome(engine, wanted)
            return added

        return self._on_worker(add_and_tell)

    # --- worker thread ---

    def _handle_view_change(self, change: ViewChange) -> None:
        """The engine changed this session."""
        previous = self._state
        values = shown_values(change.after)
        same_kind = change.before.foreign == change.after.foreign
        names = change.fields if same_kind else self._cls.__fields__.keys()
        self._state = states.noting(states.decode(self._cls, values, previous, names), self._noted)
        if self._size is not None:
            self._size.measure(change.after.view, change.fields)
        told = told_of(change, names & self._cls.__fields__.keys(), self._host.device_of)
        offered = {n: t.entry.value for n, t in told.items() if t.advice is Advice.OFFER and t.entry}
        fields = states.changed(previous, self._state, names) | frozenset(offered)
        if not fields and not change.became_known:
            return
        if not self._subscribers:
            self._keep_untold(change, offered)
            return
        device, unaware = about(change, fields, self._host.runtime.engine.local_store.device)
        advice, why = advice_on(told, fields)
        self._subscribers.tell(
            Change(
                fields=fields,
                state=self._state,
                previous=previous,
                origin=change.origin,
                device=self._host.device_of(device),
                concurrent=unaware,
                advice=advice,
                offered=states.decode(self._cls, offered, self._state, offered.keys()),
                became_known=change.became_known,
                why=why,
                _told=told,
                _take=self._taker(),
            )
        )

    def _keep_untold(self, change: ViewChange, offered: Collection[str]) -> None:
        """Offers that no callback was there for: they are told to the next one that asks."""
        if offered:
            engine = self._host.runtime.engine
            engine.local_store.places.keep_untold(self.id, outcome.of_offers(change, offered))

    def _taker(self) -> Take:
        """Takes an offer; holds nothing of the session, which the app may drop before the change."""
        me = weakref.ref(self)

        def take(offered: Mapping[str, Entry]) -> None:
            session = me()
            if session is not None:
                session._on_worker(lambda engine: engine.way_back.take(session.id, offered))

        return take

    def _handle_marks_changed(self) -> None:
        """The engine has other marks of this session."""
        if self._marks_changed:
            self._marks_changed.tell(None)

    def _tell_outcome(self, engine: SyncEngine, wanted: Collection[str]) -> None:
        """What came of edits of these fields while the session was closed, and offers that nobody heard."""
        local_store = engine.local_store
        untold = local_store.open_sessions[self.id].untold
        found = {name: one for name, one in untold.items() if name in wanted}
        if not found:
            return
        replica = local_store.open_sessions[self.id].replica
        were = {name: one.was for name, one in found.items()}
        previous = states.decode(self._cls, {**plain_values(replica), **were}, self._state)
        told = {n: outcome_told(n, one, replica, self._host.device_of) for n, one in found.items()}
        offered = {name: one.offered.value for name, one in found.items() if one.offered is not None}
        fields = states.changed(previous, self._state, found) | frozenset(offered)
        advice, why = advice_on(told, fields)
        self._subscribers.tell(
            Change(
                fields=fields,
                state=self._state,
                previous=previous,
                origin=Origin.REMOTE,
                device=self._host.device_of(next(iter(found.values())).device),
                concurrent=any(one.concurrent for one in found.values()),
                advice=advice,
                offered=states.decode(self._cls, offered, self._state, offered.keys()),
                why=why,
                _told=told,
                _take=self._taker(),
            )
        )
        local_store.places.told(self.id, found)


def plain_values(replica: Replica) -> dict[str, Value]:
    """The fields of a replica as plain values: the shared ones, and those of this device."""
    shared = {} if replica.foreign else {name: entry.value for name, entry in replica.view.items()}
    return {**shared, **replica.local}


def shown_values(replica: Replica) -> dict[str, Value]:
    """The same, with the names of items where an edit needs them."""
    view = {} if replica.foreign else replica.view
    policy = replica.schema.policy
    found = ((name, named(policy(name), entry)) for name, entry in view.items())
    return {**plain_values(replica), **{name: value for name, value in found if value is not None}}


def _closed(session: SessionId) -> Closed:
    return Closed(f"session {session!r} is closed: open it again with client.open(…)")
