"""The simulated Firestore against the official emulator: one suite for both, so that it cannot drift.

Each test runs twice, as a signed-in user under the same rules; what the simulation is relied on for is here.
(Resume tokens, heartbeats and existence filters the emulator does not show.)
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from dalsegno._core.clock import stamp
from dalsegno._core.document import Document, Entry
from dalsegno._core.document_serializer import decode, write_of
from dalsegno._core.messages import (
    ANY,
    CommitFailed,
    Committed,
    DocumentChange,
    DocumentGone,
    FieldPath,
    RemoteEvent,
    SignInKnown,
    Snapshot,
    StreamEnded,
    Target,
    TargetChange,
    Write,
)
from dalsegno._core.types import DeviceId, Micros, SessionId, Value
from dalsegno._sync.devices.cards import DeviceCard, card_write, registration_write
from dalsegno.testing._simulated_server import SimulatedServer
from dalsegno.testing._virtual_clock import VirtualClock
from tests.support.emulator import fresh_project, shared_emulator
from tests.support.remotes import Listening
from tests.support.simulation.network import Line

US = DeviceId("00000000000000aa")
BOOK = SessionId("book")
PATH = ("sessions", "book")
ON_BOOK = Target(1, "book", PATH)
RECENT = Target(2, "recent", ("sessions",), "at", 2)


class Client(Protocol):
    """A remote with whom one can speak in turns."""

    remote: Any

    @property
    def sign_in(self) -> str: ...

    def commit(self, *writes: Write) -> Any: ...

    def read(self, *path: str) -> Any: ...

    def listen(self, stream: int, *targets: Target) -> Any: ...

    def rest(self) -> list[RemoteEvent]: ...


class Simulated:
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

    def commit(self, *writes: Write) -> Any:
        ticket = next(self._tickets)
        self.remote.commit(ticket, writes)
        return self._answer(ticket)

    def read(self, *path: str) -> Any:
        ticket = next(self._tickets)
        self.remote.read(ticket, path)
        return self._answer(ticket)

    def listen(self, stream: int, *targets: Target) -> Any:
        self.remote.listen(stream, targets)
        return self

    def _answer(self, ticket: int) -> Any:
        self.virtual_clock.run(100)
        found = next(e for e in self._events if getattr(e, "ticket", 0) == ticket)
        self._events.remove(found)
        return found

    def rest(self) -> list[RemoteEvent]:
        self.virtual_clock.run(100)
        events, self._events[:] = list(self._events), []
        return events


@pytest.fixture(params=["simulated", "emulator"])
def stranger(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client whose device is not registered."""
    if request.param == "simulated":
        yield Simulated()
        return
    with Listening(shared_emulator().host, fresh_project(), "alice") as listening:
        yield listening


@pytest.fixture
def client(stranger: Client) -> Client:
    """On a registered device."""
    assert "OK" == code(stranger.commit(registration_write(US, stranger.sign_in)))
    stranger.rest()
    return stranger


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


def test_a_first_write_creates(client: Client) -> None:
    """`base=None` creates: rev 1, and the server's time in `at`."""
    answer = client.commit(write(None, 5, place=1))
    assert isinstance(answer, Committed)
    document = known(client)
    assert (1, 5, US, answer.update_time) == (
        document.rev,
        document.hlc,
        document.device,
        document.update_time,
    )
    assert entries(5, place=1) == document.entries


def test_an_update_changes_what_it_names(client: Client) -> None:
    """Field by field; what is not named stays; rev grows by one."""
    client.commit(write(None, 5, place=1, mood="calm"))
    client.commit(write(known(client), 6, place=2))
    document = known(client)
    assert {**entries(5, mood="calm"), **entries(6, place=2)} == document.entries
    assert (2, 6) == (document.rev, document.hlc)


def test_compare_and_set_lets_one_in(client: Client) -> None:
    """Two updates upon one version: the second is refused, and leaves no trace."""
    client.commit(write(None, 5, place=1))
    base = known(client)
    assert "OK" == code(client.commit(write(base, 6, place=2)))
    assert "FAILED_PRECONDITION" == code(client.commit(write(base, 7, place=3)))
    assert entries(6, place=2) == known(client).entries


def test_rules_come_before_preconditions(client: Client) -> None:
    """A stale base and an `hlc` that would go down: PERMISSION_DENIED, not FAILED_PRECONDITION."""
    client.commit(write(None, 5, place=1))
    base = known(client)
    client.commit(write(base, 9, place=2))
    assert "PERMISSION_DENIED" == code(client.commit(write(base, 6, place=3)))


def test_creating_what_exists(client: Client) -> None:
    """Rules see an update that does not follow: PERMISSION_DENIED; ALREADY_EXISTS where they let it pass."""
    client.commit(write(None, 5, place=1))
    assert code(client.commit(write(None, 6, place=2))) in ("PERMISSION_DENIED", "ALREADY_EXISTS")
    assert entries(5, place=1) == known(client).entries


def test_updating_what_is_not_there(client: Client) -> None:
    """Nothing is created by it."""
    client.commit(write(None, 5, place=1, session="song"))
    base = known(client, "song")
    assert code(client.commit(write(base, 6, place=2))) in (
        "PERMISSION_DENIED",
        "NOT_FOUND",
        "FAILED_PRECONDITION",
    )
    assert client.read(*PATH).snapshot is None


@pytest.mark.parametrize(
    "fields",
    [
        {("rev",): 7},
        {("schema",): "listening/1"},
        {("hlc",): 10**15},
        {("stamps", "place"): "soon"},
        {("state", "naked"): 1},
        {("extra",): 1},
        {("merge", "nobody"): {}},
    ],
    ids=lambda f: ".".join(next(iter(f))),
)
def test_the_rules_that_matter(client: Client, fields: dict[FieldPath, Value]) -> None:
    """Each of these is denied, and changes nothing."""
    client.commit(write(None, 5, place=1))
    good = write(known(client), 6, place=2)
    kept = {path: n for path, n in good.increments.items() if path not in fields}
    bad = Write(good.path, {**good.fields, **fields}, good.base, kept, good.server_times)
    assert "PERMISSION_DENIED" == code(client.commit(bad))
    assert entries(5, place=1) == known(client).entries


def test_a_card_is_written_over_without_conditions(client: Client) -> None:
    """`base=ANY`: created or replaced."""
    now_ms = time.time() * 1000
    described = DeviceCard("phone", "phone", "linux", "reader")
    card = card_write(US, described, client.sign_in, until_ms=0, now_ms=now_ms)
    assert ANY == card.base
    registering = [card, registration_write(US, client.sign_in)]
    assert ["OK", "OK"] == [code(client.commit(*registering)) for _ in range(2)]
    assert "phone" == client.read("devices", US).snapshot.fields["name"]


def test_what_a_stream_says_of_a_document_that_is_there(client: Client) -> None:
    """ADD, the document, CURRENT, then a consistent look."""
    client.commit(write(None, 5, place=1))
    client.listen(7, ON_BOOK)
    events = told(client, is_look)
    kinds = [e.kind if isinstance(e, TargetChange) else "document" for e in events if not _is_noise(e)]
    assert ["ADD", "document", "CURRENT", "NO_CHANGE"] == kinds
    assert [("book", 1)] == documents(events)
    assert {7} == {e.stream for e in events}  # type: ignore[union-attr]


def _is_noise(event: RemoteEvent) -> bool:
    """What only one of the two says: it means nothing to the engine."""
    empty = isinstance(event, TargetChange) and event.kind == "NO_CHANGE" and bool(event.targets)
    return empty or isinstance(event, SignInKnown)


def test_what_a_stream_says_of_a_document_that_is_not_there(client: Client) -> None:
    """CURRENT without a document, then a look; the document once it is created."""
    client.listen(7, ON_BOOK)
    events = told(client, is_look)
    assert [] == documents(events)
    assert any(isinstance(e, TargetChange) and e.kind == "CURRENT" for e in events)
    client.commit(write(None, 5, place=1))
    assert [("book", 1)] == documents(told(client, lambda e: isinstance(e, DocumentChange)))


def test_each_commit_is_told_with_its_update_time(client: Client) -> None:
    """The version on the stream is the version of the acknowledgement: our own echo is known by it."""
    client.listen(7, ON_BOOK)
    told(client, is_look)
    answer = client.commit(write(None, 5, place=1))
    change = told(client, lambda e: isinstance(e, DocumentChange))[-1]
    assert isinstance(change, DocumentChange)
    assert (answer.update_time, (1,)) == (change.snapshot.update_time, change.targets)
    assert isinstance(told(client, is_look)[-1], TargetChange)


def test_the_newest_of_a_collection(client: Client) -> None:
    """A limited list, newest first: the one that falls out is told as gone from that target."""
    for session in ("one", "two"):
        client.commit(write(None, 5, session, place=session))
    client.listen(7, RECENT)
    assert {("one", "one"), ("two", "two")} == set(documents(told(client, is_look)))
    client.commit(write(None, 6, "three", place="three"))
    events = told(client, lambda e: isinstance(e, TargetChange) and e.kind == "NO_CHANGE" and is_look(e))
    while not {"three"} <= {name for name, _ in documents(events)}:
        events += told(client, is_look)
    assert ("three", "three") in documents(events)


def test_targets_come_and_go_on_one_stream(client: Client) -> None:
    """Added while it is open; removed with a word, and silent after it."""
    client.commit(write(None, 5, place=1))
    client.listen(7, ON_BOOK)
    told(client, is_look)
    client.remote.add_target(Target(5, "song", ("sessions", "song")))
    told(client, lambda e: isinstance(e, TargetChange) and e.kind == "CURRENT" and 5 in e.targets)
    client.remote.remove_target(1)
    told(client, lambda e: isinstance(e, TargetChange) and e.kind == "REMOVE" and e.targets == (1,))
    client.commit(write(known(client), 6, place=2))
    client.commit(write(None, 5, "song", place=3))
    assert [("song", 3)] == documents(told(client, lambda e: isinstance(e, DocumentChange)))


def test_hanging_up_ends_the_stream_with_its_number(client: Client) -> None:
    """CANCELLED, once; commits go on."""
    client.listen(7, ON_BOOK)
    told(client, is_look)
    client.remote.hang_up()
    ended = told(client, lambda e: isinstance(e, StreamEnded))[-1]
    assert isinstance(ended, StreamEnded)
    assert (7, "CANCELLED") == (ended.stream, ended.fault.code)
    assert "OK" == code(client.commit(write(None, 5, place=1)))


def test_a_second_listen_ends_the_first(client: Client) -> None:
    """One stream at a time; what comes is told by its number."""
    client.listen(7, ON_BOOK)
    told(client, is_look)
    client.listen(8, ON_BOOK)
    events = told(client, lambda e: is_look(e) and e.stream == 8)
    assert [7] == [e.stream for e in events if isinstance(e, StreamEnded)]


def test_update_times_grow(client: Client) -> None:
    """Each version is later than the one before: that is what makes it comparable."""
    client.commit(write(None, 5, place=0))
    times: list[Micros] = [known(client).update_time]
    for place in range(1, 4):
        client.commit(write(known(client), 5 + place, place=place))
        times.append(known(client).update_time)
    assert sorted(set(times)) == times


def test_a_document_that_is_gone_is_told(client: Client) -> None:
    """No user may delete a session; when an administrator does, both tell it in the same way."""
    client.commit(write(None, 5, place=1))
    client.listen(7, ON_BOOK)
    told(client, is_look)
    _delete(client)
    gone = told(client, lambda e: isinstance(e, DocumentGone))[-1]
    assert isinstance(gone, DocumentGone)
    assert (PATH, (1,)) == (gone.path, gone.removed)
    assert client.read(*PATH).snapshot is None


def _delete(client: Client) -> None:
    if isinstance(client, Simulated):
        client.server.put((PATH, None))
        return
    from tests.contract.test_remote_emulator import delete_as_owner

    project = client.remote._names.database.split("/")[1]
    delete_as_owner(shared_emulator().host, project, "users/alice/sessions/book")
