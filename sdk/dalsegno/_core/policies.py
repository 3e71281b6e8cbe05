"""How two versions of one field become one: the registry of merge policies. Pure.

Invariant: every `join` is commutative, associative and idempotent, so that the order and the number of
arrivals never matter. A policy joins the registry by adding itself to `POLICIES`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from dalsegno._core.document import Entry
from dalsegno._core.record import record
from dalsegno._core.types import Stamp, Value


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
        """Whether no edit is ever lost in a join, so that nobody need be asked what is to stand."""
        ...

    def write(self, current: Entry | None, value: Value | Restart, stamp: Stamp, basis: int) -> Entry:
        """The field after a local edit."""
        ...

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        """The field that both replicas agree on."""
        ...


@dataclass(frozen=True, slots=True)
class Restart:
    """A value that begins a new round of a `highest` field: a re-read may start at 0 again."""

    value: Value


MOST_ROUNDS = 2**53
"""A round beyond this is no round: somebody wrote it so that no other can begin behind it."""


def plain(value: Value | Restart) -> Value:
    """What is stored: the value without the wish to restart."""
    return value.value if isinstance(value, Restart) else value


def order_of(value: Value) -> str:
    """A total order on values, for ties that no stamp decides (one stamp, two values: nonsense, but seen)."""
    return json.dumps(value, sort_keys=True, default=_unlike_json)


def _unlike_json(value: object) -> list[list[str]]:
    """Bytes must not tie with the text that shows them; no field is a list of lists, so these are free."""
    return [[type(value).__name__, repr(value)]]


@record(frozen=True, slots=True)
class Latest:
    """The last writer wins: by stamp, never by arrival."""

    name: str = "latest"
    shared: bool = True
    joins: bool = False

    def write(self, current: Entry | None, value: Value | Restart, stamp: Stamp, basis: int) -> Entry:
        return Entry(plain(value), stamp, basis)

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        return _newer(ours, theirs)


def _newer(ours: Entry, theirs: Entry) -> Entry:
    if ours.stamp != theirs.stamp:  # nearly always; the rest of the order takes four times as long
        return ours if ours.stamp > theirs.stamp else theirs
    return max(ours, theirs, key=_latest_order)


def _latest_order(entry: Entry) -> tuple[Stamp, str, int, str]:
    return (entry.stamp, order_of(entry.value), entry.basis, order_of(entry.extra))


@record(frozen=True, slots=True)
class Highest:
    """The highest value of the newest round; `Restart` begins a round. Its round stands in `extra`."""

    name: str = "highest"
    shared: bool = True
    joins: bool = True

    def write(self, current: Entry | None, value: Value | Restart, stamp: Stamp, basis: int) -> Entry:
        number = (round_of(current) if current else 0) + isinstance(value, Restart)
        made = Entry(plain(value), stamp, basis, {"round": number} if number else {})
        if current is None or _height(made) > _height(current):
            return made
        return current

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        return max(ours, theirs, key=_highest_order)


def round_of(entry: Entry) -> int:
    """Which round a `highest` field is in; nonsense counts as the first."""
    number = entry.extra.get("round", 0)
    if not isinstance(number, int) or isinstance(number, bool):
        return 0
    return number if 0 < number <= MOST_ROUNDS else 0


def _number(value: Value) -> int | float:
    """As it is: ints and floats compare exactly, while a float of an int above 2**53 ties with its neighbour.

    What is no finite number is below all of them: nothing could ever be higher than Infinity.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return value
    return -math.inf


def _highest_order(entry: Entry) -> tuple[int, int | float, tuple[Stamp, str, int, str]]:
    return (*_height(entry), _latest_order(entry))


def _height(entry: Entry) -> tuple[int, int | float]:
    return (round_of(entry), _number(entry.value))


@record(frozen=True, slots=True)
class OnThisDevice:
    """Kept here, never sent: a text size that suits this screen."""

    name: str = "on_this_device"
    shared: bool = False
    joins: bool = False

    def write(self, current: Entry | None, value: Value | Restart, stamp: Stamp, basis: int) -> Entry:
        return Entry(plain(value), stamp, basis)

    def join(self, ours: Entry, theirs: Entry) -> Entry:
        return _newer(ours, theirs)


LATEST = Latest()
HIGHEST = Highest()
ON_THIS_DEVICE = OnThisDevice()
POLICIES: Mapping[str, Policy] = {p.name: p for p in (LATEST, HIGHEST, ON_THIS_DEVICE)}


@record(frozen=True, slots=True)
class Schema:
    """A State class as the engine sees it: its name and version, and the policy of each field."""

    name: str
    version: int
    policies: Mapping[str, Policy]

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
