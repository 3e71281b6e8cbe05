"""The rules hold for Google's own client as well, whoever is signed in: what it can see and what it can do.

The user's token goes with each call: this client by itself would be the emulator's administrator, for whom no
rules hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied
from google.cloud import firestore

from tests.rules import samples
from tests.rules.attempts import GROUPS, NEVER, READS, Client, allowed, session, sessions, written_by
from tests.rules.requests import Server, User
from tests.rules.samples import BOB, ON_LAPTOP, ON_PHONE, ON_STOLEN, ON_UNKNOWN, STOLEN, first, mark, next_
from tests.support.seeding import Seeder
from tests.support.users import OWNER, stock_client, unsigned_token
from tests.support.waiting import until

NOBODY = None
CALLED_OWNER = User(OWNER, ON_PHONE.signed_in_s)
STRANGERS = [BOB, NOBODY, CALLED_OWNER, ON_STOLEN]
NAMES = ["another user", "nobody", "a user called owner", "a device that was signed out"]


def stock(server: Server, user: User | None) -> Client:
    known = (user.uid, user.signed_in_s) if user else (None,)
    return stock_client(server.host, server.project, *known)


def seeded(server: Server, name: str) -> None:
    for make in (first, mark, samples.registration_with_card):
        assert server.allows(make(name))


@contextmanager
def unchanged(server: Server) -> Iterator[None]:
    """Whatever is done inside leaves all documents of all users as they are."""
    seeder = Seeder(server.host, server.project)

    def everything() -> dict[str, Any]:
        return {path: seeder.get(path) for uid in ("alice", "bob") for path in seeder.names(f"users/{uid}")}

    try:
        before = everything()
        assert before
        yield
        assert before == everything()
    finally:
        seeder.close()


@pytest.mark.parametrize("user", STRANGERS, ids=NAMES)
def test_nobody_else_sees_anything(server: Server, user: User | None) -> None:
    """With another user's token, with none, and on a device that was signed out, nothing can be read."""
    name = f"seen-{STRANGERS.index(user)}"
    seeded(server, name)
    client = stock(server, user)
    assert [] == allowed({**READS, **GROUPS}, client, name)


@pytest.mark.parametrize("user", STRANGERS, ids=NAMES)
def test_nobody_else_changes_anything(server: Server, user: User | None) -> None:
    """Nor can anything be written, made or deleted, though each write is as the rules want it."""
    name = f"changed-{STRANGERS.index(user)}"
    seeded(server, name)
    client = stock(server, user)
    device = STOLEN if user is ON_STOLEN else samples.LAPTOP
    with unchanged(server):
        assert [] == allowed({**written_by(device), **NEVER}, client, name)


@pytest.mark.parametrize("user", STRANGERS, ids=NAMES)
def test_nobody_else_hears_anything(server: Server, user: User | None) -> None:
    """Their listeners end without a single snapshot."""
    name = f"heard-{STRANGERS.index(user)}"
    seeded(server, name)
    client = stock(server, user)
    heard: list[Any] = []
    for what in (session(client, name), sessions(client), client.collection_group("sessions")):
        watch = what.on_snapshot(lambda found, changes, read: heard.append(found))
        until(partial(lambda watch: not watch.is_active, watch), what="the listener to be refused")
    assert [] == heard


def test_a_listener_that_was_open_hears_no_more_after_its_device_is_signed_out(server: Server) -> None:
    """What is written later does not reach it: the first change ends it instead."""
    name = "cut-off"
    seeded(server, name)
    heard: list[tuple[str, Any]] = []
    client = stock(server, samples.user_of(name))
    watches = [
        session(client, name).on_snapshot(lambda found, *_: heard.append(("document", found[0].get("rev")))),
        sessions(client).on_snapshot(lambda *_: heard.append(("query", 1))),
    ]
    until(lambda: len(heard) == 2, what="the first snapshots")
    assert server.allows(samples.sign_out(name))
    assert server.allows(next_(name))
    until(lambda: not any(watch.is_active for watch in watches), what="both to be ended")
    assert {("document", 1), ("query", 1)} == set(heard)
    assert 2 == len(heard)


def test_the_owner_can_read_all_that_is_the_owners(server: Server) -> None:
    """With the owner's token every read works, on a device that is registered or with none at all."""
    seeded(server, "read")
    for user in (ON_PHONE, ON_LAPTOP, ON_UNKNOWN):
        client = stock(server, user)
        assert list(READS) == allowed(READS, client, "read")
    assert {"place": 1, "furthest": 0.1} == session(stock(server, ON_UNKNOWN), "read").get().get("state")


def test_the_owner_can_write_what_the_sdk_writes(server: Server) -> None:
    """On a registered device every way to write works that keeps to the rules."""
    client = stock(server, ON_LAPTOP)
    for title, do in written_by(samples.LAPTOP).items():
        name = f"written-{title.replace(' ', '-')}"
        seeded(server, name)
        assert [title] == allowed({title: do}, client, name)


def test_the_owner_can_do_no_more_than_that(server: Server) -> None:
    """No groups, no deletes, nothing of another shape or in another place: the rules hold for owners too."""
    seeded(server, "no-more")
    client = stock(server, ON_LAPTOP)
    with unchanged(server):
        assert [] == allowed({**GROUPS, **NEVER}, client, "no-more")


def test_the_owners_token_alone_writes_nothing(server: Server) -> None:
    """Under a sign-in of no device nothing is written, not even for a device of another sign-in."""
    seeded(server, "unknown")
    client = stock(server, ON_UNKNOWN)
    with unchanged(server):
        for device in (samples.LAPTOP, samples.UNKNOWN):
            writes = {title: do for title, do in written_by(device).items() if title != "delete a mark"}
            assert [] == allowed(writes, client, "unknown")


def test_the_owner_listens_and_writes_what_the_rules_allow(server: Server) -> None:
    """With the owner's token, the stock client hears of each commit that the rules let through."""
    name = "stock-alice"
    assert server.allows(first(name))
    document = session(stock(server, ON_PHONE), name)
    heard: list[int] = []
    watch = document.on_snapshot(lambda found, changes, read: heard.append(found[0].get("rev")))
    try:
        until(lambda: heard == [1], what="the first snapshot")
        document.update({"rev": firestore.Increment(1), "at": firestore.SERVER_TIMESTAMP})
        until(lambda: heard == [1, 2], what="the second snapshot")
        with pytest.raises(PermissionDenied):
            document.update({"rev": firestore.Increment(2), "at": firestore.SERVER_TIMESTAMP})
    finally:
        watch.unsubscribe()


def test_a_token_names_its_user() -> None:
    """An unsigned token has three parts and an empty signature, as the emulators want it."""
    assert unsigned_token("alice").count(".") == 2
    assert unsigned_token("alice").endswith(".")
