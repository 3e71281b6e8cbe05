"""The part of a `Session` that is about who plays: the fields declared `held`, and who holds them.

Any thread. Invariant: only what a person does takes over; see docs/continuity.md.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from dalsegno._client.session_changes import SessionChanges, plain_values
from dalsegno._client.transfer import Transfer
from dalsegno._core import line as lines
from dalsegno._core import ruling
from dalsegno._core import state as states
from dalsegno._core.asking import Ask
from dalsegno._core.line import Step
from dalsegno._core.marks import STAYING, Leaving
from dalsegno._core.policies import Wish
from dalsegno._core.replica import Check
from dalsegno._core.types import Device, DeviceId
from dalsegno._errors import UsageError
from dalsegno._sync.sync_engine import SyncEngine
from dalsegno._sync.view_change import Holding
from dalsegno._threads.delivery import Unsubscribe

if TYPE_CHECKING:
    from concurrent.futures import Future

S = TypeVar("S", bound=states.State)

STRANGE = "there is no such device: it may have been removed"
HERE = "this is the device that you are using: call take_over() here instead"
SIGNED_OUT = "that device was signed out: sign in there first"


@dataclass(frozen=True, slots=True)
class Holder:
    """The device that took over last.

    device    which one it is
    here      it is this very device
    active    its sound is heard now, as far as anybody can know: an app makes a sound where `here` and
              `active` are both True, and nowhere else
    until_ms  when its lease ends unless it is renewed, milliseconds of the Unix epoch by the server's time;
              0 = it is given back, or not confirmed yet
    seen_ms   its last sign of life, by the server's time: what it plays was heard until then at the least
    """

    device: Device
    here: bool
    active: bool
    until_ms: int
    seen_ms: int


class LineOfSession(SessionChanges[S]):
    """Taking over, and giving back."""

    _holding: Holding | None = None

    @property
    def holder(self) -> Holder | None:
        """Who holds the fields declared `held`; None = nobody has taken over yet. At once, on any thread."""
        found = self._holding
        device = self._host.device_of(found.device) if found is not None else None
        if found is None or device is None:
            return None
        return Holder(device, found.here, found.active, found.until_ms, found.seen_ms)

    def on_holder(self, callback: Callable[[], object]) -> Unsubscribe:
        """Calls `callback` whenever another device holds the line, or the same one has begun to sound or
        fallen silent. Returns a function that ends it. Raises Closed."""
        if not callable(callback):
            raise UsageError(f"on_holder takes a function without arguments, not {type(callback).__name__}")
        self._on_worker(lambda _: None)
        return self._kept(self._holder_changed.add(lambda _: callback()))

    @property
    def settled(self) -> S:
        """`state` as a place: every playhead in a `held` field stands where it is now, and where its device
        has vanished, where it was at that one's last sign of life. Raises Closed."""
        return self._on_worker(self._settled)

    def take_over(self, *states_: Any, **fields: Any) -> S:
        """This device plays from now on, and whoever played until now falls silent. For what a person does,
        and nothing else: a press of "play".

        fields   edits in the same step, as in `update`. A playhead that moves, and is not given, goes on
                 here where it was last heard

        All fields declared `held` are written together, so that of two devices that press at once all of one
        stands: of the later press. Raises what `update` raises; UsageError: no field is `held`.
        """
        return self._steps(states_, fields, Step.TAKE)

    def advance(self, *states_: Any, **fields: Any) -> S:
        """What this device plays goes on by itself: the next track begins, a playhead is put right. It gives
        way to everything that a person has done meanwhile, on whatever device; and where that has paused it,
        or another device has taken over, nothing happens.

        Raises what `update` raises; UsageError: no field is `held`.
        """
        return self._steps(states_, fields, Step.GO_ON)

    def release(self, *states_: Any, **fields: Any) -> S:
        """This device falls silent: a pause, the end of the list. A playhead that is not given stands still
        where it is now. Where another device has taken over, nothing happens.

        Raises what `update` raises; UsageError: no field is `held`.
        """
        return self._steps(states_, fields, Step.RELEASE)

    def transfer(self, device_id: str) -> Future[None]:
        """Asks another of the user's devices to take over. Returns at once; this one, or whichever plays,
        goes on until that one has taken over, within 5 s.

        The future fails with NotTaken: it was declined, or not answered in time, or somebody pressed play
        meanwhile; UsageError: nobody has taken over yet; Offline: not connected now; Denied: the server
        refuses it. Its callbacks run on a thread of ours for which nobody waits.
        Raises UsageError: no such device, this very one, one that was signed out; no field is `held`.
        """
        self._check_held()
        from dalsegno._client.answers import answer  # long after the app's first picture

        runtime, telling = self._host.runtime, self._host.telling
        return self._on_worker(
            lambda engine: answer(self._transfer(engine, DeviceId(device_id)), telling, runtime.scheduler)
        )

    def on_transfer(self, callback: Callable[[Transfer[S]], object]) -> Unsubscribe:
        """Calls `callback` when another device asks this one to take over: it answers with `take` or
        `decline`. As long as there is no callback, all is declined. Returns a function that ends it."""
        if not callable(callback):
            raise UsageError(f"on_transfer takes a function of one Transfer, not {type(callback).__name__}")
        self._on_worker(lambda _: None)
        return self._kept(self._asked.add(callback))

    def _steps(self, states_: tuple[Any, ...], fields: Mapping[str, Any], step: Step) -> S:
        self._check_held()
        values = states.edit_of(self._cls, states_, fields, self._noted) if states_ or fields else {}
        self._on_worker(lambda engine: self._edit(engine, values, STAYING, step))
        states.note(self._cls, values, self._noted)
        return self._state

    def _check_held(self) -> None:
        if not self._cls.__schema__.held:
            raise UsageError(
                f"{self._cls.__name__} has no field that a device can hold: declare what is played as "
                "held(default), and the other fields as they are"
            )

    @abstractmethod
    def _edit(
        self, engine: SyncEngine, values: Mapping[str, Wish], leaving: Leaving, step: Step = Step.CONTROL
    ) -> None:
        """Worker thread: edits the session."""

    @abstractmethod
    def _checked(self, engine: SyncEngine) -> Check:
        """Worker thread: raises where an edit would make the session too large."""

    # --- worker thread ---

    def _settled(self, engine: SyncEngine) -> S:
        replica = engine.local_store.open_sessions[self.id].replica
        line = ruling.line_of(replica)
        if not lines.moving(line):
            return self._state
        place = lines.values_of(lines.settled(line, engine.local_store.lines.alive_ms(replica)))
        return states.decode(self._cls, {**plain_values(replica), **place}, self._state, place.keys())

    def _transfer(self, engine: SyncEngine, to: DeviceId) -> Future[None]:
        found = next((info for info in engine.devices.list_all() if info.id == to), None)
        if found is None or found.here or found.signed_out:
            raise UsageError(STRANGE if found is None else HERE if found.here else SIGNED_OUT)
        return engine.transfers.ask(self.id, to)

    def _handle_asked(self, ask: Ask) -> bool:
        """Another device asks this one to take over; whether there is somebody to answer."""
        if not self._asked:
            return False
        engine = self._host.runtime.engine

        def take(fields: dict[str, Any]) -> bool:
            values = states.edit_of(self._cls, (), fields, self._noted) if fields else {}
            whole = states.with_line(self._cls, values, always=True)
            return self._on_worker(
                lambda engine: engine.transfers.take(self.id, ask, whole, self._checked(engine))
            )

        def decline() -> None:
            self._on_worker(lambda engine: engine.transfers.decline(self.id, ask))

        by = self._host.device_of(ask.asker)
        self._asked.tell(Transfer(self._settled(engine), by, int(ask.until_ms), take, decline))
        return True

    def _handle_holder_changed(self, holding: Holding | None) -> None:
        """The engine knows of another holder of this session, or more of the same."""
        before, self._holding = self._holding, holding
        who, was = holding and holding.who, before and before.who
        if who != was and self._holder_changed:
            self._holder_changed.tell(None)
