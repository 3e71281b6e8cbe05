"""Who is online, and when a device should say that it is. Pure; all times are the server's.

A card carries a lease: its device counts as online until then, so one that was killed, or lost its network,
is a ghost for no longer than `LEASE_MS`. A lease is renewed only while there is another device that can see
it: a device that is alone writes when it arrives, and once a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dalsegno._core.types import DeviceInfo
from dalsegno._sync.devices.cards import Card

LEASE_MS = 120_000
BEAT_MS = 80_000
"""How old a lease is renewed: two thirds, so that one lost beat can be made good before anybody sees it."""
DAY_MS = 86_400_000


def is_online(card: Card, now_ms: float) -> bool:
    return not card.revoked and card.until_ms > now_ms


def lease_until_ms(now_ms: float) -> int:
    """What to write on a card now."""
    return int(now_ms) + LEASE_MS


def due_ms(mine: Card, others: Iterable[Card], now_ms: float, *, arrived: bool) -> float:
    """When this device should renew its lease. `arrived`: its link has just come to life."""
    if arrived and mine.until_ms - now_ms < LEASE_MS / 2:
        return now_ms
    daily_ms = mine.seen_ms + DAY_MS
    if any(is_online(other, now_ms) for other in others):
        return max(min(mine.until_ms - (LEASE_MS - BEAT_MS), daily_ms), now_ms)
    return max(daily_ms, now_ms)


def next_change_ms(others: Iterable[Card], now_ms: float) -> float | None:
    """When somebody goes offline by the passing of time alone; None = nobody is online."""
    return min((c.until_ms for c in others if is_online(c, now_ms)), default=None)


def listed(
    mine: DeviceInfo, others: Iterable[Card], now_ms: float, unnamed: str = "another device"
) -> Sequence[DeviceInfo]:
    """This device first, then who is online, then who was seen last; who was thrown out stands at the end."""
    infos = [
        DeviceInfo(
            id=card.id,
            name=card.says.name or unnamed,
            kind=card.says.kind,
            platform=card.says.platform,
            app=card.says.app,
            here=False,
            online=is_online(card, now_ms),
            seen_at_ms=card.seen_ms,
            signed_out=card.revoked,
        )
        for card in others
    ]
    infos.sort(key=lambda i: (i.signed_out, not i.online, -i.seen_at_ms, i.id))
    return [mine, *infos]
