"""The engine: what the app edits goes out, what the server says comes in, and both are told.

Runs on one thread, the worker; it owns no thread, no socket and no clock, so that tests can run it whole on
virtual time. It only wires: the local store knows, the receiver listens, the uploader sends, the listen
stream is kept alive, and the device is registered, seen, and perhaps thrown out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from itertools import count

from dalsegno._core.backoff import Backoff
from dalsegno._core.line import Step
from dalsegno._core.marks import STAYING, Leaving
from dalsegno._core.messages import (
    CommitFailed,
    Committed,
    ReadDone,
    ReadFailed,
    RemoteEvent,
    SignInKnown,
    Snapshot,
    StreamAges,
    StreamEnded,
)
from dalsegno._core.policies import Schema, Wish
from dalsegno._core.ports import Remote
from dalsegno._core.replica import Check, Replica
from dalsegno._core.stream_life import OfflineCause, StreamState
from dalsegno._core.types import Link, Micros, SessionId, Status
from dalsegno._sync.call_counter import CallCounter
from dalsegno._sync.client_status import status_of
from dalsegno._sync.clock_probe import ClockProbe
from dalsegno._sync.device_effects import DeviceEffects
from dalsegno._sync.devices.cards import DeviceCard
from dalsegno._sync.devices.component import Devices
from dalsegno._sync.drain import Drain
from dalsegno._sync.leases import Leases
from dalsegno._sync.listen_stream import ListenStream
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.receiver import DEVICES_KEY, Receiver
from dalsegno._sync.stream_effects import StreamEffects
from dalsegno._sync.transfers import Transfers
from dalsegno._sync.uploader import Uploader
from dalsegno._sync.view_change import Observer, ViewChange
from dalsegno._sync.way_back import WayBack
from dalsegno._sync.world import World

log = logging.getLogger("dalsegno")

HURRY_MS = 5_000.0
"""How long a flush suspends the collecting of edits, at the most."""


class SyncEngine:
    """One user's sessions on one device."""

    def __init__(self, world: World, observer: Observer, card: DeviceCard) -> None:
        self._timers = world.timers
        self.observer: Observer = observer
        self.trouble: str = ""
        told = (self._tell, self._time_known, observer.marks_changed)
        self.local_store: LocalStore = LocalStore(world.store, world.time, *told)
        ticket = count(-10, -1).__next__  # the uploader's are positive
        self.devices: Devices = Devices(world, card, self.local_store, ticket, events=DeviceEffects(self))
        self.receiver: Receiver = Receiver(
            self.local_store, ticket, self._heard_session, self.devices.handle_cards, observer.recent_changed
        )
        self.listen_stream: ListenStream = ListenStream(
            world.time,
            world.timers,
            Backoff(world.random),
            has_targets=self.receiver.wanted,
            targets=self.receiver.targets,
            unanswered=self.receiver.unanswered,
            changed=self._link_changed,
        )
        self.uploader: Uploader = Uploader(
            self.local_store,
            world.time,
            world.timers,
            world.random,
            fresh=lambda session: self.receiver.fresh(session) or self.drain.fresh(session),
            has_turn=lambda session: self.drain.has_turn(session),
            adopt=self._was_read,
            sign_in=self.devices.sign_in,
            suspect=self.listen_stream.suspect,
        )
        self.drain: Drain = Drain(
            self.local_store,
            world.timers,
            lambda: self.is_live() and self.devices.sign_in.open,
            self.uploader.poke,
            self.uploader.rests,
        )
        edit = self.edit
        needs = (ticket, self.is_live, edit, observer.asked)
        self.transfers: Transfers = Transfers(world, self.local_store, *needs)
        effects = (self.transfers, edit, observer.holder_changed, self.listen_stream.suspect)
        self.leases: Leases = Leases(world, self.local_store, *effects)
        self.local_store.lines.gone = self.devices.gone
        self.way_back: WayBack = WayBack(world, self.local_store, ticket, self.devices.sign_in, self)
        self.probe: ClockProbe = ClockProbe(self.local_store, world.time)
        self.stream_effects: StreamEffects = StreamEffects(self, world.timers)
        self.calls: CallCounter = CallCounter()
        self._remote: Remote | None = None

    # --- the app's side ---

    def open(self, session: SessionId, schema: Schema) -> Replica:
        """From disk, at once."""
        self.local_store.open(session, schema)
        self._targets_changed(session)
        self.listen_stream.nudge()
        self.leases.opened(session)
        self.observer.settled()
        return self.local_store.open_sessions[session].replica

    def release(self, session: SessionId) -> None:
        self.leases.closing(session)
        self.way_back.closed(session)
        self.local_store.release(session)
        self._tidy(session)
        self.drain.go_on()
        self.observer.settled()

    def edit(
        self,
        session: SessionId,
        values: Mapping[str, Wish],
        check: Check | None = None,
        leaving: Leaving = STAYING,
        step: Step = Step.CONTROL,
    ) -> Replica:
        """On disk when it returns; sent right after. The rest: see `LocalStore.edit`."""
        self._check_clocks()
        replica = self.local_store.edit(session, values, check, leaving, step)
        if step in (Step.TAKE, Step.RELEASE):
            self.uploader.urge(session)
        self._timers.set(f"commit:{session}", 0, lambda: self._send(session))
        self.way_back.edited(session)
        self.listen_stream.nudge()
        self.observer.settled()
        return replica

    def _send(self, session: SessionId) -> None:
        self.uploader.poke(session)
        self.listen_to_marks(session)
        self.way_back.go_on()

    def discard(self, session: SessionId, names: Collection[str]) -> Replica:
        """Lets go of unsent edits."""
        replica = self.local_store.discard(session, names)
        self.uploader.poke(session)
        self.observer.settled()
        return replica

    def want_recent(self) -> None:
        self.receiver.want_recent()
        self._targets_changed()

    def want_devices(self) -> None:
        self.receiver.want_devices()
        self._targets_changed()

    def hurry(self) -> None:
        """Sends what is owed without collecting more, until that is done."""
        self.way_back.hurry()
        self.uploader.hurry(HURRY_MS)

    def leave(self, then: Callable[[], None]) -> None:
        """Just before a pause or the end: tells the other devices; calls `then` when that is done, or vain.

        The stream ends with it. What is edited meanwhile is sent at once.
        """
        self.way_back.hurry()
        self.uploader.hurry(HURRY_MS, leaving=True)
        self.devices.leave(then)

    def pause(self) -> None:
        """The app goes to the background: all is on disk, and the stream ends."""
        self.receiver.keep_tokens()
        self.listen_stream.go_offline(OfflineCause.PAUSED)
        self.observer.settled()  # also where no stream had begun

    def resume(self) -> None:
        """The app is back; the steady clock may have slept, so the server's time is asked for anew."""
        self.devices.stay()
        self.local_store.server.forget()
        self._look_for_a_sign_in()
        self.listen_stream.come_online(OfflineCause.PAUSED)
        self.observer.settled()

    def network_changed(self) -> None:
        """Another network, or another sign-in."""
        self._look_for_a_sign_in()
        self.listen_stream.network_changed()

    def _look_for_a_sign_in(self) -> None:
        """After the sign-in was ended there is nobody to talk to: only a new one helps."""
        if OfflineCause.SIGNED_OUT in self.listen_stream.causes and self._remote is not None:
            self._remote.identify()

    def stop(self) -> None:
        """Keeps what makes the next start cheaper, and hangs up."""
        self.pause()
        self.devices.end()
        self.transfers.end()

    # --- the server's side ---

    def attach(self, remote: Remote) -> None:
        """The network stack is there."""
        remote = self.calls.counted(remote)
        self._remote = remote
        self.transfers.attach(remote)
        for part in (self.receiver, self.uploader, self.way_back, self.probe, self.devices):
            part.attach(remote)
        self.leases.begin()
        self.listen_stream.attach(remote)

    def no_remote(self, reason: str) -> None:
        """The network stack cannot be loaded: everything else works, and nothing is lost."""
        self.trouble = reason
        self.observer.settled()

    def handle_event(self, event: RemoteEvent) -> None:
        """Whatever the server answers."""
        self.calls.handle(event)
        self._check_clocks()
        match event:
            case SignInKnown():
                self.devices.handle_sign_in(event.sign_in)
            case Committed() | CommitFailed() | ReadDone() | ReadFailed() if event.ticket < 0:
                self.listen_stream.handle_answer(event)
                if isinstance(event, (ReadDone, ReadFailed)):
                    self.receiver.handle_read(event)
                    self.probe.handle_read(event)
                for part in (self.devices, self.way_back, self.transfers):
                    part.handle_response(event)
            case Committed() | CommitFailed() | ReadDone() | ReadFailed():
                self.listen_stream.handle_answer(event)
                self.uploader.handle_response(event)
            case _ if event.stream != self.listen_stream.stream:
                pass  # of an older one
            case StreamAges():
                self.listen_stream.handle_stream_age(event.in_ms)
            case StreamEnded():
                self.receiver.closed()
                self.listen_stream.handle_stream_failure(event.fault)
                if event.fault.code == "PERMISSION_DENIED":
                    self.devices.sign_in.ask(lambda _: None)
            case _:
                self.stream_effects.handle(event)
        for session in list(self.local_store.open_sessions.idle):
            self._tidy(session)
        self.drain.go_on()
        self.way_back.go_on()
        self.observer.settled()

    def _time_known(self) -> None:
        """Edits have got their true stamps: what looked superseded by a guess may be owed after all."""
        self.devices.go_on()
        self.uploader.poke_all()

    def _check_clocks(self) -> None:
        """Before a stamp is made, and before an answer is taken for the time. The next stream asks anyway."""
        if self.local_store.clocks_parted() and self.is_live() and not self.devices.sign_in.ended:
            self.probe.begin()

    def look_for_devices(self) -> None:
        """Whether the devices' cards may be read at all."""
        if DEVICES_KEY in self.receiver.refused:
            self.devices.handle_cards_refused()

    # --- what is told ---

    def status(self) -> Status:
        """How it stands, in a word and a sentence."""
        refused = self.receiver.refused.values()
        return status_of(self.local_store, self.listen_stream, self.devices, refused, self.trouble)

    def _tell(self, change: ViewChange) -> None:
        try:
            self.observer.changed(change)
        except Exception as error:  # noqa: BLE001 - an app's own type may fail to read a value
            # The other sessions go on. No traceback and no id: they may quote what the user keeps.
            log.error("a session cannot be shown: its State class failed with %s", type(error).__name__)

    def is_live(self) -> bool:
        """Whether the link is up: also while one stream takes over from another."""
        return self.listen_stream.link is Link.LIVE

    # --- wiring ---

    def _heard_session(self, session: SessionId) -> None:
        self.local_store.hearing.look(session)
        self.uploader.refreshed(session)
        self._tidy(session)
        self.listen_to_marks(session)

    def _link_changed(self) -> None:
        if self.listen_stream.state in (StreamState.WAITING, StreamState.REFUSED, StreamState.IDLE):
            self.receiver.closed()
        if self.listen_stream.state is not StreamState.LIVE:
            self.drain.stop()
        self.local_store.link_is(self.is_live(), self.listen_stream.alive_ms)
        self.devices.go_on()
        self.observer.settled()

    def _was_read(self, session: SessionId, snapshot: Snapshot | None, as_of: Micros) -> None:
        self.receiver.adopt(session, snapshot, as_of=as_of)
        self.drain.was_read(session)

    def _targets_changed(self, session: SessionId | None = None) -> None:
        """Of one session, or of any."""
        if session is None:
            self.receiver.reconcile()
        else:
            self.receiver.reconcile_session(session)
        self.listen_stream.wanted()

    def _tidy(self, session: SessionId) -> None:
        """A session that owes nothing and that nobody uses leaves memory, and the stream."""
        self.local_store.forget_idle(session)
        if session not in self.local_store.open_sessions:
            self.uploader.forget(session)
            self._targets_changed(session)

    def listen_to_marks(self, session: SessionId) -> None:
        """Somebody asks for them, or some were made here."""
        if self.receiver.lacks_marks(session):
            self._targets_changed(session)
