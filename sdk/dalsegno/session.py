"""One open session, as the app holds it. Any thread; callbacks come on the thread that `deliver` chooses.

Invariant: `state` is always the newest view, at once, online or off; `update` returns when the edit is on
disk; nothing here waits for the network.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from dalsegno import state as states
from dalsegno.core.follow import advise
from dalsegno.core.replica import Replica
from dalsegno.errors import Closed
from dalsegno.sync.engine import Engine
from dalsegno.sync.ledger import Changed
from dalsegno.sync.worker import Worker
from dalsegno.types import Advice, Device, DeviceId, Origin, Saved, SessionId, Value

log = logging.getLogger("dalsegno")
S = TypeVar("S", bound=states.State)
Deliver = Callable[[Callable[[], None]], None]
Unsubscribe = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What happened to a session.

    fields      the names of the fields that are otherwise than before
    state       the session after it;  previous: before it
    origin      whether this device did it or another
    device      who did it, as far as known
    concurrent  the other device did not know of this device's newest edit of a changed field
    advice      what to do about it: follow, offer, or keep what is on the screen
    """

    fields: frozenset[str]
    state: S
    previous: S
    origin: Origin
    device: Device | None
    concurrent: bool
    advice: Advice


class Host(Protocol):
    """What a session needs of its client."""

    worker: Worker
    engine: Engine
    deliver: Deliver

    def device_of(self, device: DeviceId | None) -> Device | None: ...

    def session_closed(self, session: Session[Any]) -> None: ...


class Session(Generic[S]):
    """A session that is open in this app: `client.open(id, StateClass)` makes it."""

    def __init__(self, host: Host, session_id: SessionId, cls: type[S], replica: Replica) -> None:
        self.id = session_id
        self._host, self._cls = host, cls
        self._state = states.decode(cls, plain_values(replica))
        self._callbacks: dict[object, Callable[[Change[S]], None]] = {}
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

    def update(self, **fields: Any) -> S:
        """Edits fields. When it returns, the edit is in `state` and on disk, and is on its way.

        Raises:
            UsageError: an unknown field, a wrong type, or the session or client is closed.
            StorageFull: the disk takes no more; nothing was changed.
        """
        values = states.encode(self._cls, fields)
        if self._closed:
            raise _closed(self.id)
        self._host.worker.call(lambda: self._host.engine.edit(self.id, values))
        return self._state

    def on_change(self, callback: Callable[[Change[S]], None]) -> Unsubscribe:
        """Calls `callback` after each change, this device's own edits included (see `Change.origin`).

        Returns a function that ends it: after that, and from inside the callback too, it is not called again.
        Raises Closed.
        """
        if self._closed:
            raise _closed(self.id)
        key = object()
        self._host.worker.call(lambda: self._callbacks.__setitem__(key, callback))
        return lambda: self._callbacks.pop(key, None) and None

    def changes(self, timeout_s: float | None = None) -> Iterator[Change[S]]:
        """The changes from now on, one by one; ends when nothing happened for `timeout_s`, or on close."""
        found: queue.SimpleQueue[Change[S] | None] = queue.SimpleQueue()
        unsubscribe = self.on_change(found.put)
        return _until_end(found, unsubscribe, timeout_s, lambda: self._closed)

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
            self._callbacks.clear()
            self._host.session_closed(self)

    def __enter__(self) -> Session[S]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- worker thread ---

    def take(self, change: Changed) -> None:
        """The engine changed this session."""
        previous = self._state
        self._state = states.decode(self._cls, plain_values(change.after), previous)
        if not self._callbacks:
            return
        told = Change(
            fields=change.fields,
            state=self._state,
            previous=previous,
            origin=change.origin,
            device=self._host.device_of(change.device),
            concurrent=change.concurrent,
            advice=advise(change.origin, concurrent=change.concurrent),
        )
        self._host.deliver(lambda: self._call(told))

    def _call(self, change: Change[S]) -> None:
        """On the delivery thread: a callback that fails harms only itself."""
        for key, callback in list(self._callbacks.items()):
            if key in self._callbacks:
                try:
                    callback(change)
                except Exception as error:
                    log.error("an on_change callback failed with %s", type(error).__name__, exc_info=True)

    def _saved(self) -> Saved:
        held = self._host.engine.ledger.held.get(self.id)
        return Saved.HERE if held is not None and held.replica.pending else Saved.EVERYWHERE


def plain_values(replica: Replica) -> dict[str, Value]:
    """The fields of a replica as plain values: the shared ones, and those of this device."""
    shared = {name: entry.value for name, entry in replica.view.items()}
    if replica.foreign:
        shared = {}
    return {**shared, **replica.local}


def _until_end(
    found: queue.SimpleQueue[Change[S] | None],
    unsubscribe: Unsubscribe,
    timeout_s: float | None,
    closed: Callable[[], bool],
) -> Iterator[Change[S]]:
    """Looks up now and then, so that a closed session ends the loop of whoever waits."""
    try:
        idle_since = time.monotonic()
        while not closed():
            try:
                change = found.get(timeout=0.1)
            except queue.Empty:
                if timeout_s is not None and time.monotonic() - idle_since >= timeout_s:
                    return
                continue
            if change is not None:
                yield change
            idle_since = time.monotonic()
    finally:
        unsubscribe()


def _closed(session: SessionId) -> Closed:
    return Closed(f"session {session!r} is closed: open it again with client.open(…)")
