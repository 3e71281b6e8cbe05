"""The order in which a queue is played.

Pure. Invariant: the order depends on nothing but its arguments, so that all devices go through a shuffled
queue in the same order; and a track that only one device has does not change the order of the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Sequence

REPEATS = ("off", "all", "one")


def whole_queue(queue: Sequence[str], here: Iterable[str]) -> tuple[str, ...]:
    """The shared queue, then what is only on this device; each track once."""
    return tuple(dict.fromkeys([*queue, *here]))


def play_order(queue: Sequence[str], seed: int, first: str = "") -> tuple[str, ...]:
    """`queue` for seed 0, else shuffled, with `first` (what played when it was shuffled) in front."""
    if not seed:
        return tuple(queue)
    return tuple(sorted(queue, key=lambda track: (track != first, _rank(seed, track))))


def _rank(seed: int, track: str) -> bytes:
    # A hash and no random generator: generators differ between languages and versions, SHA-256 does not.
    return hashlib.sha256(f"{seed}:{track}".encode()).digest()


def following(order: Sequence[str], track: str, repeat: str, *, by_hand: bool = False) -> str | None:
    """The track after `track`; None at the end. `by_hand` (the next button) leaves a track that repeats."""
    if not order:
        return None
    if repeat == "one" and not by_hand:
        return track
    index = order.index(track) + 1 if track in order else 0
    if index < len(order):
        return order[index]
    return order[0] if repeat == "all" or (by_hand and repeat == "one") else None


def next_here(
    order: Sequence[str], here: Container[str], track: str, repeat: str, *, by_hand: bool = False
) -> str | None:
    """The next track that is on this device; those that are not are passed over."""
    follower = following(order, track, repeat, by_hand=by_hand)
    if follower is None or follower in here:
        return follower
    return next((candidate for candidate in order[order.index(follower) :] if candidate in here), None)


def preceding(order: Sequence[str], track: str, repeat: str) -> str | None:
    """The track before `track`; None at the beginning."""
    if track not in order:
        return None
    index = order.index(track)
    if index:
        return order[index - 1]
    return order[-1] if repeat == "all" else None
