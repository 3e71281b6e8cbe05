"""One open session, as the app holds it. Any thread; callbacks come on the thread that `deliver` chooses.

Invariant: `state` is always the newest view, at once, online or off; `update` returns when the edit is on
disk; nothing here waits for the network.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, overload

from dalsegno._core import state as states
from dalsegno._core.advice import advise, more_careful
from dalsegno._core.limits import DocumentSize
from dalsegno._core.policies import Restart, plain
from dalsegno._core.replica import Replica
from dalsegno._core.types import Advice, Device, DeviceId, Origin, Saved, SessionId, Value
from dalsegno._errors import Closed, UsageError
from dalsegno._sync.local_store import ViewChange
from dalsegno._sync.sync_engine import SyncEngine
from dalsegno._threads.delivery import Deliver, Subscribers, Task, Unsubscribe
from dalsegno._threads.worker import Worker

S = TypeVar("S", bound=states.State)


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What happened to a session.

    fields      the names of the State's fields that are otherwise than before
    state       the session after it;  previous: before it
    origin      whether this device did it or another
    device      who did it, as far as known
    concurrent  the other device did not know of this device's newest edit of a changed field
    advice      what to do about it: follow, offer, or keep what is on the screen

    Each change is told by itself as long as the app keeps up; for an app that is far behind, the newest of
    those that wait become one (`merged`).
    """

    fields: frozenset[str]
    state: S
    previous: S
    origin: Origin
    device: Device | None
    concurrent: bool
    advice: Advice


def merged(older: Change[S], newer: Change[S]) -> Change[S]:
    """Two changes as one. Associative.

    fields of both, and the way from the older one's `previous` to the newer one's `state`. What another
    device did counts more than what was done here, which the app knows already: origin and device are those
    of the newest remote one, if there is any. Concurrent if either is; and the more careful advice: an offer
    stays one.
    """
    there = newer if newer.origin is Origin.REMOTE or older.origin is Origin.HERE else older
    return Change(
        fields=older.fields | newer.fields,
        state=newer.state,
        previous=older.previous,
        origin=there.origin,
        device=there.device,
        concurrent=older.concurrent or newer.concurrent,
        advice=more_careful(older.advice, newer.advice),
    )


class Host(Protocol):
    """What a session needs of its client."""

    worker: Worker
    engine: SyncEngine
    deliver: Deliver

    def device_of(self, device: DeviceId | None) -> Device | None: ...

    def session_closed(self, session: Session[Any]) -> None: ...


class Session(Generic[S]):
    """A session that is open in this app: `client.open(id, StateClass)` makes it."""

    def __init__(self, host: Host, session_id: SessionId, cls: type[S], replica: Replica) -> None:
        self.id = session_id
        self._host, self._cls = host, cls
        self._state = states.decode(cls, plain_values(replica))
        self._size: DocumentSize | None = None
        """Of the shared fields; measured with the first edit."""
        self._subscribers = Subscribers[Change[S]](host.deliver, merged, "on_change")
        self._closed = False

    @property
    def state(self) -> S:
        """The fields as they are now: this device's edits and everything heard from the others."""
        return self._state

    @property
    def saved(self) -> Saved:
        """Whether the server has confirmed every edit of this session."""
        if self._closed:
            raise _closed(self.id)
        return self._host.worker.call(self._saved)

    @property
    def fresh(self) -> bool:
        """Whether the server has said on the present connection how this session stands; `state` has it then.

        False while offline or connecting, and from `client.network_changed()` until the server answers anew.
        Raises Closed.
        """
        if self._closed:
            raise _closed(self.id)
        return self._host.worker.call(lambda: self._host.engine.receiver.fresh(self.id))

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
        """
        values = states.edit_of(self._cls, states_, fields)
        if self._closed:
            raise _closed(self.id)
        self._host.worker.call(lambda: self._edit(values))
        return self._state

    def on_change(
        self, callback: Callable[[Change[S]], None], fields: str | Collection[str] | None = None
    ) -> Unsubscribe:
        """Calls `callback` after each change, this device's own edits included (see `Change.origin`).

        fields   only after changes of one of these; default: of any

        Returns a function that ends it: after that, and from inside the callback too, it is not called again.
        Raises Closed; UsageError: the State has no such field.
        """
        if not callable(callback):
            raise UsageError(f"on_change takes a function of one Change, not {type(callback).__name__}")
        if fields is None:
            return self._subscribe(callback)
        wanted = frozenset({fields} if isinstance(fields, str) else fields)
        if not wanted:
            raise UsageError("on_change(…, fields=()) would never be called: name a field, or leave it out")
        states.check_names(self._cls, wanted)
        return self._subscribe(lambda change: callback(change) if change.fields & wanted else None)

    def changes(self, timeout_s: float | None = None) -> Iterator[Change[S]]:
        """The changes from now on, one by one; ends when nothing happened for `timeout_s`, or on close."""
        tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        found: deque[Change[S]] = deque()
        unsubscribe = self._subscribe(found.append, tasks.put)  # called by whoever iterates
        return _until_end(tasks, found, unsubscribe, timeout_s, lambda: self._closed)

    def _subscribe(
        self, callback: Callable[[Change[S]], object], deliver: Deliver | None = None
    ) -> Unsubscribe:
        if self._closed:
            raise _closed(self.id)
        return self._host.worker.call(lambda: self._subscribers.add(callback, deliver))

    def wait_saved(self, timeout_s: float) -> bool:
        """Waits until the server has confirmed everything; False if that took too long."""
        deadline = time.monotonic() + timeout_s
        while self.saved is not Saved.EVERYWHERE:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        """Ends the callbacks; what is not sent yet is sent all the same. A second call does nothing."""
        if not self._closed:
            self._closed = True
            self._subscribers.clear()
            self._host.session_closed(self)

    def __enter__(self) -> Session[S]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- worker thread ---

    def _edit(self, values: Mapping[str, Value | Restart]) -> None:
        if self._size is None:
            self._size = DocumentSize(_shared(self._host.engine.local_store.open_sessions[self.id].replica))
        specs = self._cls.__fields__
        self._size.check({name: plain(v) for name, v in values.items() if specs[name].policy.shared})
        self._host.engine.edit(self.id, values)

    def take(self, change: ViewChange) -> None:
        """The engine changed this session."""
        previous = self._state
        values = plain_values(change.after)
        same_kind = change.before.foreign == change.after.foreign
        names = change.fields if same_kind else self._cls.__fields__.keys()
        self._state = states.decode(self._cls, values, previous, names)
        if self._size is not None:
            self._size.measure(_shared(change.after), change.fields)
        fields = states.changed(previous, self._state, names)
        if not fields or not self._subscribers:
            return
        self._subscribers.tell(
            Change(
                fields=fields,
                state=self._state,
                previous=previous,
                origin=change.origin,
                device=self._host.device_of(change.device),
                concurrent=change.concurrent,
                advice=advise(change.origin, concurrent=change.concurrent),
            )
        )

    def _saved(self) -> Saved:
        open_session = self._host.engine.local_store.open_sessions.get(self.id)
        return Saved.HERE if open_session is not None and open_session.replica.pending else Saved.EVERYWHERE


def _shared(replica: Replica) -> dict[str, Value]:
    return {name: entry.value for name, entry in replica.view.items()}


def plain_values(replica: Replica) -> dict[str, Value]:
    """The fields of a replica as plain values: the shared ones, and those of this device."""
    shared = {} if replica.foreign else _shared(replica)
    return {**shared, **replica.local}


def _until_end(
    tasks: queue.SimpleQueue[Task],
    found: deque[Change[S]],
    unsubscribe: Unsubscribe,
    timeout_s: float | None,
    closed: Callable[[], bool],
) -> Iterator[Change[S]]:
    """Looks up now and then, so that a closed session ends the loop of whoever waits."""
    try:
        idle_since = time.monotonic()
        while not closed():
            try:
                tasks.get(timeout=0.1)()
            except queue.Empty:
                if timeout_s is not None and time.monotonic() - idle_since >= timeout_s:
                    return
                continue
            while found:
                yield found.popleft()
            idle_since = time.monotonic()
    finally:
        unsubscribe()


def _closed(session: SessionId) -> Closed:
    return Closed(f"session {session!r} is closed: open it again with client.open(…)")
