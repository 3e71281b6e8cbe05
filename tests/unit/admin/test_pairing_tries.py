"""The pairing desk: what guessing brings, and how many codes and checks there are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dalsegno._errors import Offline
from dalsegno.admin import _pairing_desk
from dalsegno.admin._accounts import SignedOut
from dalsegno.admin._limits import SIZE, Buckets
from dalsegno.admin._pairing_desk import Busy, Desk, TooManyTries, UsedCode, WrongCode
from tests.unit.admin.pairing_fakes import ELSEWHERE, HOME, Clock, Firebase


def test_a_guesser_is_stopped(desk: Desk, clock: Clock) -> None:
    """After ten wrong codes an address is refused, with a right one too, until a minute has gone by."""
    code = desk.give_code("alice", HOME)
    for _ in range(_pairing_desk.TRIES):
        with pytest.raises(WrongCode):
            desk.redeem("wrong", ELSEWHERE)
    for _ in range(3):  # a refused try costs nothing and tells nothing
        with pytest.raises(TooManyTries) as refused:
            desk.redeem(code, ELSEWHERE)
    assert _pairing_desk.TRY_AGAIN_S == refused.value.wait_s
    clock.s += _pairing_desk.TRY_AGAIN_S
    assert "token of alice" == desk.redeem(code, ELSEWHERE)


def test_a_guesser_with_many_addresses_is_stopped(desk: Desk, clock: Clock) -> None:
    """Wrong codes of all addresses together are limited: a hundred, then one a second."""
    for number in range(_pairing_desk.ALL_TRIES):
        with pytest.raises(WrongCode):
            desk.redeem("wrong", f"192.0.2.{number}")
    code = desk.give_code  # the other half of the desk is closed, too: a bad token would be a try
    acts: list[Callable[[], object]] = [
        lambda: desk.redeem("wrong", "198.51.100.1"),
        lambda: code("alice", "198.51.100.1"),
    ]
    for act in acts:
        with pytest.raises(TooManyTries):
            act()
    clock.s += _pairing_desk.ALL_TRY_AGAIN_S
    with pytest.raises(WrongCode):
        desk.redeem("wrong", "198.51.100.1")


def test_used_and_late_codes_are_tries_too(desk: Desk, clock: Clock) -> None:
    """Who enters codes that are over is counted like who enters wrong ones."""
    code = desk.give_code("alice", HOME)
    desk.redeem(code, HOME)
    for _ in range(_pairing_desk.TRIES):
        with pytest.raises(UsedCode):
            desk.redeem(code, ELSEWHERE)
    with pytest.raises(TooManyTries):
        desk.redeem(code, ELSEWHERE)


def test_bad_tokens_are_tries(desk: Desk, firebase: Firebase) -> None:
    """Who shows tokens that Firebase does not know is stopped before Firebase is asked an eleventh time."""
    firebase.failing = SignedOut("no")
    for _ in range(_pairing_desk.TRIES):
        with pytest.raises(SignedOut):
            desk.give_code("forged", ELSEWHERE)
    with pytest.raises(TooManyTries):
        desk.give_code("forged", ELSEWHERE)
    assert _pairing_desk.TRIES == len(firebase.asked)


def test_firebase_out_of_reach_is_nobody_s_fault(desk: Desk, firebase: Firebase) -> None:
    """Requests that fail because Firebase is out of reach do not count as bad tokens."""
    firebase.failing = Offline("no")
    for _ in range(_pairing_desk.TRIES + 1):
        with pytest.raises(Offline):
            desk.give_code("alice", HOME)


def test_a_user_gets_five_codes(desk: Desk, clock: Clock) -> None:
    """A user gets five codes, from wherever, then one each two minutes; others go on getting theirs."""
    for number in range(_pairing_desk.CODES):
        desk.give_code("alice", f"192.0.2.{number}")
    with pytest.raises(TooManyTries):
        desk.give_code("alice", HOME)
    desk.give_code("bob", HOME)
    clock.s += _pairing_desk.CODE_AGAIN_S
    desk.give_code("alice", HOME)


def test_an_address_cannot_keep_firebase_busy(desk: Desk, firebase: Firebase) -> None:
    """However many users an address has, it gets thirty checks of tokens at once."""
    with pytest.raises(TooManyTries):
        for number in range(100):
            desk.give_code(f"user {number}", HOME)
    assert _pairing_desk.CHECKS == len(firebase.asked)


def test_the_number_of_codes_is_limited(desk: Desk) -> None:
    """No more codes are out than the arithmetic allows for; who has one can have it renewed."""
    for number in range(_pairing_desk.MOST_LIVE):
        desk.give_code(f"user {number}", f"network {number}")
    with pytest.raises(Busy):
        desk.give_code("one more", HOME)
    desk.give_code("user 0", HOME)


def test_buckets_do_not_grow_without_end(clock: Clock) -> None:
    """However many addresses come, the number of buckets is bounded."""
    buckets = Buckets(2, 10.0, clock)
    for _ in range(3):
        buckets.take("busy")
    for number in range(SIZE):
        clock.s += 0.001
        buckets.take(number)
    clock.s += 5.0
    assert SIZE == len(buckets._empty_until_s)
    for number in range(SIZE, SIZE + 5):
        buckets.take(number)
    assert SIZE >= len(buckets._empty_until_s)
    buckets.take(SIZE)
    assert 10.0 == buckets.wait_s(SIZE)


def test_full_buckets_are_given_up_first(clock: Clock) -> None:
    """A guesser's count is not forgotten as long as there are buckets that are full again."""
    buckets = Buckets(2, 10.0, clock)
    for _ in range(5):
        buckets.take("guesser")
    for number in range(SIZE - 1):
        buckets.take(number)
    clock.s += 10.0
    buckets.take("one more")
    assert 30.0 == buckets.wait_s("guesser")
    assert 2 == len(buckets._empty_until_s)
