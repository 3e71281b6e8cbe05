"""The simulated Firestore against the official emulator, where one device throws another out.

Two devices of one user, each under a sign-in of its own. What the simulation is relied on for is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from dalsegno._auth.unsigned import UnsignedTokens
from dalsegno._core.messages import DocumentChange, ReadFailed, RemoteEvent, Target, TargetChange, Write
from dalsegno._core.types import DeviceId, ProjectId, UserId
from dalsegno._sync.devices.cards import (
    DeviceCard,
    card_of,
    card_write,
    registration_write,
    revocation_writes,
)
from tests.contract.turns import ON_BOOK, PATH, US, Simulated, code, is_look, told
from tests.contract.turns import write as session_write
from tests.support.emulator import fresh_project, shared_emulator
from tests.support.remotes import Client, Listening

THEM = DeviceId("00000000000000bb")
DEVICES = Target(3, "devices", ("devices",), "seen", 100)
Pair = tuple[Client, Client]


@pytest.fixture(params=["simulated", "emulator"])
def strangers(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Two clients; nobody is registered."""
    if request.param == "simulated":
        first = Simulated()
        yield first, first.other("1700000001")
        return
    with ExitStack() as stack:
        project = fresh_project()

        def client(device: DeviceId) -> Client:
            tokens = UnsignedTokens(ProjectId(project), UserId("alice"))
            tokens.work_for(device)
            return stack.enter_context(Listening(shared_emulator().host, project, "alice", tokens))

        yield client(DeviceId("6500000000000000")), client(DeviceId("6600000000000000"))


@pytest.fixture
def pair(strangers: Pair) -> Pair:
    """Both are registered, and have a card: the first is `US`, the second `THEM`."""
    for client, device in zip(strangers, (US, THEM), strict=True):
        assert "OK" == code(client.commit(*arrival(client, device)))
    return strangers


def arrival(client: Client, device: DeviceId) -> list[Write]:
    card = DeviceCard("phone", "phone", "linux", "reader")
    return [
        card_write(device, card, client.sign_in, until_ms=0, now_ms=1e12),
        registration_write(device, client.sign_in),
    ]


def throw_out(pair: Pair) -> None:
    """The first device ends the sign-in of the second."""
    card = card_of(pair[0].read("devices", THEM).snapshot)
    assert "OK" == code(pair[0].commit(*revocation_writes(card, US)))


def is_refusal(event: RemoteEvent) -> bool:
    return isinstance(event, TargetChange) and event.kind == "REMOVE" and event.cause is not None


def refusals(events: list[RemoteEvent]) -> list[tuple[tuple[int, ...], str]]:
    return [(e.targets, e.cause.code) for e in events if isinstance(e, TargetChange) and e.cause is not None]


def test_who_is_not_registered_reads_and_does_not_write(strangers: Pair) -> None:
    """Any client of the user may look; only a registered device writes, in the same commit at the soonest."""
    ours, _ = strangers
    edit = session_write(None, 5, place=1)
    assert "PERMISSION_DENIED" == code(ours.commit(edit))
    assert ours.read(*PATH).snapshot is None
    assert "OK" == code(ours.commit(edit, registration_write(US, ours.sign_in)))


def test_nobody_registers_under_another_sign_in(strangers: Pair) -> None:
    """A token is of one sign-in, and that is where its device is."""
    ours, theirs = strangers
    assert "PERMISSION_DENIED" == code(ours.commit(registration_write(US, theirs.sign_in)))


def test_who_was_thrown_out_may_read_why_and_nothing_else(pair: Pair) -> None:
    """Sessions and devices are closed to it from the next call on, and it cannot let itself in again."""
    _, theirs = pair
    throw_out(pair)
    assert US == theirs.read("signins", theirs.sign_in).snapshot.fields["revoked"]["by"]
    for path in (PATH, ("devices", THEM), ("signins", pair[0].sign_in)):
        answer = theirs.read(*path)
        assert isinstance(answer, ReadFailed), path
        assert "PERMISSION_DENIED" == answer.fault.code
    assert "PERMISSION_DENIED" == code(theirs.commit(*arrival(theirs, THEM)))
    assert "PERMISSION_DENIED" == code(theirs.commit(session_write(None, 5, place=1)))


def test_who_was_thrown_out_may_listen_to_nothing(pair: Pair) -> None:
    """The target is refused with a cause."""
    _, theirs = pair
    throw_out(pair)
    theirs.listen(7, ON_BOOK)
    assert [((1,), "PERMISSION_DENIED")] == refusals(told(theirs, is_refusal))


def test_an_open_stream_tells_of_it_instead_of_the_next_change(pair: Pair) -> None:
    """Throwing out changes the card, so whoever listens to the devices hears at once that that is over."""
    ours, theirs = pair
    theirs.listen(7, DEVICES, ON_BOOK)
    told(theirs, is_look)
    theirs.rest()
    throw_out(pair)
    assert ((3,), "PERMISSION_DENIED") in refusals(told(theirs, is_refusal))
    assert "OK" == code(ours.commit(session_write(None, 5, place=1)))
    events = told(theirs, lambda event: is_refusal(event) and event.targets == (1,))
    assert [] == [e for e in events if isinstance(e, DocumentChange) and e.snapshot.path == PATH]


def test_a_sign_in_that_was_ended_stays_ended(pair: Pair) -> None:
    """A second time is refused; the first one's word stands."""
    ours, theirs = pair
    throw_out(pair)
    card = card_of(ours.read("devices", THEM).snapshot)
    assert card.revoked
    assert "PERMISSION_DENIED" == code(ours.commit(*revocation_writes(card, US)))
    assert US == ours.read("signins", theirs.sign_in).snapshot.fields["revoked"]["by"]
