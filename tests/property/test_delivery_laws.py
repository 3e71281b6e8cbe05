"""What waits for a slow app: nothing is skipped, nothing comes out of order, and the line stays short."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import dalsegno as ds
from dalsegno._client.change import Told, advice_on, merged
from dalsegno._core.advice import more_careful
from dalsegno._core.state import changed
from dalsegno._core.types import DeviceId
from dalsegno._threads.delivery import MOST_WAITING, Deliver, Subscribers
from tests.support.client_tests import Book

Run = tuple[int, ...]
DEVICES = [None, ds.Device(DeviceId("00000000000000a1"), "Pixel 8"), ds.Device(DeviceId("b" * 16), "Laptop")]


FIELDS = frozenset({"place", "furthest", "note", "tags"})


def advised(advice: ds.Advice, fields: frozenset[str]) -> dict[str, Any]:
    """A change with this advice on each of its fields."""
    told = {name: Told(advice, ds.Why(name, ds.Rule.SEEN, None, 0)) for name in fields}
    advice, why = advice_on(told, fields)
    return {"advice": advice, "why": why, "_told": told}


@st.composite
def runs(draw: st.DrawFn, least: int = 1, most: int = 8) -> list[ds.Change[Book]]:
    """Changes of one session, one after the other, whatever they say."""
    states = st.builds(Book, note=st.sampled_from("ab"), furthest=st.sampled_from([0.0, 0.5]))
    steps = draw(st.lists(states, min_size=least + 1, max_size=most + 1))
    return [
        ds.Change(
            fields=changed(before, after, FIELDS),
            state=after,
            previous=before,
            origin=draw(st.sampled_from(ds.Origin)),
            device=draw(st.sampled_from(DEVICES)),
            concurrent=draw(st.booleans()),
            offered=after,
            **advised(draw(st.sampled_from(ds.Advice)), changed(before, after, FIELDS)),
        )
        for before, after in pairwise(steps)
    ]


@given(runs(least=3, most=3))
def test_it_does_not_matter_which_changes_are_merged_first(three: list[ds.Change[Book]]) -> None:
    """`merged` is associative: how far behind an app is, and when, changes nothing in what it is told."""
    one, two, last = three
    assert merged(merged(one, two), last) == merged(one, merged(two, last))


@given(runs())
def test_what_is_told_of_many_changes_is_the_way_from_the_first_to_the_last(
    many: list[ds.Change[Book]],
) -> None:
    """From before the oldest to after the newest, and what differs; who, of the newest remote one."""
    told = reduce(merged, many)
    offered = {n for n in FIELDS if (last := _last(many, n)) and last.advice_for(n) is ds.Advice.OFFER}
    assert (many[0].previous, many[-1].state) == (told.previous, told.state)
    assert changed(told.previous, told.state, FIELDS) | offered == told.fields
    remote = [c for c in many if c.origin is ds.Origin.REMOTE]
    newest = (remote or many)[-1]
    assert (newest.origin, newest.device) == (told.origin, told.device)
    assert any(c.concurrent for c in many) == told.concurrent


@given(runs())
def test_an_offer_among_merged_changes_stays_open_until_something_closes_it(
    many: list[ds.Change[Book]],
) -> None:
    """Of each field the newest advice counts, and what was offered is offered still, with its value; of all
    fields together the most careful advice counts."""
    told = reduce(merged, many)
    for name in told.fields:
        last = _last(many, name)
        assert last is not None and last.advice_for(name) is told.advice_for(name)
        if told.advice_for(name) is ds.Advice.OFFER:
            assert getattr(last.offered, name) == getattr(told.offered, name)
    assert told.advice is reduce(more_careful, map(told.advice_for, told.fields), ds.Advice.KEEP)


def _last(many: list[ds.Change[Book]], name: str) -> ds.Change[Book] | None:
    return next((change for change in reversed(many) if name in change.fields), None)


@given(st.sampled_from(ds.Advice), st.sampled_from(ds.Advice))
def test_the_more_careful_of_two_does_not_depend_on_their_order(one: ds.Advice, two: ds.Advice) -> None:
    """Commutative, and idempotent."""
    assert more_careful(one, two) is more_careful(two, one)
    assert one is more_careful(one, one)


class Teller:
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
    subscribers = Subscribers[Run](Teller(tasks.append), lambda older, newer: older + newer, "test")
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
    subscribers = Subscribers[Run](Teller(tasks.append), lambda older, newer: older + newer, "test")
    got: list[Run] = []
    subscribers.add(got.append)
    for burst in bursts:
        for _ in range(burst):
            subscribers.tell((0,))
        while tasks:
            ran(tasks)
    assert [(0,)] * sum(bursts) == got
