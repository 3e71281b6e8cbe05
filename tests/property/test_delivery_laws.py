"""What waits for a slow app: nothing is skipped, nothing comes out of order, and the line stays short."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

import dalsegno as ds
from dalsegno._client.session import merged
from dalsegno._core.advice import more_careful
from dalsegno._core.types import DeviceId
from dalsegno._threads.delivery import MOST_WAITING, Deliver, Subscribers
from dalsegno.testing._simulated_firestore import Book

Run = tuple[int, ...]
DEVICES = [None, ds.Device(DeviceId("00000000000000a1"), "Pixel 8"), ds.Device(DeviceId("b" * 16), "Laptop")]


def changes() -> st.SearchStrategy[ds.Change[Book]]:
    """One change, whatever it says."""
    fields = st.frozensets(st.sampled_from(["place", "furthest", "note", "tags"]), min_size=1)
    states = st.builds(Book, note=st.text(max_size=2), furthest=st.floats(0, 1))
    return st.builds(
        ds.Change,
        fields=fields,
        state=states,
        previous=states,
        origin=st.sampled_from(ds.Origin),
        device=st.sampled_from(DEVICES),
        concurrent=st.booleans(),
        advice=st.sampled_from(ds.Advice),
    )


@given(changes(), changes(), changes())
def test_it_does_not_matter_which_changes_are_merged_first(
    one: ds.Change[Book], two: ds.Change[Book], three: ds.Change[Book]
) -> None:
    """`merged` is associative: how far behind an app is, and when, changes nothing in what it is told."""
    assert merged(merged(one, two), three) == merged(one, merged(two, three))


@given(st.lists(changes(), min_size=1, max_size=8))
def test_what_is_told_of_many_changes_is_the_way_from_the_first_to_the_last(
    many: list[ds.Change[Book]],
) -> None:
    """All fields, the state of the newest, what was before the oldest; who, of the newest remote one."""
    told = reduce(merged, many)
    assert (many[0].previous, many[-1].state) == (told.previous, told.state)
    assert frozenset().union(*(c.fields for c in many)) == told.fields
    remote = [c for c in many if c.origin is ds.Origin.REMOTE]
    newest = (remote or many)[-1]
    assert (newest.origin, newest.device) == (told.origin, told.device)
    assert any(c.concurrent for c in many) == told.concurrent


@given(st.lists(changes(), min_size=1, max_size=8))
def test_an_offer_among_merged_changes_stays_an_offer(many: list[ds.Change[Book]]) -> None:
    """Nobody's page is pulled away because their app was slow; and no offer comes from nowhere."""
    told, found = reduce(merged, many).advice, {c.advice for c in many}
    assert (told is ds.Advice.OFFER) == (ds.Advice.OFFER in found)
    assert (told is ds.Advice.KEEP) == ({ds.Advice.KEEP} == found)


@given(st.sampled_from(ds.Advice), st.sampled_from(ds.Advice))
def test_the_more_careful_of_two_does_not_depend_on_their_order(one: ds.Advice, two: ds.Advice) -> None:
    """Commutative, and idempotent."""
    assert more_careful(one, two) is more_careful(two, one)
    assert one is more_careful(one, one)


class Told:
    """A telling thread that is none: it hands over at once."""

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver

    def put(self, task: Callable[[], None]) -> None:
        task()


def ran(task: deque[Callable[[], None]]) -> None:
    if task:
        task.popleft()()


@given(st.lists(st.booleans(), max_size=120))
def test_each_is_told_of_everything_in_order_whenever_it_has_time(steps: list[bool]) -> None:
    """Told (True) and called (False) by turns, in any pattern: what arrives are runs of what was told, in
    order, without a gap; and never more than a few wait."""
    tasks: deque[Callable[[], None]] = deque()
    subscribers = Subscribers[Run](Told(tasks.append), lambda older, newer: older + newer, "test")
    got: list[Run] = []
    subscribers.add(got.append)
    told = 0
    for tells in steps:
        if tells:
            subscribers.tell((told,))
            told += 1
        else:
            ran(tasks)
        assert len(tasks) <= MOST_WAITING
    while tasks:
        ran(tasks)
    assert list(range(told)) == [number for run in got for number in run]


@given(st.lists(st.integers(0, MOST_WAITING - 1), max_size=30))
def test_whoever_keeps_up_gets_each_one_by_itself(bursts: list[int]) -> None:
    """A burst that is not longer than the line, dealt with before the next one: nothing is merged."""
    tasks: deque[Callable[[], None]] = deque()
    subscribers = Subscribers[Run](Told(tasks.append), lambda older, newer: older + newer, "test")
    got: list[Run] = []
    subscribers.add(got.append)
    for burst in bursts:
        for _ in range(burst):
            subscribers.tell((0,))
        while tasks:
            ran(tasks)
    assert [(0,)] * sum(bursts) == got
