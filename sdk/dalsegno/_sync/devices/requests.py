"""What the user asks of another device: another name for it, or that it be signed out. Worker thread.

Asked once, while the link is up, and answered by a future: nothing is kept for later, for by then the user
may think otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dalsegno._core.messages import (
    CommitFailed,
    Committed,
    ReadDone,
    ReadFailed,
    RemoteEvent,
    RpcError,
    Write,
)
from dalsegno._core.ports import Remote
from dalsegno._core.rpc_error import Call, Disposition, disposition
from dalsegno._core.types import DeviceId, Micros
from dalsegno._errors import DalSegnoError, Denied, Offline, UsageError
from dalsegno._sync.devices.cards import MAX_NAME, Card, card_of, fitting, naming_write, revocation_writes
from dalsegno._sync.devices.events import DeviceEvents
from dalsegno._sync.devices.presence import Presence
from dalsegno._sync.devices.registration import Registration, Verdict
from dalsegno._sync.local_store import LocalStore

if TYPE_CHECKING:
    from concurrent.futures import Future

MOST_TRIES = 4

OFFLINE = "this device is not connected now: try again when it is"
UNANSWERED = "the server did not answer: look whether it was done, or try again"
REFUSED = "the security rules refuse this: check that they are deployed"
HERE = "this is the device that you are using: sign out on it instead"
SHARED = "that device signed in together with this one: sign out on it instead"
OLD = "that device runs an older version of this app, and has never told its sign-in"
STRANGE = "there is no such device: it may have been removed"


@dataclass(slots=True)
class _Request:
    """`writes` makes the commit from the card as it stands; `after` is the card once it is done.

    hindrance  why there is nothing to ask of this card: a sentence; '' = it is done already; None = nothing
    refused    the rules would not have it: is the card still the one that it was asked of?
    """

    future: Future[None]
    device: DeviceId
    writes: Callable[[Card], Sequence[Write]]
    after: Callable[[Card], Card]
    hindrance: Callable[[Card], str | None]
    card: Card
    tries: int = 0
    refused: bool = False


class Requests:
    """`why_ended` says why this device may ask for nothing any more."""

    def __init__(
        self,
        local_store: LocalStore,
        presence: Presence,
        registration: Registration,
        ticket: Callable[[], int],
        events: DeviceEvents,
        why_ended: Callable[[], str],
    ) -> None:
        self._local_store, self._presence, self._registration = local_store, presence, registration
        self._ticket, self._events, self._why_ended = ticket, events, why_ended
        self._remote: Remote | None = None
        self._open: dict[int, _Request] = {}

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    def rename(self, device: DeviceId, name: str) -> Future[None]:
        """Gives a device another name: 1 to 100 characters."""
        name = name.strip()
        if not name or fitting(name, MAX_NAME) != name:
            return _failed(
                UsageError(f"a device's name has 1 to {MAX_NAME} characters (most emoji count as two)")
            )
        return self._ask(
            device,
            lambda card: [naming_write(card.id, name)],
            lambda card: replace(card, says=replace(card.says, name=name)),
            lambda card: None,
        )

    def sign_out(self, device: DeviceId) -> Future[None]:
        """Ends the sign-in under which another device works."""
        if device == self._local_store.device:
            return _failed(UsageError(HERE))
        card, me = self._presence.cards.get(device), self._local_store.device
        hindrance = self._hindrance(card) if card is not None else None
        if hindrance is not None:
            return _failed(UsageError(hindrance)) if hindrance else _done()
        return self._ask(
            device,
            lambda card: revocation_writes(card, me),
            lambda card: replace(card, revoked=True),
            self._hindrance,
        )

    def _hindrance(self, card: Card) -> str | None:
        """Of signing a device out."""
        if card.revoked:
            return ""
        if card.sign_in == self._registration.sign_in:
            return SHARED
        return None if card.sign_in else OLD

    def end(self) -> None:
        """The client is closed: nobody waits any longer."""
        requests, self._open = list(self._open.values()), {}
        for request in requests:
            request.future.set_exception(Offline("the client was closed before the server answered"))

    def _ask(
        self,
        device: DeviceId,
        writes: Callable[[Card], Sequence[Write]],
        after: Callable[[Card], Card],
        hindrance: Callable[[Card], str | None],
    ) -> Future[None]:
        card = self._presence.cards.get(device)
        if self._registration.ended:
            return _failed(Denied(self._why_ended()))
        if not self._events.is_live() or self._remote is None:
            return _failed(Offline(OFFLINE))
        if card is None:
            return _failed(UsageError(STRANGE))
        request = _Request(_future(), device, writes, after, hindrance, card)
        request.future.set_running_or_notify_cancel()  # it is on its way: there is no taking it back
        self._send(request)
        return request.future

    def _send(self, request: _Request) -> None:
        assert self._remote is not None
        request.tries += 1
        ticket = self._ticket()
        self._open[ticket] = request
        self._remote.commit(ticket, request.writes(request.card))

    def _read(self, request: _Request) -> None:
        assert self._remote is not None
        ticket = self._ticket()
        self._open[ticket] = request
        self._remote.read(ticket, ("devices", request.device))

    # --- what came of it ---

    def handle_response(self, event: RemoteEvent) -> None:
        """The answer to a request, if it is one."""
        if not isinstance(event, (Committed, CommitFailed, ReadDone, ReadFailed)):
            return
        request = self._open.pop(event.ticket, None)
        if request is None:
            return
        match event:
            case Committed():
                self._done(request, event.update_time)
            case ReadDone() if event.snapshot is not None:
                self._again(request, card_of(event.snapshot))
            case ReadDone():
                request.future.set_exception(UsageError(STRANGE))
            case CommitFailed():
                self._failed(request, event.fault, Call.COMMIT)
            case ReadFailed():
                self._failed(request, event.fault, Call.READ)

    def _done(self, request: _Request, update_time: Micros) -> None:
        self._presence.put(replace(request.after(request.card), update_time=update_time))
        self._presence.go_on()
        request.future.set_result(None)

    def _again(self, request: _Request, card: Card) -> None:
        """The card as it is by now: another device may have asked the same."""
        hindrance = request.hindrance(card)
        if hindrance:
            request.future.set_exception(UsageError(hindrance))
        elif hindrance is not None:
            request.future.set_result(None)
        elif request.refused and request.card.update_time == card.update_time:
            request.future.set_exception(Denied(REFUSED))
        else:
            request.card = card
            self._send(request)

    def _failed(self, request: _Request, fault: RpcError, call: Call) -> None:
        """As the table says, but for a lost answer: the user is told at once, and looks."""
        what = disposition(fault.code, call)
        if fault.code == "PERMISSION_DENIED":
            ticket = self._ticket()
            self._open[ticket] = request  # so that the end is told to it, too
            self._registration.ask(lambda verdict: self._told_why(ticket, verdict))
        elif what is Disposition.DENIED:
            request.future.set_exception(Denied(REFUSED))
        elif what in (Disposition.REREAD, Disposition.GONE) and self._may_try(request, fault):
            self._read(request)
        else:
            if what is Disposition.REFRESH and self._remote is not None:
                self._remote.drop_token()
            request.future.set_exception(Offline(UNANSWERED))

    def _may_try(self, request: _Request, fault: RpcError) -> bool:
        return request.tries < MOST_TRIES and fault.code not in ("DEADLINE_EXCEEDED", "UNAVAILABLE")

    def _told_why(self, ticket: int, verdict: Verdict) -> None:
        request = self._open.pop(ticket, None)
        if request is None:
            return
        match verdict:
            case Verdict.ANEW if request.tries < MOST_TRIES:
                self._send(request)
            case Verdict.ENDED:
                request.future.set_exception(Denied(self._why_ended()))
            case Verdict.UNKNOWN:
                request.future.set_exception(Offline(UNANSWERED))
            case Verdict.STANDS if not request.refused:  # the rules are asked before the preconditions
                request.refused = True
                self._read(request)
            case _:
                request.future.set_exception(Denied(REFUSED))


def _future() -> Future[None]:
    from concurrent.futures import Future  # the first request comes long after the app's first picture

    return Future()


def _done() -> Future[None]:
    future = _future()
    future.set_result(None)
    return future


def _failed(error: DalSegnoError) -> Future[None]:
    future = _future()
    future.set_exception(error)
    return future
