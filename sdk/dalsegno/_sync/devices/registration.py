"""Under which sign-in this device works, whether the server knows it there, and whether that was ended.

Runs on the worker thread. The security rules take edits only of a device that is registered under the
sign-in of its token; and nothing at all once another device has ended that sign-in. A refusal alone does not
tell which: so whoever is refused asks here, and the sign-in's own document, which its devices may always
read, is the answer. Invariant: nothing is sent while the answer is that the sign-in has ended.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Protocol

from dalsegno._core.messages import ReadDone, ReadFailed, RemoteEvent, Snapshot
from dalsegno._core.ports import Batch, Remote
from dalsegno._sync.devices.cards import sign_in_of
from dalsegno._sync.devices.events import DeviceEvents
from dalsegno._sync.local_store import LocalStore


class Verdict(enum.Enum):
    """Why the server refused something."""

    STANDS = "not for this device's sake: the refusal stands"
    ANEW = "the device was not registered, and is now: try again"
    ENDED = "the sign-in was ended"
    UNKNOWN = "the server could not be asked"


Then = Callable[[Verdict], None]


class SignInView(Protocol):
    """What whoever sends edits needs to know of the sign-in.

    open         edits may be sent
    ended        another device ended it: nothing is sent, and nothing is asked
    refused      the rules would not have this device, though nobody ended its sign-in
    generation   grows with each sign-in and registration: what an earlier one was refused says nothing now
    """

    @property
    def open(self) -> bool: ...
    @property
    def ended(self) -> bool: ...
    @property
    def refused(self) -> bool: ...
    @property
    def generation(self) -> int: ...

    def ask(self, then: Then) -> None:
        """Something was refused: finds out why, and calls `then`."""
        ...


class Registration:
    """Is a `SignInView`; what changes goes to `DeviceEvents`."""

    def __init__(self, local_store: LocalStore, ticket: Callable[[], int], events: DeviceEvents) -> None:
        self._local_store, self._ticket, self._events = local_store, ticket, events
        self._remote: Remote | None = None
        self._waiting: list[Then] = []
        self._asked = 0
        self._not_taken = False
        self.sign_in: str = ""
        self.generation: int = 0
        """Grows with each sign-in and registration: what an earlier one was refused says nothing now."""
        self.registered: str = local_store.identity.registered
        self.refused: bool = False
        """The rules would not have this device, though nobody ended its sign-in: they decide on each edit."""
        self.ended_by: str | None = None
        """Who ended the sign-in, '' if that is not known; None = nobody did."""

    def attach(self, remote: Remote) -> None:
        self._remote = remote

    @property
    def ended(self) -> bool:
        return self.ended_by is not None

    @property
    def needed(self) -> bool:
        """Whether this device has to be registered."""
        return bool(self.sign_in) and self.registered != self.sign_in and not self.ended

    @property
    def open(self) -> bool:
        """Whether edits may be sent."""
        return not self.ended and (not self.needed or self.refused)

    # --- what comes to be known ---

    def handle_sign_in(self, sign_in: str) -> None:
        """The tokens are of this sign-in from now on: perhaps of a new one, after an old one was ended."""
        if sign_in == self.sign_in:
            return
        self.sign_in, self._asked = sign_in, 0
        self.generation += 1
        self.refused, self._not_taken, self.ended_by = False, False, None
        if not self.needed:
            self._tell(Verdict.ANEW)
        self._events.sign_in_changed()

    def handle_stream_answered(self) -> None:
        """A new stream: what the rules refused before they may allow by now."""
        self.refused = False

    def done(self, sign_in: str) -> None:
        """The server has registered this device."""
        self.registered, self.refused = sign_in, False
        self.generation += 1
        self._local_store.keep(Batch(registered=sign_in))
        if not self.needed:
            self._tell(Verdict.ANEW)
        self._events.sign_in_changed()

    def denied(self, *, with_it: bool) -> None:
        """The server would not take what this device says of itself, its registration `with_it` or not: was
        its sign-in ended, or its registration lost?"""
        self._not_taken = with_it
        self.ask(self._settle_denial)

    def _settle_denial(self, verdict: Verdict) -> None:
        self._not_taken = False
        if verdict is Verdict.STANDS:
            self.refused = True
            self._events.sign_in_changed()

    # --- asking ---

    def ask(self, then: Then) -> None:
        """Something was refused: finds out why, and calls `then`."""
        if self.ended:
            then(Verdict.ENDED)
            return
        self._waiting.append(then)
        if self._asked:
            return
        if self._remote is None or not self.sign_in:
            self._tell(Verdict.STANDS)
        else:
            self._asked = self._ticket()
            self._remote.read(self._asked, ("signins", self.sign_in))

    def handle_response(self, event: RemoteEvent) -> None:
        """The answer to our question, if it is one."""
        match event:
            case ReadDone() if event.ticket == self._asked:
                self._asked = 0
                self._answered(event.snapshot)
            case ReadFailed() if event.ticket == self._asked:
                self._asked = 0
                owner = event.fault.code != "PERMISSION_DENIED"  # its own document is refused to no user
                self._tell(Verdict.UNKNOWN if owner else Verdict.STANDS)

    def _answered(self, snapshot: Snapshot | None) -> None:
        found = sign_in_of(snapshot)
        if found.revoked:
            self.ended_by = found.by
            self._tell(Verdict.ENDED)
            self._events.sign_in_changed()
        elif self._local_store.device in found.devices or self._not_taken or self.refused:
            self._tell(Verdict.STANDS)
        else:  # whoever asked waits until it is registered, perhaps again: a server can lose documents
            self.registered = ""
            self._events.sign_in_changed()

    def _tell(self, verdict: Verdict) -> None:
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then(verdict)
