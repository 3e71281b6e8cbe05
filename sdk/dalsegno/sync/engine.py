"""The engine: what the app edits goes out, what the server says comes in, and both are told.

Runs on one thread, the worker; it owns no thread, no socket and no clock, so that tests can run it whole on
virtual time. It only wires: the ledger knows, the receiver listens, the uploader sends, the supervisor keeps
the stream alive.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dalsegno.core.backoff import MOST_MS, Backoff
from dalsegno.core.policies import Restart, Schema
from dalsegno.core.ports import (
    CommitFailed,
    Committed,
    ReadDone,
    ReadFailed,
    Remote,
    RemoteEvent,
    Store,
    StreamAges,
    StreamEnded,
    Time,
    Timers,
)
from dalsegno.core.replica import Replica
from dalsegno.core.stream import ListenMessage
from dalsegno.sync.beats import BEATS, Beats, DeviceCard
from dalsegno.sync.ledger import Changed, Ledger, Observer
from dalsegno.sync.receiver import Receiver
from dalsegno.sync.supervisor import State, Supervisor
from dalsegno.sync.uploader import Uploader
from dalsegno.types import Link, Saved, SessionId, Status, Value

log = logging.getLogger("dalsegno")

HURRY_MS = 5_000.0
"""How long a flush suspends the collecting of edits."""

WHY = {
    "UNAVAILABLE": "the server cannot be reached",
    "DEADLINE_EXCEEDED": "the server does not answer",
    "RESOURCE_EXHAUSTED": "the server is out of quota",
    "PERMISSION_DENIED": "the security rules refuse this user",
    "UNAUTHENTICATED": "the server does not accept this user's sign-in",
    "OK": "the server ended the connection",
}
"""What a person is told of a code; the server's own words follow."""

FORGIVE_MS = MOST_MS
"""When a target that the rules refused is tried again: as after the longest backoff."""


@dataclass(frozen=True, slots=True)
class World:
    """What the engine needs of the world. `random` gives 0 ≤ x < 1."""

    store: Store
    time: Time
    timers: Timers
    random: Callable[[], float]


class Engine:
    """One user's sessions on one device."""

    def __init__(self, world: World, observer: Observer, card: DeviceCard) -> None:
        self._timers = world.timers
        self._observer = observer
        self.trouble = ""
        self._forgiving = False
        self.ledger = Ledger(world.store, world.time, self._tell)
        self.receiver = Receiver(self.ledger, self._heard_session)
        self.uploader = Uploader(
            self.ledger,
            world.time,
            world.timers,
            world.random,
            fresh=self.receiver.fresh,
            adopt=lambda session, snapshot, as_of: self.receiver.adopt(session, snapshot, as_of=as_of),
        )
        self.supervisor = Supervisor(
            world.time,
            world.timers,
            Backoff(world.random),
            has_targets=self.receiver.wanted,
            targets=self.receiver.targets,
            changed=self._link_changed,
        )
        self.uploader.suspect = self.supervisor.suspect
        self._beats = Beats(card, self.ledger, self.receiver, world.time)
        self.receiver.want_devices()

    # --- the app's side ---

    def open(self, session: SessionId, schema: Schema) -> Replica:
        """From disk, at once."""
        replica = self.ledger.open(session, schema)
        self._targets_changed()
        self.supervisor.nudge()
        return replica

    def release(self, session: SessionId) -> None:
        self.ledger.release(session)
        self._tidy(session)

    def edit(self, session: SessionId, values: Mapping[str, Value | Restart]) -> Replica:
        """On disk when it returns; sent right after."""
        replica = self.ledger.edit(session, values)
        self._timers.set(f"commit:{session}", 0, lambda: self.uploader.poke(session))
        self.supervisor.nudge()
        self._observer.settled()
        return replica

    def want_recent(self) -> None:
        self.receiver.want_recent()
        self._targets_changed()

    def hurry(self) -> None:
        """Sends what is owed without collecting more."""
        self.uploader.hurry(HURRY_MS)

    def pause(self) -> None:
        """The app goes to the background: all is on disk, and the stream ends."""
        self.receiver.keep_tokens()
        self.supervisor.pause()

    def resume(self) -> None:
        """The app is back; the steady clock may have slept, so the server's time is asked for anew."""
        self.ledger.server.forget()
        self.supervisor.resume()

    def network_changed(self) -> None:
        self.supervisor.network_changed()

    def stop(self) -> None:
        """Keeps what makes the next start cheaper, and hangs up."""
        self.receiver.keep_tokens()
        self.supervisor.pause()

    # --- the server's side ---

    def attach(self, remote: Remote) -> None:
        """The network stack is there."""
        for part in (self.receiver, self.uploader, self._beats):
            part.attach(remote)
        self.supervisor.attach(remote)

    def no_remote(self, reason: str) -> None:
        """The network stack cannot be loaded: everything else works, and nothing is lost."""
        self.trouble = reason
        self._observer.settled()

    def take(self, event: RemoteEvent) -> None:
        """Whatever the server answers."""
        match event:
            case Committed() | CommitFailed() | ReadDone() | ReadFailed() if event.ticket in BEATS:
                self._beats.take(event)
            case Committed() | CommitFailed() | ReadDone() | ReadFailed():
                self.uploader.take(event)
                self._tidy_all()
            case StreamAges():
                if event.stream == self.supervisor.stream:
                    self.supervisor.ages(event.in_ms)
            case StreamEnded():
                if event.stream == self.supervisor.stream:
                    self.receiver.closed()
                    self.supervisor.ended(event.fault)
            case _:
                if event.stream == self.supervisor.stream:
                    self._heard(event)
        self._observer.settled()

    def _heard(self, message: ListenMessage) -> None:
        if self.supervisor.state is not State.LIVE:
            self.ledger.unpark()
        if self.supervisor.state is not State.LIVE or not self.ledger.server.known:
            self._beats.probe()
        self.supervisor.heard()
        self.receiver.take(message, self.supervisor.opened_ms)
        self._beats.beat()
        if self.receiver.refused and not self._forgiving:
            self._forgiving = True
            self._timers.set("refused", FORGIVE_MS, self._forgive)

    def _forgive(self) -> None:
        self._forgiving = False
        self.receiver.forgive()

    # --- what is told ---

    def status(self) -> Status:
        """How it stands, in a word and a sentence."""
        saved = Saved.HERE if self.ledger.owes else Saved.EVERYWHERE
        for held in self.ledger.held.values():
            if held.parked:
                return Status(Link.DENIED, held.parked, saved)
        if any(code == "PERMISSION_DENIED" for code in self.receiver.refused.values()):
            return Status(Link.DENIED, "the security rules refuse to show this user's sessions", saved)
        return Status(self.supervisor.link, self._reason(), saved)

    def _reason(self) -> str:
        if self.ledger.trouble:
            return self.ledger.trouble
        for held in self.ledger.held.values():
            if held.garbled:
                return f"the server's document of session {held.replica.id!r} makes no sense: {held.garbled}"
            if held.replica.foreign:
                return (
                    f"session {held.replica.id!r} is a {held.replica.label}, not a {held.replica.schema.name}"
                )
        if self.trouble:
            return self.trouble
        fault = self.supervisor.fault
        if fault is not None and self.supervisor.state is not State.LIVE:
            return ": ".join(filter(None, (WHY.get(fault.code, ""), fault.message))) or fault.code
        return ""

    def _tell(self, change: Changed) -> None:
        try:
            self._observer.changed(change)
        except Exception as error:  # noqa: BLE001 - an app's own type may fail to read a value
            # The other sessions go on. No traceback and no id: they may quote what the user keeps.
            log.error("a session cannot be shown: its State class failed with %s", type(error).__name__)

    # --- wiring ---

    def _heard_session(self, session: SessionId) -> None:
        self.uploader.refreshed(session)
        self._tidy(session)

    def _link_changed(self) -> None:
        if self.supervisor.state in (State.WAITING, State.IDLE):
            self.receiver.closed()
        self._observer.settled()

    def _targets_changed(self) -> None:
        self.receiver.reconcile()
        self.supervisor.wanted()

    def _tidy(self, session: SessionId) -> None:
        """A session that owes nothing and that nobody uses leaves memory, and the stream."""
        self.ledger.forget_idle(session)
        if session not in self.ledger.held:
            self.uploader.forget(session)
            self._targets_changed()

    def _tidy_all(self) -> None:
        for session, held in list(self.ledger.held.items()):
            if not held.wanted:
                self._tidy(session)
