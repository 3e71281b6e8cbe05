"""Unsigned users: tokens that only an emulator on this machine may see."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from dalsegno._auth.unsigned import LIFETIME_S, RENEW_S, Unsigned, UnsignedTokens, is_loopback
from dalsegno._core.types import ProjectId, UserId
from dalsegno._errors import UsageError

PROJECT = ProjectId("demo-unit")


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


def decoded(part: str) -> dict[str, object]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_the_token_has_the_claims_of_a_firebase_id_token() -> None:
    """Three parts, no signature, and who it is for: the emulator reads the rest as it would a real one."""
    header, claims, signature = UnsignedTokens(PROJECT, UserId("alice"), Clock()).token().split(".")
    assert ("none", "") == (decoded(header)["alg"], signature)
    content = decoded(claims)
    assert ("alice", "alice", "demo-unit") == (content["sub"], content["user_id"], content["aud"])
    assert (1_700_000_000, 1_700_000_000 + LIFETIME_S) == (content["iat"], content["exp"])


@pytest.mark.parametrize("emulator", ["localhost:8080", "127.0.0.1:8080", "127.8.9.1:1", "[::1]:8080"])
def test_an_emulator_on_this_machine_gets_tokens(emulator: str) -> None:
    """Loopback in all its spellings is where unsigned users are for."""
    token = Unsigned("alice").tokens(PROJECT, emulator).peek()
    assert token is not None
    assert "alice" == decoded(token.split(".")[1])["sub"]


@pytest.mark.parametrize(
    "emulator",
    [
        None,
        "",
        "10.0.2.2:8080",
        "firestore.googleapis.com:443",
        "localhost.example.com:80",
        "127.0.0.1.example.com:80",
        "0.0.0.0:8080",
        "[2001:db8::1]:8080",
    ],
)
def test_no_other_endpoint_gets_tokens(emulator: str | None) -> None:
    """Any endpoint that is not this machine is refused before a token is made, with what to do instead."""
    with pytest.raises(UsageError, match="emulator on this machine only"):
        Unsigned("alice").tokens(PROJECT, emulator)


@pytest.mark.parametrize("uid", ["", "a/b", "x" * 129, "\ud800", ".", "..", "__x__", "__\n__", None, 7])
def test_a_uid_that_is_no_path_segment_is_refused(uid: Any) -> None:
    """The uid becomes part of document names, so it must be one segment that Firestore takes."""
    with pytest.raises(UsageError, match="user id"):
        Unsigned(uid)


def test_a_token_is_used_until_shortly_before_its_end() -> None:
    """The same token serves until it nears its end; then there is a new one."""
    clock = Clock()
    tokens = UnsignedTokens(PROJECT, UserId("alice"), clock)
    first = tokens.token()
    clock.now_s += LIFETIME_S - RENEW_S - 1
    assert first == tokens.token()
    clock.now_s += 2
    assert first != tokens.token()


def test_a_clock_set_back_does_not_keep_an_old_token() -> None:
    """A token from what is now the future is made anew: its times would make no sense."""
    clock = Clock()
    tokens = UnsignedTokens(PROJECT, UserId("alice"), clock)
    first = tokens.token()
    clock.now_s -= 86_400
    assert first != tokens.token()


def test_a_dropped_token_is_not_handed_out_again() -> None:
    """What the server refused is replaced; a token dropped twice does not take the new one with it."""
    clock = Clock()
    tokens = UnsignedTokens(PROJECT, UserId("alice"), clock)
    first = tokens.token()
    clock.now_s += 1
    tokens.drop(first)
    second = tokens.token()
    tokens.drop(first)
    assert first != second == tokens.token()


def test_names_that_resolve_elsewhere_are_not_loopback() -> None:
    """Only the literal names of this machine count: nothing is looked up."""
    assert [True, False, False] == [
        is_loopback(h) for h in ("localhost", "localhost.localdomain:1", "host:1")
    ]
