"""One open session, as the app holds it. Any thread; callbacks come on the thread that `deliver` chooses.

Invariant: `state` is always the newest view, at once, online or off; `update` returns when the edit is on
disk; nothing here waits for the network.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar, overload

from dalsegno._client.change import Change, about, merged
from dalsegno._client.runtime import Runtime
from dalsegno._client.status import StatusBoard
from dalsegno._core import state as states
from dalsegno._core.advice import advise
from dalsegno._core.limits import DocumentSize
from dalsegno._core.policies import Wish
from dalsegno._core.replica import Replica
from dalsegno._core.sequences import named
from dalsegno._core.types import Device, DeviceId, Origin, Problem, Saved, SessionId, Value
from dalsegno._errors import Closed, UsageError
from dalsegno._sync.sync_engine import SyncEngine
from dalsegno._sync.view_change import ViewChange
from dalsegno._threads.delivery import Mailbox, Subscribers, Task, Telling, Unsubscribe

S = TypeVar("S", bound=states.State)
T = TypeVar("T")


class Host(Protocol):
    """What a session needs of its client; see `OpenSessions`."""

    runtime: Runtime
    telling: Telling
    standing: StatusBoard

    def device_of(self, device: DeviceId | None) -> Device | None: ...

    def keep(self, session: Session[Any]) -> None:
        """Somebody wants to be called: the session lives on, though the app does not hold it."""
        ...

    def let_go(self, session: Session[Any]) -> None:
        """Nobody wants to be called any more."""
        ...

    def closed(self, session: Session[Any]) -> None:
        """Worker thread: nobody uses it any more."""
        ...


class Session(Generic[S]):
    """A session that is open in this app: `client.open(id, StateClass)` makes it.

    One that the app drops without `close` is followed on until its client is closed, and its callbacks are
    called; one without callbacks warns then (ResourceWarning). Its `repr` says what kind of session it is and
    how it stands; neither its id, which may be the title of a book, nor what is in it.
    """

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
        self._closed = False

    @property
    def state(self) -> S:
        """The fields as they are now: this device's edits and everything heard from the others."""
        return self._state

    @property
    def saved(self) -> Saved:
        """Whether the server has confirmed every edit of this session."""
        return self._on_worker(lambda _: self._saved())

    @property
    def fresh(self) -> bool:
        """Whether the server has said on the present connection how this session stands; `state` has it then.

        False while offline or connecting, and from `client.network_changed()` until the server answers anew.
        Raises Closed.
        """
        return self._on_worker(lambda engine: engine.receiver.fresh(self.id))

    @overload
    def update(self, state: S, /) -> S: ...
    @overload
    def update(self, **fields: Any) -> S: ...
    def update(self, *states_: Any, **fields: Any) -> S:
        """Edits fields. When it returns, the edit is in `state` and on disk, and is on its way.

        `update(furthest=0.4)`, or `update(Reading(furthest=0.4))`, which a type checker understands: a State
        that the app makes names just the fields that it is made with.

        Raises:
            UsageError: an unknown field, a value that it does not take or that no document can hold, or a
                session that would grow too large; nothing was changed. The session or client is closed.
            StorageFull: the disk takes no more; nothing was changed.
            StorageDenied: the local data may not be written; nothing was changed.
        """
        values = states.edit_of(self._cls, states_, fields, self._noted)
        self._on_worker(lambda engine: self._edit(engine, values))
        states.note(self._cls, values, self._noted)
        return self._state

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What of this session cannot be sent, and why; mostly nothing. At once from what is known here.

        A field that the server refuses holds up itself alone, and is tried again after the next edit here
        and on each new connection. It stays in `state` and on disk until the server takes it, another edit
        supersedes it, or `discard` lets go of it. `client.on_status` tells when there is something new.
        """
        return self._on_worker(lambda engine: tuple(engine.uploader.problems(self.id)))

    def discard(self, *fields: str) -> S:
        """Lets go of the edits of these fields that the server has not confirmed; of all, if none is named.

        `state` shows the server's values again, as far as they are known, and the change is told like one
        made here. An edit that is on its way just then may arrive all the same, and is then told again.

        Raises:
            UsageError: an unknown field, or the session or client is closed.
            StorageFull: the disk takes no more; nothing was changed.
            StorageDenied: the local data may not be written; nothing was changed.
        """
        states.check_names(self._cls, fields)
        self._on_worker(lambda engine: engine.discard(self.id, fields))
        return self._state

    def on_change(
        self, callback: Callable[[Change[S]], object], fields: str | Collection[str] | None = None
    ) -> Unsubscribe:
        """Calls `callback` after each change, this device's own edits included (see `Change.origin`).

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
        return self._subscribe(lambda change: callback(change) if change.fields & wanted else None, wanted)

    def _subscribe(self, callback: Callable[[Change[S]], object], wanted: Collection[str]) -> Unsubscribe:
        unsubscribe = self._first_told(lambda: self._subscribers.add(callback), wanted)
        self._host.keep(self)

        def end() -> None:
            unsubscribe()
            if not self._subscribers.has_callbacks:
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
                yield from (change for change in found if change.fields)  # there and back again is none
        finally:
            box.close()

    def wait_saved(self, timeout_s: float) -> bool:
        """Waits until the server has confirmed everything.

        False if that took too long, or cannot happen: another device has signed this one out, or the server
        refuses all that is left (see `problems`).
        """
        if self.saved is not Saved.EVERYWHERE:
            runtime = self._host.runtime
            runtime.scheduler.wait(lambda wake: runtime.call(lambda: self._when_saved(wake)), timeout_s)
        return self.saved is Saved.EVERYWHERE

    def close(self) -> None:
        """Ends the callbacks; what is not sent yet is sent all the same. A second call does nothing."""
        if self._closed:
            return
        self._host.runtime.check_here()
        with contextlib.suppress(Closed):  # the client is closed, and this with it
            self._on_worker(lambda _: self._end())

    def __repr__(self) -> str:
        standing = self._host.standing.status
        how = "closed" if self._closed else f"{standing.link.value}, saved {self._saved().value}"
        schema = self._cls.__schema__
        return f"<{type(self).__name__} {schema.name}/{schema.version} {how}>"

    def __del__(self) -> None:
        if not self._closed and not self._host.runtime.forked:
            # No `source`: whoever records warnings would keep the client alive by it.
            warnings.warn(f"{self!r} was dropped without close()", ResourceWarning, stacklevel=2)

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

    def __enter__(self) -> Session[S]:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._host.runtime.forked:  # a child that leaves the block has nothing to close
            self.close()

    # --- worker thread ---

    def _end(self) -> None:
        self._closed = True
        self._subscribers.clear()
        self._host.let_go(self)
        self._host.closed(self)

    def _edit(self, engine: SyncEngine, values: Mapping[str, Wish]) -> None:
        if self._size is None:
            self._size = DocumentSize(engine.local_store.open_sessions[self.id].replica.view)
        engine.edit(self.id, values, self._size.check)

    def _handle_view_change(self, change: ViewChange) -> None:
        """The engine changed this session."""
        previous = self._state
        values = shown_values(change.after)
        same_kind = change.before.foreign == change.after.foreign
        names = change.fields if same_kind else self._cls.__fields__.keys()
        self._state = states.noting(states.decode(self._cls, values, previous, names), self._noted)
        if self._size is not None:
            self._size.measure(change.after.view, change.fields)
        fields = states.changed(previous, self._state, names)
        if not fields or not self._subscribers:
            return
        device, unaware = about(change, fields, self._host.runtime.engine.local_store.device)
        self._subscribers.tell(
            Change(
                fields=fields,
                state=self._state,
                previous=previous,
                origin=change.origin,
                device=self._host.device_of(device),
                concurrent=unaware,
                advice=advise(change.origin, concurrent=unaware),
            )
        )

    def _tell_outcome(self, engine: SyncEngine, wanted: Collection[str]) -> None:
        """What came of edits of these fields while the session was closed."""
        local_store = engine.local_store
        untold = local_store.open_sessions[self.id].untold
        found = {name: one for name, one in untold.items() if name in wanted}
        if not found:
            return
        were = {name: one.was for name, one in found.items()}
        now = plain_values(local_store.open_sessions[self.id].replica)
        previous = states.decode(self._cls, {**now, **were}, self._state)
        unseen = any(one.concurrent for one in found.values())
        self._subscribers.tell(
            Change(
                fields=states.changed(previous, self._state, found),
                state=self._state,
                previous=previous,
                origin=Origin.REMOTE,
                device=self._host.device_of(next(iter(found.values())).device),
                concurrent=unseen,
                advice=advise(Origin.REMOTE, concurrent=unseen),
            )
        )
        local_store.told(self.id, found)

    def _when_saved(self, wake: Task) -> Task:
        """Calls `wake` once there is nothing more to wait for."""
        standing = self._host.standing

        def is_so() -> bool:
            if self._closed or standing.status.signed_out or self._saved() is Saved.EVERYWHERE:
                return True
            return self._host.runtime.engine.uploader.stuck([self.id])

        return standing.waiters.add(is_so, wake)

    def _saved(self) -> Saved:
        """Any thread, where what is a moment old will do."""
        open_session = self._host.runtime.engine.local_store.open_sessions.get(self.id)
        return Saved.HERE if open_session is not None and open_session.replica.pending else Saved.EVERYWHERE


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
