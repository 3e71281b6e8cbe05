"""What is left of a server's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalsegno._auth.unsigned import UnsignedTokens
from dalsegno._core.types import ProjectId, UserId
from dalsegno._remote.grpc_status import rpc_error_of_status, sanitized

TOKEN = UnsignedTokens(ProjectId("demo-unit"), UserId("alice")).token()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("\nfalse for 'create' @ L8", "false for 'create' @ L8"),
        ("entity exists: EntityRef{path=/users/alice/sessions/b1}", "entity exists: <name>"),
        ("No document: projects/p/databases/(default)/documents/users/a", "No document: <name>"),
        (f"bad header Bearer {TOKEN}", "bad header <token>"),
        (f"bad token {TOKEN}", "bad token <token>"),
        ("unknown user alice@example.com.", "unknown user <address>"),
        ('cannot store "Call me Ishmael"', "cannot store <value>"),
        ("cannot store 'Call me Ishmael' here", "cannot store <value> here"),
        ("can't do", "can't do"),
        ("x" * 300, "<value>"),
        ("a b " * 300, ("a b " * 300)[:200]),
    ],
)
def test_private_things_are_left_out(said: str, kept: str) -> None:
    """Tokens, addresses, document names and contents never reach a log; what helps does."""
    assert kept == sanitized(said)


@pytest.mark.no_cover  # the same lines, thousands of times
@given(st.text(), st.text())
def test_a_token_never_survives(before: str, after: str) -> None:
    """Wherever in a message the token stands, its secret parts are gone, and the message is short."""
    kept = sanitized(f"{before} {TOKEN} {after}")
    assert TOKEN.split(".")[1] not in kept
    assert 200 >= len(kept)


def test_a_status_without_a_known_number_is_unknown() -> None:
    """A code not yet invented is a fault like others."""

    class Status:
        code, message = 99, "new"

    assert ("UNKNOWN", "new") == ((fault := rpc_error_of_status(Status())).code, fault.message)
