"""Clients of the simulated Firestore and of the official emulator, with whom one can speak in turns."""

from __future__ import annotations

import itertools
from typing import Any

from dalsegno._core.clock import stamp
from dalsegno._core.document import Document, Entry
from dalsegno._core.document_serializer import decode, write_of
from dalsegno._core.messages import (
    CommitFailed,
    DocumentChange,
    RemoteEvent,
    Snapshot,
    Target,
    TargetChange,
    Write,
)
from dalsegno._core.types import DeviceId, SessionId, Value
from dalsegno.testing._simulated_server import SimulatedServer
from dalsegno.testing._virtual_clock import VirtualClock
from tests.support.remotes import Client, Listening
from tests.support.simulation.network import Line

US = DeviceId("00000000000000aa")
BOOK = SessionId("book")
PATH = ("sessions", "book")
ON_BOOK = Target(1, "book", PATH)
RECENT = Target(2, "recent", ("sessions",), "at", 2)


class Simulated(Client):
    """The same turns, on virtual time."""

    def __init__(self, server: SimulatedServer | None = None, sign_in: str = "1700000000") -> None:
        self.server = server or SimulatedServer(VirtualClock())
        self.virtual_clock = self.server.virtual_clock
        self._events: list[RemoteEvent] = []
        self._tickets = itertools.count(1)
        self._line = Line(self.virtual_clock, self.server)
        self._line.sign_in = sign_in
        self.remote = self._line.dial(self._events.append)

    def other(self, sign_in: str) -> Simulated:
        """Another device of the same user."""
        return Simulated(self.server, sign_in)

    @property
    def sign_in(self) -> str:
        return self._line.sign_in

    def _answer(self, ticket: int) -> Any:
        self.virtual_clock.run(100)
        found = next(e for e in self._events if getattr(e, "ticket", 0) == ticket)
        self._events.remove(found)
        return found

    def rest(self) -> list[RemoteEvent]:
        self.virtual_clock.run(100)
        events, self._events[:] = list(self._events), []
        return events


def entries(ms: int, **values: Value) -> dict[str, Entry]:
    return {name: Entry(value, stamp(ms, 0, US), 0) for name, value in values.items()}


def write(base: Document | None, ms: int, session: str = BOOK, **values: Value) -> Write:
    return write_of(SessionId(session), "reading/1", base, entries(ms, **values), US)


def known(client: Client, session: str = BOOK) -> Document:
    snapshot = client.read("sessions", session).snapshot
    assert isinstance(snapshot, Snapshot)
    found = decode(snapshot)
    assert isinstance(found, Document)
    return found


def code(answer: Any) -> str:
    return answer.fault.code if isinstance(answer, CommitFailed) else "OK"


def told(client: Client, until: Any) -> list[RemoteEvent]:
    """What the stream says until `until` accepts a message, that one included."""
    found: list[RemoteEvent] = []
    while not (found and until(found[-1])):
        if isinstance(client, Listening):
            found.append(client.next(object))  # type: ignore[type-var,arg-type]
        else:
            found += client.rest()
            if any(until(e) for e in found):
                return found[: next(n for n, e in enumerate(found) if until(e)) + 1]
    return found


def is_look(event: RemoteEvent) -> bool:
    """A consistent look: a target change with a read time and no target names."""
    return isinstance(event, TargetChange) and not event.targets and event.read_time is not None


def documents(events: list[RemoteEvent]) -> list[tuple[str, Value]]:
    """(session, place) of each document told."""
    changes = [e for e in events if isinstance(e, DocumentChange)]
    return [(c.snapshot.path[1], c.snapshot.fields["state"]["place"]) for c in changes]  # type: ignore[index, call-overload]
