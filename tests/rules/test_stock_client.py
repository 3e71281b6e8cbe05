"""The rules hold for Google's own client as well, listeners included, whoever is signed in."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import PermissionDenied
from google.cloud import firestore

from tests.rules.requests import Server
from tests.rules.samples import first, session_path
from tests.support.users import OWNER, stock_client, unsigned_token
from tests.support.waiting import until


@pytest.mark.parametrize("user", ["bob", None, OWNER])
def test_nobody_else_gets_or_changes_anything(server: Server, user: str | None) -> None:
    """With another user's token, with none, and as a user who is called "owner": nothing."""
    name = f"stock-{user}"
    assert server.allows(first(name))
    session = stock_client(server.host, server.project, user).document(session_path(name))
    for attempt in (session.get, session.delete, lambda: session.update({"rev": firestore.Increment(1)})):
        with pytest.raises(PermissionDenied):
            attempt()


def test_the_owner_listens_and_writes_what_the_rules_allow(server: Server) -> None:
    """With the owner's token, the stock client hears of each commit that the rules let through."""
    assert server.allows(first("stock-alice"))
    session = stock_client(server.host, server.project, "alice").document(session_path("stock-alice"))
    heard: list[int] = []
    watch = session.on_snapshot(lambda found, changes, read: heard.append(found[0].get("rev")))
    try:
        until(lambda: heard == [1], what="the first snapshot")
        session.update({"rev": firestore.Increment(1), "at": firestore.SERVER_TIMESTAMP})
        until(lambda: heard == [1, 2], what="the second snapshot")
        with pytest.raises(PermissionDenied):
            session.update({"rev": firestore.Increment(2), "at": firestore.SERVER_TIMESTAMP})
    finally:
        watch.unsubscribe()


def test_a_token_names_its_user() -> None:
    """An unsigned token has three parts and an empty signature, as the emulators want it."""
    assert unsigned_token("alice").count(".") == 2
    assert unsigned_token("alice").endswith(".")
