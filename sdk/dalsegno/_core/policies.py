"""How two versions of one field become one: the registry of merge policies. Pure.

Invariant: every `join` is commutative, associative and idempotent, so that the order and the number of
arrivals never matter. A policy joins the registry by adding itself to `POLICIES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import field, replace
from typing import Protocol

from dalsegno._core.counter import COUNTER
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.orders import ACT, LEASE, RELEASED, act_of, latest_order, lease_of, newer
from dalsegno._core.record import record
from dalsegno._core.sequences import ORDERED, TEXT
from dalsegno._core.types import Stamp, Value
from dalsegno._core.wishes import Add, Played, Restart, Revised, Wish, plain

__all__ = [
    "COUNTER",
    "HELD",
    "HIGHEST",
    "LATEST",
    "LOWEST",
    "ON_THIS_DEVICE",
    "ORDERED",
    "POLICIES",
    "TEXT",
    "Add",
    "Extreme",
    "Policy",
    "Restart",
    "Revised",
    "Schema",
    "Wish",
    "join_entries",
    "plain",
    "round_of",
]


class Policy(Protocol):
    """What a field does with a local write, and with another replica's version of itself."""

    @property
    def name(self) -> str: ...

    @property
    def shared(self) -> bool:
        """Whether the field leaves this device at all."""
        ...

    @property
    def joins(self) -> bool:
        """Whether edits of two devices are both in what becomes of them, so that there is nothing to ask."""
        ...

    def write(self, current: Entry | None, value: Wish, stamp: Stamp, basis: int) -> Entry:
        """The field after a local edit; `current` itself, where that changes nothing."""
        ...

    def fault(self, current: Entry | None, made: Entry) -> str:
        """Why a local edit must not make this of the field; '' if it may."""
        ...

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        """The field that both replicas agree on."""
        ...

    def contains(self, ours: Entry, theirs: Entry) -> bool:
        """Whether `theirs` has nothing that is not in `ours` already, or written over there."""
        ...

    def stamps(self, entry: Entry) -> Set[Stamp]:
        """The stamps of edits in its bookkeeping, of which each decides something by itself."""
        ...

    def restamped(self, entry: Entry, renamed: Callable[[Stamp], Stamp]) -> Entry:
        """The same with its stamps by the server's time; `renamed` gives the right one for each."""
        ...


MOST_ROUNDS = 2**53
"""A round beyond this is no round: somebody wrote it so that no other can begin behind it."""


class _ByStamp:
    """What is the same wherever one edit stands for the whole field."""

    __slots__ = ()

    def write(self, current: Entry | None, value: Wish, stamp: Stamp, basis: int) -> Entry:
        if isinstance(value, Played) or (current is not None and _is_of_line(current)):
            return HELD.write(current, value, stamp, basis)  # so it is to other versions of the app
        return Entry(plain(value), stamp, basis)

    def fault(self, current: Entry | None, made: Entry) -> str:
        return ""

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        return newer(ours, theirs)

    def contains(self, ours: Entry, theirs: Entry) -> bool:
        # One stamp, another value: somebody set it by hand, at the server. That stands.
        return ours.stamp == theirs.stamp or self.join(ours, theirs) == ours

    def stamps(self, entry: Entry) -> Set[Stamp]:
        return HELD.stamps(entry) if _is_of_line(entry) else frozenset()

    def restamped(self, entry: Entry, renamed: Callable[[Stamp], Stamp]) -> Entry:
        if _is_of_line(entry):
            return HELD.restamped(entry, renamed)
        return replace(entry, stamp=renamed(entry.stamp))


def _is_of_line(entry: Entry) -> bool:
    return LEASE in entry.extra or ACT in entry.extra


@record(frozen=True, slots=True)
class Latest(_ByStamp):
    """The last writer wins: by stamp, never by arrival."""

    name: str = "latest"
    shared: bool = True
    joins: bool = False


@record(frozen=True, slots=True)
class Held(_ByStamp):
    """A field of the line of what is played: all of them are always written together, by `line.step`."""

    name: str = "held"
    shared: bool = True
    joins: bool = False

    def write(self, current: Entry | None, value: Wish, stamp: Stamp, basis: int) -> Entry:
        if not isinstance(value, Played):
            value = Played(plain(value), lease_of(current) if current else NO_STAMP)
        extra: dict[str, Value] = {LEASE: value.lease or stamp, ACT: value.act or stamp}
        return Entry(value.value, stamp, basis, {**extra, RELEASED: True} if value.released else extra)

    def stamps(self, entry: Entry) -> Set[Stamp]:
        return frozenset((lease_of(entry), act_of(entry))) - {entry.stamp}

    def restamped(self, entry: Entry, renamed: Callable[[Stamp], Stamp]) -> Entry:
        ranking: dict[str, Value] = {LEASE: renamed(lease_of(entry)), ACT: renamed(act_of(entry))}
        return replace(entry, stamp=renamed(entry.stamp), extra={**entry.extra, **ranking})


@record(frozen=True, slots=True)
class OnThisDevice(_ByStamp):
    """Kept here, never sent: a text size that suits this screen."""

    name: str = "on_this_device"
    shared: bool = False
    joins: bool = False


@record(frozen=True, slots=True)
class Extreme(_ByStamp):
    """The highest value of the newest round, or the lowest; `Restart` begins a round. It stands in
    `extra`."""

    name: str
    sign: int
    shared: bool = True
    joins: bool = True

    def write(self, current: Entry | None, value: Wish, stamp: Stamp, basis: int) -> Entry:
        number = (round_of(current) if current else 0) + isinstance(value, Restart)
        made = Entry(plain(value), stamp, basis, {"round": number} if number else {})
        if current is None or self._height(made) > self._height(current):
            return made
        return current

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        return max(ours, theirs, key=lambda entry: (*self._height(entry), latest_order(entry)))

    def beyond(self, value: Value, default: Value) -> bool:
        """Whether a value is on the near side of the default, where nothing shows."""
        return self._number(value) < self._number(default)

    def _height(self, entry: Entry) -> tuple[int, int | float]:
        return (round_of(entry), self._number(entry.value))

    def _number(self, value: Value) -> int | float:
        """As it is: ints and floats compare exactly, while a float of an int above 2**53 ties with its
        neighbour.

        What is no finite number is below all of them: nothing could ever be higher than Infinity.
        """
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return self.sign * value
        return -math.inf


def round_of(entry: Entry) -> int:
    """Which round a `highest` or `lowest` field is in; nonsense counts as the first."""
    number = entry.extra.get("round", 0)
    if not isinstance(number, int) or isinstance(number, bool):
        return 0
    return number if 0 < number <= MOST_ROUNDS else 0


LATEST = Latest()
HELD = Held()
HIGHEST = Extreme("highest", 1)
LOWEST = Extreme("lowest", -1)
ON_THIS_DEVICE = OnThisDevice()
_ALL: tuple[Policy, ...] = (LATEST, HELD, HIGHEST, LOWEST, COUNTER, ORDERED, TEXT, ON_THIS_DEVICE)
POLICIES: Mapping[str, Policy] = {p.name: p for p in _ALL}


@record(frozen=True, slots=True)
class Schema:
    """A State class as the engine sees it: its name and version, and the policy of each field."""

    name: str
    version: int
    policies: Mapping[str, Policy]
    held: frozenset[str] = field(init=False, compare=False)
    """The fields of the line; without any, the session has none."""

    def __post_init__(self) -> None:
        held = frozenset(name for name, policy in self.policies.items() if policy is HELD)
        object.__setattr__(self, "held", held)

    @property
    def label(self) -> str:
        """As it stands in the document: `reading/1`."""
        return f"{self.name}/{self.version}"

    @property
    def text(self) -> str:
        """All of it in one line, for the disk: edits are sent though no app opens the session again."""
        fields = (f"{name}={policy.name}" for name, policy in sorted(self.policies.items()))
        return " ".join((self.label, *fields))

    @classmethod
    def parse(cls, text: str) -> Schema:
        """Reads `text`; a policy that this version does not know counts as `latest`."""
        label, *fields = text.split(" ")
        name, _, version = label.partition("/")
        pairs = (f.partition("=") for f in fields)
        return cls(name, int(version or "0"), {f: POLICIES.get(p, LATEST) for f, _, p in pairs})

    def policy(self, field: str) -> Policy:
        """A field that only a newer app knows is kept as the last writer left it."""
        return self.policies.get(field, LATEST)

    def keeping(self, other: Schema, owed: Iterable[str]) -> Schema:
        """With `other`'s policies of those owed fields that this one does not know.

        An app that was put back to an older version sends what the newer one has edited, and as that meant
        it: by `latest`, a low value of a `highest` field would go over a higher one.
        """
        more = {f: other.policies[f] for f in owed if f in other.policies and f not in self.policies}
        return replace(self, policies={**self.policies, **more}) if more else self


def join_entries(schema: Schema, ours: Mapping[str, Entry], theirs: Mapping[str, Entry]) -> dict[str, Entry]:
    """Joins two versions of a whole session, field by field."""
    joined = dict(ours)
    for name, entry in theirs.items():
        mine = joined.get(name)
        joined[name] = entry if mine is None else schema.policy(name).join(mine, entry)
    return joined
