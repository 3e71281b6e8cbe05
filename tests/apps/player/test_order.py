"""The order of a queue."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.player.order import following, play_order, preceding, whole_queue

queues = st.lists(st.text("abcdef0123456789", min_size=1, max_size=6), unique=True, max_size=12)
seeds = st.integers(1, 2**31)


def test_the_shuffle_is_for_ever() -> None:
    """Seed 7 shuffles these five tracks like this on every device, in every version: the state relies on
    it.
    """
    assert ("c", "e", "a", "d", "b") == play_order("abcde", 7)


@given(queues, seeds)
def test_a_shuffle_is_a_permutation(queue: list[str], seed: int) -> None:
    """Shuffling loses no track and plays none twice."""
    assert sorted(queue) == sorted(play_order(queue, seed))


@given(queues, seeds, st.randoms())
def test_devices_agree(queue: list[str], seed: int, chance: object) -> None:
    """Devices that list the queue in different orders shuffle it to the same one."""
    other = list(queue)
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert play_order(queue, seed) == play_order(other, seed)


@given(queues, seeds)
def test_one_more_track_disturbs_nothing(queue: list[str], seed: int) -> None:
    """A track that only one device has does not change the order of the others."""
    without = [track for track in play_order([*queue, "extra"], seed) if track != "extra"]
    assert list(play_order(queue, seed)) == without


@given(queues.filter(bool), seeds)
def test_what_plays_comes_first(queue: list[str], seed: int) -> None:
    """After shuffling, all the other tracks are still to come."""
    assert queue[-1] == play_order(queue, seed, first=queue[-1])[0]


def test_without_a_seed_the_queue_is_as_it_is() -> None:
    """Seed 0 is off."""
    assert ("c", "a", "b") == play_order(["c", "a", "b"], 0, first="b")


def test_what_follows() -> None:
    """The end of the queue, repeat all, repeat one, and the next button under repeat one."""
    order = ("a", "b", "c")
    assert "b" == following(order, "a", "off")
    assert following(order, "c", "off") is None
    assert "a" == following(order, "c", "all")
    assert "c" == following(order, "c", "one")
    assert "a" == following(order, "c", "one", by_hand=True)
    assert following((), "c", "all") is None
    assert "a" == following(order, "gone", "off")


def test_what_came_before() -> None:
    """The beginning of the queue, and repeat all."""
    order = ("a", "b", "c")
    assert "a" == preceding(order, "b", "off")
    assert preceding(order, "a", "off") is None
    assert "c" == preceding(order, "a", "all")
    assert preceding(order, "gone", "all") is None


def test_tracks_of_this_device_come_after_the_shared_queue() -> None:
    """The shared queue keeps its order; what is only here follows; nothing twice."""
    assert ("x", "a", "b") == whole_queue(["x", "a"], ["a", "b"])
