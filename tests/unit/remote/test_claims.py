"""What is read of a token."""

from __future__ import annotations

import base64
import json

import pytest

from dalsegno._auth.unsigned import UnsignedTokens
from dalsegno._core.types import DeviceId, ProjectId, UserId
from dalsegno._remote.claims import sign_in_of


def token(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


def test_the_moment_of_the_sign_in() -> None:
    """As the rules write it: `string(request.auth.token.auth_time)`."""
    assert "1700000000" == sign_in_of(token({"auth_time": 1_700_000_000, "sub": "alice"}))


BAD: list[object] = [[], {}, *({"auth_time": moment} for moment in ("soon", None, -1, True, 1.5))]


@pytest.mark.parametrize("nonsense", ["", "token-1", "a.b", "a.b.c", "..", "a.é.c", *map(token, BAD)])
def test_a_token_that_does_not_say(nonsense: str) -> None:
    """No error: there is nothing to register then, and the rules decide."""
    assert "" == sign_in_of(nonsense)


def test_an_unsigned_users_sign_in_is_the_installations_own() -> None:
    """The same at each start, another on each device, and another after the user signs in again."""

    def tokens(device: str) -> UnsignedTokens:
        made = UnsignedTokens(ProjectId("demo"), UserId("alice"))
        made.work_for(DeviceId(device))
        return made

    first = tokens("0123456789abcdef")
    assert str(0x01234567) == sign_in_of(first.token())
    assert sign_in_of(first.token()) == sign_in_of(tokens("0123456789abcdef").token())
    assert sign_in_of(first.token()) != sign_in_of(tokens("1123456789abcdef").token())
    first.sign_in(1_800_000_000)
    assert "1800000000" == sign_in_of(first.token())
