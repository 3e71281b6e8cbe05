"""One user's sessions on this device, as the app holds them: runs what `connect` puts together, and ends it.

Any thread.
"""

from __future__ import annotations

import random
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from dalsegno._client.arguments import check_limit
from dalsegno._client.devices import Roster
from dalsegno._client.open_sessions import OpenSessions
from dalsegno._client.recent_list import Recent, RecentList
from dalsegno._client.recorded import Recorder
from dalsegno._client.runtime import Dial, Runtime, Upkeep
from dalsegno._client.session import Session
from dalsegno._client.status import StatusBoard
from dalsegno._client.user import User
from dalsegno._core.asking import Ask
from dalsegno._core.limits import is_reserved
from dalsegno._core.ports import Store
from dalsegno._core.state import State
from dalsegno._core.types import Counters, Device, DeviceId, Origin, SessionId, Status
from dalsegno._errors import Closed, UsageError
from dalsegno._support_log import is_on
from dalsegno._sync.devices.cards import DeviceCard, fitting
from dalsegno._sync.view_change import Holding, ViewChange
from dalsegno._threads.delivery import Deliver, Unsubscribe
from dalsegno._threads.scheduler import Scheduler, TaskLoop, ThreadScheduler
from dalsegno._threads.waiters import Task, nothing

S = TypeVar("S", bound=State)

MAX_ID = 200
FLUSH_S = 2.0


class DurableStore(Store, Protocol):
    """A store on a disk: `notices` are sentences for the user about what was mended."""

    notices: list[str]

    def sync(self) -> None:
        """Makes all that was written so far survive a power cut. Any thread. Raises StorageFull."""
        ...


class Client(Roster):
    """One user's sessions on this device; `connect` makes it. Usable as a context manager.

    One that is dropped without `close` warns (ResourceWarning) and frees its profile; what was not sent is
    sent next time. A client lives as long as one of its sessions does. Its `repr` says how it stands, and
    nothing of the user. In a process that is forked off this one, every call raises UsageError: connect anew.
    """

    def __init__(
        self,
        store: DurableStore,
        upkeep: Callable[[TaskLoop], Upkeep],
        card: DeviceCard,
        dial: Dial,
        deliver: Deliver | None,
        scheduler: Scheduler | None = None,
        random: Callable[[], float] = random.random,
        user: User | None = None,
        sign_in_notices: Callable[[], Sequence[str]] = list,
    ) -> None:
        """Makes the engine, and begins to connect.

        upkeep           makes what keeps the store well, given the worker
        scheduler        what all runs on; default: threads of its own, and the machine's clocks
        random           what the engine goes by where it must not be regular; default: chance
        sign_in_notices  sentences for the user about how the sign-in is kept
        """
        self.user = user
        self._store = store
        self._sign_in_notices = sign_in_notices
        self._recorder = Recorder() if is_on() else None  # the log for support; else not even asked
        self._ending = threading.Lock()
        scheduler = scheduler or ThreadScheduler()
        self._callbacks = scheduler.telling(deliver)
        dial = dial if self._recorder is None else self._recorder.around(dial)
        runtime = Runtime(store, card, dial, upkeep, _Observer(weakref.ref(self)), scheduler, random)
        super().__init__(runtime, self._callbacks, card.name)
        self._standing = StatusBoard(runtime.call(self._engine.status), self._telling)
        device_of = weakref.WeakMethod(self._device_of)  # or a dropped client would live on in a circle

        def find_device(device: DeviceId | None) -> Device | None:
            find = device_of()
            return find(device) if find is not None else None

        self._sessions = OpenSessions(runtime, self._telling, self._standing, find_device)
        self._recent_list = RecentList(runtime, self._telling, self._standing.waiters, find_device)
        self._closed = False
        runtime.begin()

    # --- sessions ---

    def open(self, session_id: str, cls: type[S]) -> Session[S]:
        """Opens a session from disk, at once; the network follows.

        Raises UsageError: the id is empty, too long or has a slash; the class is no State; all is closed.
        """
        checked = _checked_id(session_id)
        if not (isinstance(cls, type) and issubclass(cls, State) and cls is not State):
            raise UsageError(f'{cls!r} is no State class: class Reading(State, schema="reading/1"): …')
        self._check_open()
        return self._runtime.call(lambda: self._sessions.open(self, checked, cls))

    def recent(self, limit: int = 20) -> list[Recent]:
        """The user's newest sessions, of all devices: what "continue reading" shows. Newest first.

        At once from what is known here; the first call also begins to listen for those of other devices, so
        that later calls know them too. Raises UsageError: `limit` is no whole number from 0.
        """
        check_limit(limit)
        self._check_open()
        return self._recent_list.newest(limit)

    # --- how it stands ---

    @property
    def status(self) -> Status:
        """Offline, connecting, live or denied, and why; saved here or everywhere."""
        return self._standing.status

    def on_status(self, callback: Callable[[Status], None]) -> Unsubscribe:
        """Calls `callback` with each new status, on the thread that `deliver` chooses."""
        self._check_open()
        return self._standing.on_status(callback)

    @property
    def notices(self) -> list[str]:
        """Sentences for the user: what was mended in the local data, how the sign-in is kept; mostly none."""
        return [*self._store.notices, *self._sign_in_notices()]

    @property
    def counters(self) -> Counters:
        """How often the server was called since this client was made, and in vain; at once, on any thread."""
        return self._engine.calls.counters

    def now_ms(self) -> int:
        """The best estimate of the server's time, in milliseconds of the Unix epoch."""
        self._check_open()
        return int(self._runtime.call(self._engine.local_store.now_ms))

    # --- phones and networks ---

    def network_changed(self) -> None:
        """The system reports another network: connect anew, now."""
        self._runtime.call(self._engine.network_changed)

    def pause(self, timeout_s: float = FLUSH_S) -> None:
        """The app goes to the background. All is on disk when it returns, and sent if that could be done."""
        self._leave(timeout_s)
        self._runtime.call(self._engine.pause)
        self._store.sync()

    def resume(self) -> None:
        """The app is back in the foreground."""
        self._runtime.call(self._engine.resume)

    # --- the end ---

    def flush(self, timeout_s: float = FLUSH_S) -> bool:
        """Sends what is owed; waits for the server's word `timeout_s` at the most. True: saved everywhere.

        False: that took too long, or cannot happen: another device has signed this one out, or the server
        refuses all that is left (see `Session.problems`).
        """
        self._check_open()
        runtime = self._runtime
        runtime.call(self._engine.hurry)
        runtime.scheduler.wait(lambda wake: runtime.call(lambda: self._when_saved(wake)), timeout_s)
        return not self._standing.owes

    def _when_saved(self, wake: Task) -> Task:
        """Worker thread."""
        owing = self._engine.local_store.open_sessions.owing
        return self._standing.when_saved(wake, lambda: self._engine.uploader.stuck(owing))

    def close(self, timeout_s: float = FLUSH_S) -> bool:
        """Flushes, for `timeout_s` at the most, and ends all threads. What was not sent is sent next time.

        True: saved everywhere. A second call does nothing, also one on another thread meanwhile.
        """
        try:
            self._runtime.call(self._engine.leases.fall_silent)
            done = self._leave(timeout_s)
        except Closed:
            return not self._standing.owes
        with self._ending:
            first, self._closed = not self._closed, True
        if not first:
            return done
        self._runtime.call(self._end_waits)
        self._runtime.end(timeout_s)
        self._callbacks.stop(timeout_s)
        return done

    def _leave(self, timeout_s: float) -> bool:
        """A flush; then the other devices are told that this one goes, if there is time left for that."""
        scheduler = self._runtime.scheduler
        begun_ms = scheduler.time.steady_ms()
        done = self.flush(timeout_s)
        left_s = timeout_s - (scheduler.time.steady_ms() - begun_ms) / 1000
        if left_s > 0:
            scheduler.wait(lambda wake: self._runtime.call(lambda: self._take_leave(wake)), left_s)
        return done

    def _take_leave(self, then: Task) -> Task:
        """Worker thread."""
        self._engine.leave(then)
        return nothing  # a leave is taken, whether or not it is waited for

    def _end_waits(self) -> None:
        """Worker thread: whoever waits for something of this client goes on."""
        self._sessions.end()
        self._standing.waiters.end()

    def _is_now(self, status: Status) -> None:
        """Worker thread."""
        self._standing.is_now(status)
        if self._recorder is not None:
            self._recorder.status(status)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._runtime.forked:  # a child that leaves the block has nothing to close
            self.close()

    def __repr__(self) -> str:
        status = self._standing.status
        how = "closed" if self._closed else f"{status.link.value}, saved {status.saved.value}"
        return f"<{type(self).__name__} {how}>"

    def __del__(self) -> None:
        if not self._closed and not self._runtime.forked:
            warnings.warn(f"{self!r} was dropped without close()", ResourceWarning, source=self, stacklevel=2)
            self._closed = True
            self._runtime.abandon()
            self._callbacks.stop(0.0)


@dataclass(frozen=True, slots=True)
class _Observer:
    """Tells a client what its engine does, as long as there is one: the engine keeps none alive."""

    client: weakref.ref[Client]

    def changed(self, change: ViewChange) -> None:
        client = self.client()
        if change.origin is Origin.HERE and client is not None:
            client._runtime.upkeep.edited()
        if client is not None:
            client._sessions.changed(change)
            client._recent_list.changed()

    def marks_changed(self, session: SessionId) -> None:
        client = self.client()
        if client is not None:
            client._sessions.marks_changed(session)

    def holder_changed(self, session: SessionId, holding: Holding | None) -> None:
        client = self.client()
        if client is not None:
            client._sessions.holder_changed(session, holding)

    def asked(self, session: SessionId, ask: Ask) -> None:
        client = self.client()
        if client is not None:
            client._sessions.asked(session, ask)

    def settled(self) -> None:
        client = self.client()
        if client is not None:
            client._is_now(client._engine.status())

    def devices_changed(self) -> None:
        client = self.client()
        if client is not None:
            client._devices_changed()

    def recent_changed(self) -> None:
        client = self.client()
        if client is not None:
            client._recent_list.changed()


def _checked_id(session_id: str) -> SessionId:
    good = isinstance(session_id, str) and session_id and fitting(session_id, MAX_ID) == session_id
    if not good or "/" in session_id or session_id in (".", "..") or is_reserved(session_id):
        raise UsageError(
            f"{session_id!r} is no session id: 1 to {MAX_ID} characters (most emoji are two) without '/', "
            "not '.', '..' or '__…__'; hash or quote what may contain others"
        )
    return SessionId(session_id)
