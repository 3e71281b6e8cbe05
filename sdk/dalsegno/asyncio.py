"""Dal Segno in an asyncio app: callbacks on the loop, changes by `async for`, and waits that are awaited.

    async with dalsegno.asyncio.connect("my-project", user=user) as client:
        book = client.open("moby-dick", Reading)
        book.update(furthest=0.12)                  # on disk when it returns, as everywhere
        async for change in book.changes():
            …

The same client and the same sessions, with another face: whatever may take longer than the disk is awaited.
All of it belongs to the loop on which `connect` was awaited. Invariants: nothing polls; whoever is cancelled
while waiting has changed nothing, and takes no change away.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Generator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import dalsegno as ds
from dalsegno._client.change import is_something
from dalsegno._client.client import FLUSH_S
from dalsegno._errors import UsageError
from dalsegno._threads.delivery import Deliver, Mailbox, Unsubscribe
from dalsegno._threads.waiters import Task

S = TypeVar("S", bound=ds.State)
T = TypeVar("T")
R = TypeVar("R")

__all__ = ["Client", "Session", "connect"]


def connect(
    project: str,
    *,
    user: ds.User | ds.SignIn,
    device: str | None = None,
    kind: str = "laptop",
    app: str = "app",
    profile: str = "default",
    home: Path | str | None = None,
    emulator: str | None = None,
    deliver: Deliver | None = None,
) -> _Connecting:
    """As `dalsegno.connect`, for `async with` (which closes the client at the end) or for `await`.

    A first sign-in waits for the network on a thread; the loop goes on. Whoever is cancelled meanwhile leaves
    no client behind. `deliver`: default: callbacks run on the loop, in their order.
    """
    options: dict[str, Any] = {
        "user": user,
        "device": device,
        "kind": kind,
        "app": app,
        "profile": profile,
        "home": home,
        "emulator": emulator,
    }
    return _Connecting(project, options, deliver)


class _Connecting:
    """What `connect` gives: nothing happens before it is awaited, or entered."""

    def __init__(self, project: str, options: Mapping[str, Any], deliver: Deliver | None) -> None:
        self._project, self._options, self._deliver = project, options, deliver
        self._client: Client | None = None

    def __await__(self) -> Generator[Any, None, Client]:
        return self._connect().__await__()

    async def __aenter__(self) -> Client:
        self._client = await self._connect()
        return self._client

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.close()

    async def _connect(self) -> Client:
        loop = asyncio.get_running_loop()
        deliver: Deliver = self._deliver or loop.call_soon_threadsafe
        made = _Made()
        try:
            client = await asyncio.to_thread(
                lambda: made.keep(ds.connect(self._project, deliver=deliver, **self._options))
            )
        except asyncio.CancelledError:
            made.give_up()
            raise
        return Client(client, loop)


class _Made:
    """A client that is being made on a thread, for somebody who may have gone meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: ds.Client | None = None
        self._unwanted = False

    def keep(self, client: ds.Client) -> ds.Client:
        with self._lock:
            self._client = client
            unwanted = self._unwanted
        if unwanted:
            client.close(0.0)
        return client

    def give_up(self) -> None:
        with self._lock:
            self._unwanted, client = True, self._client
        if client is not None:
            threading.Thread(target=client.close, args=(0.0,), name="dalsegno-close", daemon=True).start()


class Client:
    """One user's sessions on this device; `connect` makes it. See `dalsegno.Client`.

    `sync` is the client behind it, for what is not here: every method of it that does not wait for the
    network can be called on the loop.
    """

    def __init__(self, client: ds.Client, loop: asyncio.AbstractEventLoop) -> None:
        self.sync = client
        self._loop = loop

    @property
    def device(self) -> ds.Device:
        """This device, by the name that the user's other devices show."""
        return self.sync.device

    @property
    def status(self) -> ds.Status:
        """Offline, connecting, live or denied, and why; saved here or everywhere."""
        return self.sync.status

    def open(self, session_id: str, cls: type[S]) -> Session[S]:
        """Opens a session from disk, at once; the network follows. Raises UsageError."""
        return Session(self.sync.open(session_id, cls), self._loop)

    def recent(self, limit: int = 20) -> list[ds.Recent]:
        """The user's newest sessions, newest first. See `dalsegno.Client.recent`."""
        return self.sync.recent(limit)

    def devices(self) -> list[ds.DeviceInfo]:
        """The user's devices. See `dalsegno.Client.devices`."""
        return self.sync.devices()

    def on_status(self, callback: Callable[[ds.Status], None]) -> Unsubscribe:
        """Calls `callback` on the loop with each new status."""
        return self.sync.on_status(_plain(callback))

    def on_devices(self, callback: Callable[[list[ds.DeviceInfo]], None]) -> Unsubscribe:
        """Calls `callback` on the loop with each new list of devices."""
        return self.sync.on_devices(_plain(callback))

    async def flush(self, timeout_s: float = FLUSH_S) -> bool:
        """Sends what is owed; waits for the server's word `timeout_s` at the most. True: saved everywhere.

        False also where waiting is in vain; see `dalsegno.Client.flush`.
        """
        client = self.sync
        client._check_open()
        client._runtime.call(client._engine.hurry)
        await _woken(
            self._loop,
            lambda wake: client._runtime.call(lambda: client._when_saved(wake)),
            timeout_s,
        )
        return not client._standing.owes

    async def close(self, timeout_s: float = FLUSH_S) -> bool:
        """Flushes, for `timeout_s` at the most, and ends all threads. True: saved everywhere.

        Once begun it is done to the end, also if whoever waits for it is cancelled.
        """
        return await asyncio.shield(asyncio.ensure_future(asyncio.to_thread(self.sync.close, timeout_s)))

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self.sync)


class Session(Generic[S]):
    """A session that is open in this app: `client.open(id, StateClass)` makes it. See `dalsegno.Session`.

    What is not here (`known`, `marks`, `go_back`, `problems`, …) does not wait: it is on `sync`.
    """

    def __init__(self, session: ds.Session[S], loop: asyncio.AbstractEventLoop) -> None:
        self.sync = session
        self._loop = loop

    @property
    def id(self) -> str:
        """By which it was opened."""
        return self.sync.id

    @property
    def state(self) -> S:
        """The fields as they are now: this device's edits and everything heard from the others."""
        return self.sync.state

    @property
    def saved(self) -> ds.Saved:
        """Whether the server has confirmed every edit of this session."""
        return self.sync.saved

    @overload
    def update(self, state: S, /, *, mark: str | None = None) -> S: ...
    @overload
    def update(self, **fields: Any) -> S: ...
    def update(self, *states: Any, **fields: Any) -> S:
        """Edits fields; on disk when it returns, which takes about a millisecond. See `Session.update`."""
        return self.sync.update(*states, **fields)

    def on_change(
        self, callback: Callable[[ds.Change[S]], object], fields: str | Collection[str] | None = None
    ) -> Unsubscribe:
        """Calls `callback` on the loop after each change; for a coroutine, use `async for … in changes()`."""
        return self.sync.on_change(_plain(callback), fields)

    def changes(self, timeout_s: float | None = None) -> AsyncIterator[ds.Change[S]]:
        """The changes from this call on, one by one; ends when nothing happened for `timeout_s`, or on close.

        An app that does not fetch them is told the newest of those that wait as one.
        """
        return _Changes(self.sync, self._loop, timeout_s)

    async def wait_saved(self, timeout_s: float) -> bool:
        """Waits until the server has confirmed everything; False if that took too long, or cannot happen."""
        session = self.sync
        if session.saved is not ds.Saved.EVERYWHERE:
            call = session._host.runtime.call
            await _woken(self._loop, lambda wake: call(lambda: session._when_saved(wake)), timeout_s)
        return session.saved is ds.Saved.EVERYWHERE

    async def wait_known(self, timeout_s: float) -> bool:
        """Waits until it is known how the session stands; see `Session.known`."""
        session = self.sync
        if not session.known:
            call = session._host.runtime.call
            await _woken(self._loop, lambda wake: call(lambda: session._when_known(wake)), timeout_s)
        return session.known

    async def close(self) -> None:
        """Ends the callbacks and the readers; what is not sent yet is sent all the same."""
        self.sync.close()

    async def __aenter__(self) -> Session[S]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self.sync)


class _Changes(AsyncIterator["ds.Change[S]"]):
    """One reader of a session's changes. A change is taken as it is returned: no cancelling loses one."""

    def __init__(
        self, session: ds.Session[S], loop: asyncio.AbstractEventLoop, timeout_s: float | None
    ) -> None:
        woken = self._woken = asyncio.Event()

        def wake() -> None:  # on the worker; nothing in here may keep the reader alive
            with contextlib.suppress(RuntimeError):  # the loop is over, and its readers with it
                loop.call_soon_threadsafe(woken.set)

        self._session = session  # which lives as long as somebody reads: its end is the reader's
        self._box: Mailbox[ds.Change[S]] = session._first_told(
            lambda: session._subscribers.open_mailbox(wake), session._cls.__fields__
        )
        self._timeout_s = timeout_s
        weakref.finalize(self, self._box.close).atexit = False

    def __aiter__(self) -> _Changes[S]:
        return self

    async def __anext__(self) -> ds.Change[S]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                while not self._box.closed:
                    while found := self._box.take():
                        if is_something(found[0]):
                            return found[0]
                    self._woken.clear()
                    if self._box.is_quiet:
                        await self._woken.wait()
        while found := self._box.take():  # it came in the moment in which the time was up
            if is_something(found[0]):
                return found[0]
        self._box.close()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Ends it."""
        self._box.close()


async def _woken(loop: asyncio.AbstractEventLoop, add: Callable[[Task], Task], timeout_s: float) -> None:
    """Waits until it is woken, `timeout_s` at the most. `add` adds it somewhere."""
    woken = asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is over, and whoever waited with it
            loop.call_soon_threadsafe(woken.set)

    leave = add(wake)
    try:
        async with asyncio.timeout(timeout_s):
            await woken.wait()
    except TimeoutError:
        pass
    finally:
        leave()


def _plain(callback: Callable[[T], R]) -> Callable[[T], R]:
    """Raises UsageError for a coroutine function: nobody would await it."""
    if inspect.iscoroutinefunction(callback):
        raise UsageError("a callback is called, not awaited: use `async for … in changes()`, or create_task")
    return callback


def __dir__() -> list[str]:
    return sorted(__all__)
