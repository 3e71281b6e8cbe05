"""A user's tokens, as calls get them."""

from __future__ import annotations

import pytest

from dalsegno._remote.token_fetcher import TokenFetcher


class Tokens:
    """Numbered tokens; the newest until it is dropped."""

    def __init__(self) -> None:
        self.made = 1

    def peek(self) -> str:
        return f"token-{self.made}"

    token = peek

    def lasts_s(self, _token: str) -> float | None:
        return None

    def drop(self, token: str) -> None:
        self.made += token == self.peek()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def bearer(tokens: Tokens) -> TokenFetcher:
    return TokenFetcher(tokens)


def fetched(bearer: TokenFetcher) -> str:
    got: list[str] = []
    bearer.fetch(got.append, lambda _fault: None)
    return got[0]


def test_a_token_that_several_calls_were_refused_is_replaced_once(
    bearer: TokenFetcher, tokens: Tokens
) -> None:
    """The second refusal of the old token comes after the new one: that one stays."""
    old = fetched(bearer)
    bearer.refused(old)
    bearer.refused(old)
    bearer.drop()
    new = fetched(bearer)
    bearer.drop()
    assert ("token-1", "token-2", "token-2") == (old, new, fetched(bearer))


def test_a_token_that_is_refused_after_another_is_replaced_too(bearer: TokenFetcher) -> None:
    """Each refused token is replaced, however many were before."""
    for number in range(1, 4):
        assert f"token-{number}" == fetched(bearer)
        bearer.refused(f"token-{number}")
        bearer.drop()


def test_without_a_refusal_the_newest_is_dropped(bearer: TokenFetcher) -> None:
    """What only a part of a stream was refused for names no token."""
    fetched(bearer)
    bearer.drop()
    assert "token-2" == fetched(bearer)
