"""Who is online, when a lease is renewed, and in which order devices are listed."""

from __future__ import annotations

import pytest

from dalsegno._core.types import DeviceId, DeviceInfo, Micros
from dalsegno._sync.devices.cards import Card, DeviceCard
from dalsegno._sync.devices.lease import BEAT_MS, DAY_MS, LEASE_MS, due_ms, is_online, listed, next_change_ms

NOW_MS = 1_790_000_000_000.0


def card(number: int = 1, *, left_ms: float = 0, seen_ago_ms: float = 0, revoked: bool = False) -> Card:
    says = DeviceCard(f"device {number}", "phone", "linux", "reader")
    until_ms, seen_ms = int(NOW_MS + left_ms), int(NOW_MS - seen_ago_ms)
    return Card(DeviceId(f"{number:016x}"), says, "100", seen_ms, until_ms, revoked, Micros(1))


def test_a_lease_ends_at_its_moment() -> None:
    """Online until then, and not at it."""
    assert is_online(card(left_ms=1), NOW_MS)
    assert not is_online(card(left_ms=0), NOW_MS)


def test_who_was_thrown_out_is_not_online() -> None:
    """Whatever its lease says."""
    assert not is_online(card(left_ms=60_000, revoked=True), NOW_MS)


def test_a_lease_is_renewed_when_two_thirds_are_over() -> None:
    """While somebody looks."""
    mine = card(left_ms=LEASE_MS)
    assert NOW_MS + BEAT_MS == due_ms(mine, [card(2, left_ms=1)], NOW_MS, arrived=False)


def test_a_lapsed_lease_is_renewed_at_once_when_somebody_looks() -> None:
    """Never in the past."""
    mine = card(left_ms=-1e6, seen_ago_ms=1e6)
    assert NOW_MS == due_ms(mine, [card(2, left_ms=1)], NOW_MS, arrived=False)


@pytest.mark.parametrize("other", [card(2, left_ms=-1), card(2, left_ms=60_000, revoked=True)])
def test_alone_a_day_passes(other: Card) -> None:
    """Those who are gone or thrown out do not look."""
    mine = card(left_ms=-1e6, seen_ago_ms=1e6)
    assert NOW_MS - 1e6 + DAY_MS == due_ms(mine, [other], NOW_MS, arrived=False)


@pytest.mark.parametrize(("left_ms", "at_once"), [(LEASE_MS / 2 - 1, True), (LEASE_MS / 2, False)])
def test_on_arrival_half_a_lease_is_enough(left_ms: float, at_once: bool) -> None:
    """A restart right after an exit says nothing."""
    assert at_once == (NOW_MS == due_ms(card(left_ms=left_ms), [], NOW_MS, arrived=True))


def test_the_list_changes_when_the_first_lease_ends() -> None:
    """And not by time alone when nobody is online."""
    ends = [card(2, left_ms=70), card(3, left_ms=50), card(4, left_ms=-1), card(5, left_ms=10, revoked=True)]
    assert NOW_MS + 50 == next_change_ms(ends, NOW_MS)
    assert next_change_ms(ends[2:], NOW_MS) is None


def test_the_order_of_the_list() -> None:
    """This device, who is online, who was seen last; who was thrown out at the end."""
    me = DeviceInfo(DeviceId("f" * 16), "me", "phone", "linux", "reader", True, True, 0, False)
    cards = [
        card(1, seen_ago_ms=1, revoked=True),
        card(2, left_ms=-1, seen_ago_ms=20),
        card(3, left_ms=-1, seen_ago_ms=10),
        card(4, left_ms=1, seen_ago_ms=30),
    ]
    names = [info.name for info in listed(me, cards, NOW_MS)]
    assert ["me", "device 4", "device 3", "device 2", "device 1"] == names
