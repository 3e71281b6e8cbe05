"""The waits between tries: the numbers of Google's own mobile SDKs."""

from __future__ import annotations

import itertools

from dalsegno._core.backoff import Backoff


def waits(backoff: Backoff, count: int) -> list[float]:
    return [backoff.next_ms() for _ in range(count)]


def test_the_first_retry_goes_at_once_then_one_second_and_half_as_much_again() -> None:
    """0, 1 s, then × 1.5 up to 60 s, where it stays."""
    series = waits(Backoff(lambda: 0.5), 14)
    assert [0.0, 1_000.0, 1_500.0, 2_250.0, 3_375.0] == series[:5]
    assert [60_000.0, 60_000.0] == series[-2:]
    assert all(b <= a * 1.5 + 1e-6 or a == 0 for a, b in itertools.pairwise(series))


def test_each_wait_may_be_half_as_long_or_half_as_long_again() -> None:
    """±50 %: a thousand devices do not come back in the same instant."""
    assert [0.0, 500.0, 750.0] == waits(Backoff(lambda: 0.0), 3)
    assert 1_499.0 < waits(Backoff(lambda: 0.999999), 2)[1] < 1_500.0


def test_an_answer_begins_the_series_anew() -> None:
    """After `reset` the next failure is a first one."""
    backoff = Backoff(lambda: 0.5)
    waits(backoff, 9)
    backoff.reset()
    assert [0.0, 1_000.0] == waits(backoff, 2)


def test_out_of_quota_waits_longest_at_once() -> None:
    """RESOURCE_EXHAUSTED: a minute, and a minute again."""
    backoff = Backoff(lambda: 0.5)
    backoff.to_most()
    assert [60_000.0, 60_000.0] == waits(backoff, 2)


def test_an_hour_without_a_server_costs_some_seventy_tries() -> None:
    """What a phone pays for an hour in a tunnel: never more than the table says."""
    backoff, spent_ms, tries = Backoff(lambda: 0.5), 0.0, 0
    while spent_ms < 3_600_000:
        spent_ms += backoff.next_ms()
        tries += 1
    assert 70 == tries
