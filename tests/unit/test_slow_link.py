"""A throttle of the fault proxy, and what the remote makes of a slow link."""

from __future__ import annotations

from dalsegno._core.deadlines import LARGE_BYTES, MOST_S, Deadlines
from dalsegno.testing import FaultProxy
from tests.support.echo import connect, exactly, says
from tests.support.waiting import until

SIZE = 240_000


def test_connections_share_a_throttle(link: FaultProxy) -> None:
    """While one connection's byte takes its time, another's waits; without the throttle, all arrive."""
    with connect(link) as first, connect(link) as second:
        says(first, b"before")
        says(second, b"before")
        carried = link.carried("up")
        link.throttle(0.001)
        first.sendall(b"ab")
        until(lambda: carried + 1 == link.carried("up"), what="the first byte")
        second.sendall(b"c")
        until(lambda: 2 == link.waiting("up"), what="the two other bytes to wait")
        link.throttle(None)
        assert (b"ab", b"c") == (exactly(first, 2), exactly(second, 1))


def test_a_small_call_has_ten_seconds() -> None:
    """Whatever the size is, as long as it is no large one, and nothing large is under way."""
    assert 10.0 == Deadlines().of(LARGE_BYTES - 1, 10.0, 0.0)


def test_a_large_commit_has_as_long_as_its_bytes_may_take() -> None:
    """240 KB at 15 KB/s take 16 s, half as fast again 32 s; the largest has an end, too."""
    deadlines = Deadlines()
    assert 32.0 < deadlines.of(SIZE, 10.0, 0.0) <= 60.0
    assert MOST_S == deadlines.of(10 * 1024 * 1024, 10.0, 0.0)


def test_a_link_that_was_fast_is_trusted_until_it_fails() -> None:
    """A measured rate gives a short deadline; after a commit in vain, the rate is unknown again."""
    deadlines = Deadlines()
    unknown = deadlines.of(SIZE, 10.0, 0.0)
    deadlines.began(SIZE)
    deadlines.answered(SIZE, 0.24, 1.0)
    assert 10.5 > deadlines.of(SIZE, 10.0, 100.0)
    deadlines.began(SIZE)
    deadlines.ended(SIZE, in_vain=True)
    assert unknown < deadlines.of(SIZE, 10.0, 100.0)


def test_small_calls_wait_for_what_is_large_and_for_its_echo() -> None:
    """While a large commit is under way, and while the stream brings it back, answers may be late."""
    deadlines = Deadlines()
    deadlines.began(SIZE)
    assert deadlines.busy
    assert 10.0 + 24.0 == deadlines.of(100, 10.0, 0.0)
    deadlines.answered(SIZE, 16.0, 16.0)
    assert not deadlines.busy
    assert 10.0 + 16.0 == deadlines.of(100, 10.0, 16.0)
    assert 10.0 == deadlines.of(100, 10.0, 40.0)


def test_calls_in_vain_are_given_longer_until_one_is_answered() -> None:
    """Another device's large document comes in, and our answers behind it: longer, up to four times."""
    deadlines = Deadlines()
    given = []
    for _ in range(4):
        given.append(deadlines.of(100, 10.0, 0.0))
        deadlines.ended(100, in_vain=True)
    assert [10.0, 20.0, 40.0, 40.0] == given
    deadlines.answered(100, 1.0, 0.0)
    assert 10.0 == deadlines.of(100, 10.0, 0.0)
