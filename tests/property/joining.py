"""Devices that edit one field and meet in any order, for the laws of the policies that join. For
Hypothesis."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from dalsegno._core.clock import stamp
from dalsegno._core.document import Entry
from dalsegno._core.policies import Policy
from dalsegno._core.wishes import Add, Revised, Wish
from tests.property.entries import DEVICES

Step = tuple[int, Any]
"""Device and what it does: an edit, or the number of the device that it hears from."""


@dataclass
class Meeting:
    """What each device has, and every version that there ever was; newest last."""

    policy: Policy
    has: list[Entry | None] = field(default_factory=lambda: [None, None, None])
    all: list[Entry] = field(default_factory=list)

    def edits(self, device: int, wish: Wish, at_ms: int) -> Entry:
        made = read(self.policy.write(self.has[device], wish, stamp(at_ms, 0, DEVICES[device]), 0))
        self.has[device] = made
        self.all.append(made)
        return made

    def hears(self, device: int, other: int) -> None:
        ours, theirs = self.has[device], self.has[other]
        if theirs is not None:
            self.has[device] = theirs if ours is None else read(self.policy.join(ours, theirs))
            self.all.append(self.has[device] or theirs)

    @property
    def met(self) -> Entry | None:
        """What all have once everybody has heard from everybody."""
        found: Entry | None = None
        for entry in self.has:
            if entry is not None:
                found = entry if found is None else self.policy.join(found, entry)
        return found


def read(entry: Entry) -> Entry:
    """As it comes from a disk or a server: what was worked out about it is not known any more."""
    return Entry(copy.deepcopy(entry.value), entry.stamp, entry.basis, copy.deepcopy(entry.extra))


def _pick(items: list[Any], number: int) -> int:
    return number % len(items)


def inserted(items: list[Any], at: int, what: Any) -> list[Any]:
    return [*items[: at % (len(items) + 1)], what, *items[at % (len(items) + 1) :]]


def removed(items: list[Any], at: int) -> list[Any]:
    return [item for n, item in enumerate(items) if n != at % len(items)] if items else items


def moved(items: list[Any], at: int, to: int) -> list[Any]:
    return inserted(removed(items, at), to, items[_pick(items, at)]) if items else items


def changed(items: list[Any], at: int, what: Any) -> list[Any]:
    return [what if n == at % len(items) else item for n, item in enumerate(items)] if items else items


places = st.integers(0, 5)
words = st.sampled_from(["a", "b", "c", ""])
list_edits: st.SearchStrategy[Callable[[list[Any]], list[Any]]] = (
    st.builds(lambda at, what: lambda items: inserted(items, at, what), places, words)
    | st.builds(lambda at: lambda items: removed(items, at), places)
    | st.builds(lambda at, to: lambda items: moved(items, at, to), places, places)
    | st.builds(lambda at, what: lambda items: changed(items, at, what), places, words)
)
amounts = st.integers(-3, 3) | st.sampled_from([0.5, -0.25])


def value_of(policy: Policy, items: list[Any]) -> Any:
    return "\n".join(items) if policy.name == "text" else items


def items_of(policy: Policy, entry: Entry | None) -> list[Any]:
    if entry is None or entry.value == "":
        return []
    value: Any = entry.value
    return value.split("\n") if isinstance(value, str) else list(value)


@st.composite
def meetings(draw: st.DrawFn, policy: Policy, most: int = 12) -> Meeting:
    """Three devices, any edits, any order of meetings."""
    meeting = Meeting(policy)
    for at_ms in range(1, draw(st.integers(1, most)) + 1):
        device = draw(st.integers(0, 2))
        if draw(st.booleans()):
            meeting.hears(device, draw(st.integers(0, 2)))
        elif policy.name == "counter":
            meeting.edits(device, Add(draw(amounts)), at_ms)
        else:
            now = items_of(policy, meeting.has[device])
            meeting.edits(device, Revised(value_of(policy, draw(list_edits)(now))), at_ms)
    return meeting
