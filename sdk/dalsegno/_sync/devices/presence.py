"""This device's card and lease, and the user's other devices. Runs on the worker thread.

A card is written whole when the server does not have it as it should be, together with the registration of a
new sign-in: one commit. Otherwise only its lease is renewed, as seldom as `lease.py` says. Invariant: one
write of ours is on its way at a time, and none while the link is down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dalsegno._core.backoff import Backoff
from dalsegno._core.messages import (
    CommitFailed,
    Committed,
    RemoteEvent,
    ResourcePath,
    RpcError,
    Snapshot,
    Write,
)
from dalsegno._core.ports import Batch, Remote, Time, Timers
from dalsegno._core.record import record
from dalsegno._core.rpc_error import Call, Disposition, disposition
from dalsegno._core.types import DeviceId, DeviceInfo, Micros
from dalsegno._sync.devices import lease
from dalsegno._sync.devices.cards import Card, DeviceCard, beat_write, card_of, card_write, registration_write
from dalsegno._sync.devices.events import DeviceEvents
from dalsegno._sync.devices.registration import Registration
from dalsegno._sync.local_store import LocalStore

TIMER = "presence"


@record(frozen=True, slots=True)
class _Flight:
    """A write of our card on its way. `after`: how the card stands then; `whole`: it is registered, too."""

    ticket: int
    after: Card
    whole: bool


class Presence:
    """Keeps this device's card at the server, and the others' cards here."""

    def __init__(
        self,
        card: DeviceCard,
        local_store: LocalStore,
        registration: Registration,
        time: Time,
        timers: Timers,
        backoff: Backoff,
        ticket: Callable[[], int],
        events: DeviceEvents,
    ) -> None:
        self._card, self._local_store, self._registration = card, local_store, registration
        self._time, self._timers, self._backoff = time, timers, backoff
        self._ticket, self._events = ticket, events
        self._remote: Remote | None = None
        self._called = local_store.identity.called
        self._known = self._arrived = self._left = False
        self._flight: _Flight | None = None
        self._leaving: list[Callable[[], None]] = []
        self._goodbye = 0
        self._not_before_ms = float("-inf")
        self._corrected_ms = float("-inf")
        self._told: Sequence[DeviceInfo] = ()
        self.cards: dict[DeviceId, Card] = {}

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    # --- what is known ---

    def devices(self) -> Sequence[DeviceInfo]:
        """All of the user's devices, this one first."""
        me = self._local_store.device
        others = (card for device, card in self.cards.items() if device != me)
        return lease.listed(self._myself(), others, self._local_store.now_ms())

    def name_of(self, device: DeviceId) -> str:
        """'' = it has none, or nobody knows it."""
        card = self.cards.get(device)
        name = card.says.name if card else ""
        return name or (self._card.name if device == self._local_store.device else "")

    def gone(self, device: DeviceId) -> float | None:
        """When a device that is not online was seen last, by the server's time; None = it is online, or
        nobody knows."""
        card = self.cards.get(device)
        known = card is not None and not lease.is_online(card, self._local_store.now_ms())
        return float(card.seen_ms) if card is not None and known else None

    def _myself(self) -> DeviceInfo:
        me, says = self._local_store.device, self._card
        known = self.cards.get(me)
        seen_ms = known.seen_ms if known else 0
        live, ended = self._events.is_live(), self._registration.ended
        return DeviceInfo(
            me, self.name_of(me), says.kind, says.platform, says.app, True, live, seen_ms, ended
        )

    # --- what is heard ---

    def handle_cards(self, changed: Mapping[ResourcePath, Snapshot | None], whole: bool) -> None:
        """A consistent look at the cards: at all there are, or at those that have changed."""
        self._known = True
        if whole:
            there = {path[-1] for path in changed}
            self.cards = {device: card for device, card in self.cards.items() if device in there}
        for path, snapshot in changed.items():
            if snapshot is None:
                self.cards.pop(DeviceId(path[-1]), None)
            else:
                self.put(card_of(snapshot))
        mine = self.cards.get(self._local_store.device)
        if mine is not None and mine.revoked and mine.sign_in == self._registration.sign_in:
            self._registration.ask(lambda _: None)
        self.go_on()

    def handle_cards_refused(self) -> None:
        """The server does not show the cards, its rules or an index being its project's own: edits must not
        wait for that, so this device registers without knowing of the others."""
        if not self._known:
            self._known = True
            self.go_on()

    def put(self, card: Card) -> None:
        """A card as it stands, unless a newer one is known."""
        known = self.cards.get(card.id)
        if known is None or known.update_time <= card.update_time:
            self.cards[card.id] = card

    def handle_stream_answered(self, *, seamless: bool) -> None:
        """A new stream has answered; `seamless`: in the place of one that was alive."""
        self._left = self._known = False
        self._arrived = self._arrived or not seamless
        self._backoff.reset()
        self._not_before_ms = float("-inf")

    # --- the next thing to do ---

    def go_on(self) -> None:
        """Writes what is due, tells what has changed, and sets the timer for what comes next."""
        now_ms = self._local_store.now_ms()
        wait_ms = self._write_if_due(now_ms)
        others = [c for device, c in self.cards.items() if device != self._local_store.device]
        change_ms = lease.next_change_ms(others, now_ms)
        waits = [w for w in (wait_ms, None if change_ms is None else change_ms - now_ms) if w is not None]
        if waits:
            self._timers.set(TIMER, max(min(waits), 0.0) + 1.0, self.go_on)
        else:
            self._timers.cancel(TIMER)
        self._tell()

    def _tell(self) -> None:
        devices = self.devices()
        if devices != self._told:
            self._told = devices
            self._events.devices_changed()

    def _write_if_due(self, now_ms: float) -> float | None:
        """Gives how long to wait for the next write; None = until something happens."""
        registration = self._registration
        may = registration.sign_in and not registration.ended and not registration.refused
        if not (
            may
            and self._known
            and not self._left
            and self._events.is_live()
            and self._local_store.server.known
        ):
            return None
        if self._remote is None or self._flight is not None:
            return None
        mine = self.cards.get(self._local_store.device)
        whole = registration.needed or mine is None or self._differs(mine)
        due_ms = now_ms
        corrects = whole and not registration.needed
        if corrects:  # a copied disk makes two devices of one id: they must not answer each other for ever
            due_ms += max(self._corrected_ms + lease.BEAT_MS - self._time.steady_ms(), 0.0)
        elif mine is not None and not whole:
            others = [c for device, c in self.cards.items() if device != mine.id]
            due_ms = lease.due_ms(mine, others, now_ms, arrived=self._arrived)
        self._arrived = self._arrived and due_ms <= now_ms
        wait_ms = max(due_ms - now_ms, self._not_before_ms - self._time.steady_ms())
        if wait_ms > 0:
            return wait_ms
        if corrects:
            self._corrected_ms = self._time.steady_ms()
        self._write(self._remote, mine, now_ms, whole)
        return None

    def _differs(self, mine: Card) -> bool:
        """The name is the user's, who may have changed it from afar: only a new wish of the app counts."""
        says, card = mine.says, self._card
        same = (says.kind, says.platform, says.app) == (card.kind, card.platform, card.app)
        named = not self._is_to_be_named(mine)
        return not (same and named and mine.sign_in == self._registration.sign_in and not mine.revoked)

    def _is_to_be_named(self, mine: Card | None) -> bool:
        return mine is None or (self._called not in ("", self._card.name)) or not mine.says.name

    def _write(self, remote: Remote, mine: Card | None, now_ms: float, whole: bool) -> None:
        me, sign_in, until_ms = (
            self._local_store.device,
            self._registration.sign_in,
            lease.lease_until_ms(now_ms),
        )
        writes: list[Write]
        if whole or mine is None:
            named = self._is_to_be_named(mine)
            name = self._card.name if named or mine is None else mine.says.name
            writes = [
                card_write(me, self._card, sign_in, until_ms=until_ms, now_ms=now_ms, named=named),
                registration_write(me, sign_in),
            ]
            says = replace(self._card, name=name)
            after = Card(me, says, sign_in, 0, until_ms, False, Micros(0))
        else:
            writes = [beat_write(me, until_ms=until_ms, now_ms=now_ms)]
            after = replace(mine, until_ms=until_ms)
        self._flight = _Flight(self._ticket(), after, whole)
        remote.commit(self._flight.ticket, writes)

    # --- leaving ---

    def leave(self, then: Callable[[], None]) -> None:
        """Tells the other devices that this one goes; calls `then` when they know, or cannot be told.

        The stream ends before that: no use in being told of it, too.
        """
        first, self._left = not self._leaving, True
        self._leaving.append(then)
        if first and self._flight is None:  # else when its answer is there: it must not overtake
            self._say_goodbye()

    def stay(self) -> None:
        """The app is back, perhaps before the goodbye was said: now it is not said any more."""
        self._leaving.clear()

    def _say_goodbye(self) -> None:
        mine, now_ms = self.cards.get(self._local_store.device), self._local_store.now_ms()
        shown = mine is not None and lease.is_online(mine, now_ms)
        if shown and self._remote is not None and self._events.is_live() and not self._registration.ended:
            self._events.hang_up()
            self._goodbye = self._ticket()
            self._remote.commit(
                self._goodbye, [beat_write(self._local_store.device, until_ms=0, now_ms=now_ms)]
            )
        else:
            self._has_left()

    def _has_left(self) -> None:
        leaving, self._leaving = self._leaving, []
        for then in leaving:
            then()

    # --- what came of it ---

    def handle_response(self, event: RemoteEvent) -> None:
        """The answer to a write of ours, if it is one."""
        if not isinstance(event, (Committed, CommitFailed)):
            return
        flight = self._flight
        if event.ticket == self._goodbye:
            self._has_left()
        elif flight is not None and event.ticket == flight.ticket:
            self._flight = None
            if isinstance(event, Committed):
                self._done(flight, event)
            else:
                self._failed(flight, event.fault)
            if self._leaving:
                self._say_goodbye()
            self.go_on()

    def _done(self, flight: _Flight, event: Committed) -> None:
        self._backoff.reset()
        self._arrived = False
        self.put(replace(flight.after, seen_ms=event.commit_time // 1000, update_time=event.update_time))
        if flight.whole:
            self._called = self._card.name
            self._local_store.keep(Batch(called=self._called))
            self._registration.done(flight.after.sign_in)

    def _failed(self, flight: _Flight, fault: RpcError) -> None:
        if fault.code in ("DEADLINE_EXCEEDED", "UNAVAILABLE") and not self._left:
            self._events.connection_suspected()  # edits can be waiting for the registration
        match disposition(fault.code, Call.COMMIT):
            case Disposition.WAIT:
                self._backoff.to_most()
            case Disposition.REFRESH if self._remote is not None:
                self._remote.drop_token()
            case _:
                pass
        self._not_before_ms = self._time.steady_ms() + self._backoff.next_ms()
        if fault.code == "PERMISSION_DENIED":
            ours = flight.after.sign_in == self._registration.sign_in  # or the token has changed under way
            self._registration.denied(with_it=flight.whole and ours)
