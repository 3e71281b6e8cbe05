"""The user's devices: who is registered, who is online, and what is asked of another one.

Runs on the worker thread. The engine sees this one face of three machines, of which each knows only the ones
named before it: `Registration`, `Presence`, `Requests`. What they have to tell goes to `DeviceEvents`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from dalsegno._core.backoff import Backoff
from dalsegno._core.messages import CommitFailed, Committed, ReadDone, ReadFailed, ResourcePath, Snapshot
from dalsegno._core.ports import Remote
from dalsegno._core.types import DeviceId, DeviceInfo
from dalsegno._sync.devices.cards import DeviceCard
from dalsegno._sync.devices.events import DeviceEvents
from dalsegno._sync.devices.presence import Presence
from dalsegno._sync.devices.registration import Registration, SignInView
from dalsegno._sync.devices.requests import Requests
from dalsegno._sync.local_store import LocalStore
from dalsegno._sync.world import World

if TYPE_CHECKING:
    from concurrent.futures import Future


class Devices:
    """This device as the server and the user's other devices know it, and those others.

    card      what this device says of itself
    ticket    gives a number for each call to the server that nobody else uses
    events    who is told
    """

    def __init__(
        self,
        world: World,
        card: DeviceCard,
        local_store: LocalStore,
        ticket: Callable[[], int],
        events: DeviceEvents,
    ) -> None:
        self._registration = Registration(local_store, ticket, events)
        self._presence = Presence(
            card,
            local_store,
            self._registration,
            world.time,
            world.timers,
            Backoff(world.random),
            ticket,
            events,
        )
        self._requests = Requests(
            local_store, self._presence, self._registration, ticket, events, self.why_ended
        )
        self.sign_in: SignInView = self._registration
        """Whether edits may be sent, and why one was refused."""

    def attach(self, remote: Remote) -> None:
        """The network stack is there."""
        self._registration.attach(remote)
        self._presence.attach(remote)
        self._requests.attach(remote)

    # --- what comes in ---

    def handle_response(self, event: Committed | CommitFailed | ReadDone | ReadFailed) -> None:
        """The answer to a call of ours, if it is one."""
        self._presence.handle_response(event)
        self._registration.handle_response(event)
        self._requests.handle_response(event)

    def handle_sign_in(self, sign_in: str) -> None:
        """The tokens are of this sign-in from now on."""
        self._registration.handle_sign_in(sign_in)

    def handle_cards(self, changed: Mapping[ResourcePath, Snapshot | None], whole: bool) -> None:
        """A consistent look at the devices' cards: at all there are, or at those that have changed."""
        self._presence.handle_cards(changed, whole)

    def handle_cards_refused(self) -> None:
        """The server does not show the cards."""
        self._presence.handle_cards_refused()

    def handle_stream_answered(self, *, seamless: bool) -> None:
        """A new stream has answered; `seamless`: in the place of one that was alive."""
        self._registration.handle_stream_answered()
        self._presence.handle_stream_answered(seamless=seamless)

    def go_on(self) -> None:
        """The link, the server's time or the sign-in is another: does what is due."""
        self._presence.go_on()

    # --- what is known ---

    def list_all(self) -> Sequence[DeviceInfo]:
        """All of the user's devices, this one first."""
        return self._presence.devices()

    def name_of(self, device: DeviceId) -> str:
        """'' = it has none, or nobody knows it."""
        return self._presence.name_of(device)

    def gone(self, device: DeviceId) -> float | None:
        """When a device that is not online was seen last, by the server's time; None = it is online, or
        nobody knows."""
        return self._presence.gone(device)

    def why_ended(self) -> str:
        """A sentence for the user, once the sign-in was ended."""
        name = self.name_of(DeviceId(self._registration.ended_by or ""))
        who = f"“{name}”" if name else "another of your devices"
        return f"This device was signed out from {who}."

    # --- what the user asks ---

    def rename(self, device: DeviceId, name: str) -> Future[None]:
        """Gives a device another name: 1 to 100 characters."""
        return self._requests.rename(device, name)

    def sign_out(self, device: DeviceId) -> Future[None]:
        """Ends the sign-in under which another device works."""
        return self._requests.sign_out(device)

    # --- coming and going ---

    def leave(self, then: Callable[[], None]) -> None:
        """Tells the other devices that this one goes; calls `then` when they know, or cannot be told."""
        self._presence.leave(then)

    def stay(self) -> None:
        """The app is back, perhaps before the goodbye was said."""
        self._presence.stay()

    def end(self) -> None:
        """The client is closed: nobody waits for an answer any longer."""
        self._requests.end()
