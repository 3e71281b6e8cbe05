"""What an app is told of a session, and how two of these become one. Values; any thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from types import MappingProxyType
from typing import Generic, TypeVar

from dalsegno._core import state as states
from dalsegno._core.advice import more_careful
from dalsegno._core.clock import millis_of
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.record import record
from dalsegno._core.replica import Replica, concurrent
from dalsegno._core.screen import FieldAdvice
from dalsegno._core.types import Advice, Device, DeviceId, Origin, Rule
from dalsegno._sync.outcome import Outcome
from dalsegno._sync.view_change import ViewChange, newest_writer

S = TypeVar("S", bound=states.State)
Take = Callable[[Mapping[str, Entry]], None]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a change is to be followed, offered or kept.

    field   the field that asks for the most care
    rule    by which rule: docs/continuity.md has them all
    device  whose edit it was, as far as known
    at_ms   when that was made, milliseconds of the Unix epoch by the server's time; 0 = not known
    """

    field: str
    rule: Rule
    device: Device | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What happened to a session.

    fields        the names of the State's fields that are otherwise than before, and of those offered
    state         the session after it;  previous: before it
    origin        whether this device did it or another
    device        who did it, as far as known
    concurrent    the other device did not know of this device's newest edit of a changed field
    advice        what to do about it: follow, offer, or keep what is on the screen; of all its fields the
                  most careful advice. `advice_for` tells that of one field
    offered       the state as it is once `take()` was called; `state` itself, if nothing is offered
    became_known  before it nobody had told how the session stands (see `Session.known`); then `fields` may
                  be empty
    why           by which rule; None for a change without fields

    Each change is told by itself as long as the app keeps up; for an app that is far behind, the newest of
    those that wait become one (`merged`).
    """

    fields: frozenset[str]
    state: S
    previous: S
    origin: Origin
    device: Device | None
    concurrent: bool
    advice: Advice
    offered: S
    became_known: bool = False
    why: Why | None = None
    _told: Mapping[str, Told] = field(default_factory=dict, repr=False)
    _take: Take = field(default=lambda _: None, repr=False, compare=False)

    def advice_for(self, name: str) -> Advice:
        """What to do about this field; KEEP where it is not among `fields`."""
        told = self._told.get(name)
        return told.advice if told is not None and name in self.fields else Advice.KEEP

    def take(self) -> None:
        """Takes what is offered: from now on the screen shows that. Where it is not what `state` has already,
        it is an edit. What was shown before stays as a mark. Without an offer nothing happens.

        Raises what `Session.update` raises.
        """
        offered = {n: t.entry for n, t in self._told.items() if t.advice is Advice.OFFER and t.entry}
        if offered:
            self._take(offered)


@record(frozen=True, slots=True)
class Told:
    """What is told of one field."""

    advice: Advice
    why: Why
    entry: Entry | None = None


def told_of(
    change: ViewChange, names: Iterable[str], device_of: Callable[[DeviceId | None], Device | None]
) -> dict[str, Told]:
    """What is told of these fields."""
    return {name: _told(change, name, device_of) for name in names}


def _told(change: ViewChange, name: str, device_of: Callable[[DeviceId | None], Device | None]) -> Told:
    known = change.advice.get(name)
    if known is None:
        here = change.origin is Origin.HERE
        entry = change.after.view.get(name)
        known = FieldAdvice(*((Advice.KEEP, Rule.OWN) if here else (Advice.FOLLOW, Rule.SEEN)), entry)
    return told(name, known.advice, known.rule, known.entry, device_of)


def told(
    name: str,
    advice: Advice,
    rule: Rule,
    entry: Entry | None,
    device_of: Callable[[DeviceId | None], Device | None],
) -> Told:
    """What is told of a field, by whose edit."""
    stamp = entry.stamp if entry is not None else NO_STAMP
    writer = None if stamp == NO_STAMP else DeviceId(stamp[22:])
    return Told(advice, Why(name, rule, device_of(writer), int(millis_of(stamp))), entry)


def outcome_told(
    name: str,
    found: Outcome,
    replica: Replica,
    device_of: Callable[[DeviceId | None], Device | None],
) -> Told:
    """What is told of a field that came to be otherwise while nobody listened."""
    if found.offered is not None:
        return told(name, Advice.OFFER, Rule.LOST, found.offered, device_of)
    advice = (Advice.OFFER, Rule.UNSEEN) if found.concurrent else (Advice.FOLLOW, Rule.SEEN)
    return told(name, *advice, replica.view.get(name), device_of)


def is_something(change: Change[S]) -> bool:
    """There and back again is none."""
    return bool(change.fields) or change.became_known


def advice_on(told: Mapping[str, Told], fields: Iterable[str]) -> tuple[Advice, Why | None]:
    """The most careful advice of these fields, and why."""
    found = [told[name] for name in sorted(fields) if name in told]
    advice = reduce(more_careful, (one.advice for one in found), Advice.KEEP)
    return advice, next((one.why for one in found if one.advice is advice), None)


def merged(older: Change[S], newer: Change[S]) -> Change[S]:
    """Two changes as one, which may be none: there and back again. Associative.

    The way from the older one's `previous` to the newer one's `state`, and the fields that it changes. What
    another device did counts more than what was done here, which the app knows already: origin and device are
    those of the newest remote one, if there is any. Concurrent if either is. Of each field the newer advice
    counts: nothing is ever followed over an offer that is open, so whatever comes after one has closed it.
    """
    there = newer if newer.origin is Origin.REMOTE or older.origin is Origin.HERE else older
    told = {**older._told, **newer._told}
    names = older.fields | newer.fields
    open_offers = {n for n in names if n in told and told[n].advice is Advice.OFFER}
    fields = states.changed(older.previous, newer.state, names) | frozenset(open_offers)
    advice, why = advice_on(told, fields)
    return Change(
        fields=fields,
        state=newer.state,
        previous=older.previous,
        origin=there.origin,
        device=there.device,
        concurrent=older.concurrent or newer.concurrent,
        advice=advice,
        offered=_both_offered(older, newer, open_offers),
        became_known=older.became_known or newer.became_known,
        why=why,
        _told=MappingProxyType(told),
        _take=newer._take,
    )


def _both_offered(older: Change[S], newer: Change[S], names: Collection[str]) -> S:
    still = [name for name in names if name not in newer._told]
    return states.with_fields_of(newer.offered, older.offered, still) if still else newer.offered


def about(change: ViewChange, fields: frozenset[str], here: DeviceId) -> tuple[DeviceId | None, bool]:
    """Who changed these fields, and whether without knowing of an edit here: of others that came with them,
    which this class does not have, an app is told nothing."""
    if change.origin is Origin.HERE or fields == change.fields:
        return change.device, change.concurrent
    unaware = any(concurrent(change.before, change.after, name, here) for name in fields)
    return newest_writer(change.after, fields, change.advice), unaware
