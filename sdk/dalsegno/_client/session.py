"""One open session, as the app holds it. Any thread; callbacks come on the thread that `deliver` chooses.

Invariant: `state` is always the newest view, at once, online or off; `update` returns when the edit is on
disk; nothing here waits for the network.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar, overload

from dalsegno._client.line import LineOfSession
from dalsegno._client.marks import Mark, check_reason, defaults_of, makes_sense, shown, to_go_back_to
from dalsegno._core import state as states
from dalsegno._core.limits import DocumentSize
from dalsegno._core.line import Step
from dalsegno._core.marks import STAYING, Leaving
from dalsegno._core.policies import Wish
from dalsegno._core.replica import Check
from dalsegno._core.types import Problem, Saved
from dalsegno._errors import Closed
from dalsegno._sync.sync_engine import SyncEngine
from dalsegno._threads.delivery import Task

S = TypeVar("S", bound=states.State)
T = TypeVar("T")


class Session(LineOfSession[S]):
    """A session that is open in this app: `client.open(id, StateClass)` makes it.

    One that the app drops without `close` is followed on until its client is closed, and its callbacks are
    called; one without callbacks warns then (ResourceWarning). Its `repr` says what kind of session it is and
    how it stands; neither its id, which may be the title of a book, nor what is in it.
    """

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

    @property
    def known(self) -> bool:
        """Whether the server, or this device's disk, has told how the session stands.

        Before that `state` is only the defaults, and no place of the user's: wait with `wait_known` before it
        is shown as one. What is edited before gives way to what the server turns out to have; it becomes a
        mark then, and the change says OFFER. Raises Closed.
        """
        return self._on_worker(lambda engine: engine.local_store.open_sessions[self.id].replica.known)

    def wait_known(self, timeout_s: float) -> bool:
        """Waits until it is known how the session stands. False: that took too long, or cannot happen."""
        if not self.known:
            runtime = self._host.runtime
            runtime.scheduler.wait(lambda wake: runtime.call(lambda: self._when_known(wake)), timeout_s)
        return self.known

    @overload
    def update(self, state: S, /, *, mark: str | None = None) -> S: ...
    @overload
    def update(self, **fields: Any) -> S: ...
    def update(self, *states_: Any, **fields: Any) -> S:
        """Edits fields. When it returns, the edit is in `state` and on disk, and is on its way.

        `update(furthest=0.4)`, or `update(Reading(furthest=0.4))`, which a type checker understands: a State
        that the app makes names just the fields that it is made with.

        mark   keeps what these fields were as a place to go back to, for this reason: a word, such as "jump"

        Raises:
            UsageError: an unknown field, a value that it does not take or that no document can hold, or a
                session that would grow too large; nothing was changed. The session or client is closed.
            StorageFull: the disk takes no more; nothing was changed.
            StorageDenied: the local data may not be written; nothing was changed.
        """
        named = "mark" in self._cls.__fields__  # then it is that field
        reason = "" if named else check_reason(fields.pop("mark", None))
        values = states.edit_of(self._cls, states_, fields, self._noted)
        leaving = Leaving(reason, defaults_of(self._cls, values)) if reason else STAYING
        self._on_worker(lambda engine: self._edit(engine, values, leaving))
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

    @property
    def marks(self) -> list[Mark]:
        """Places worth going back to, of all devices, newest first, 20 at the most.

        At once from what is known here; from the first look on they are listened to, so that they are those
        of the other devices, too (`on_marks`). Raises Closed.
        """
        found = self._on_worker(lambda engine: engine.way_back.marks(self.id))
        return shown(self._cls, found, self._host.device_of)

    def go_back(self, *fields: str) -> bool:
        """Swaps the place with the newest mark: what the fields are now becomes a mark, so that the next call
        comes back here. False: there is nothing to go back to.

        fields   only to a mark of one of these; default: of any

        Raises what `update` raises.
        """
        names = to_go_back_to(self._cls, fields)
        understood = partial(makes_sense, self._cls)
        return self._on_worker(lambda engine: engine.way_back.go_back(self.id, names, understood))

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

    def __enter__(self) -> Session[S]:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._host.runtime.forked:  # a child that leaves the block has nothing to close
            self.close()

    # --- worker thread ---

    def _end(self) -> None:
        self._closed = True
        self._subscribers.clear()
        self._marks_changed.clear()
        self._holder_changed.clear()
        self._asked.clear()
        self._host.let_go(self)
        self._host.closed(self)

    def _edit(
        self, engine: SyncEngine, values: Mapping[str, Wish], leaving: Leaving, step: Step = Step.CONTROL
    ) -> None:
        whole = states.with_line(self._cls, values, always=step is not Step.CONTROL)
        engine.edit(self.id, whole, self._checked(engine), leaving, step)

    def _checked(self, engine: SyncEngine) -> Check:
        if self._size is None:
            self._size = DocumentSize(engine.local_store.open_sessions[self.id].replica.view)
        return self._size.check

    def _when_known(self, wake: Task) -> Task:
        """Calls `wake` once it is known how the session stands, or that cannot be."""
        standing = self._host.standing

        def is_so() -> bool:
            if self._closed or standing.status.signed_out:
                return True
            return self._host.runtime.engine.local_store.open_sessions[self.id].replica.known

        return standing.waiters.add(is_so, wake)

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
        return Saved.HERE if open_session is not None and open_session.owes else Saved.EVERYWHERE
