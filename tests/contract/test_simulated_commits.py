"""The simulated Firestore against the official emulator, where documents are written: one suite for both.

Each test runs twice, as a signed-in user under the same rules, so that the two cannot drift; what the
simulation is relied on for is here.
"""

from __future__ import annotations

import time

import pytest

from dalsegno._core.messages import ANY, Committed, FieldPath, Write
from dalsegno._core.types import Micros, Value
from dalsegno._sync.devices.cards import DeviceCard, card_write, registration_write
from tests.contract.turns import PATH, US, code, entries, known, write
from tests.support.remotes import Client


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


def test_update_times_grow(client: Client) -> None:
    """Each version is later than the one before: that is what makes it comparable."""
    client.commit(write(None, 5, place=0))
    times: list[Micros] = [known(client).update_time]
    for place in range(1, 4):
        client.commit(write(known(client), 5 + place, place=place))
        times.append(known(client).update_time)
    assert sorted(set(times)) == times
