"""What an app is told of a session, and how two of these become one. Values; any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from dalsegno._core import state as states
from dalsegno._core.advice import more_careful
from dalsegno._core.replica import concurrent
from dalsegno._core.types import Advice, Device, DeviceId, Origin
from dalsegno._sync.view_change import ViewChange, newest_writer

S = TypeVar("S", bound=states.State)


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What happened to a session.

    fields      the names of the State's fields that are otherwise than before
    state       the session after it;  previous: before it
    origin      whether this device did it or another
    device      who did it, as far as known
    concurrent  the other device did not know of this device's newest edit of a changed field
    advice      what to do about it: follow, offer, or keep what is on the screen

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


def merged(older: Change[S], newer: Change[S]) -> Change[S]:
    """Two changes as one, which may be none: there and back again. Associative.

    The way from the older one's `previous` to the newer one's `state`, and the fields that it changes. What
    another device did counts more than what was done here, which the app knows already: origin and device are
    those of the newest remote one, if there is any. Concurrent if either is; and the more careful advice: an
    offer stays one.
    """
    there = newer if newer.origin is Origin.REMOTE or older.origin is Origin.HERE else older
    return Change(
        fields=states.changed(older.previous, newer.state, older.fields | newer.fields),
        state=newer.state,
        previous=older.previous,
        origin=there.origin,
        device=there.device,
        concurrent=older.concurrent or newer.concurrent,
        advice=more_careful(older.advice, newer.advice),
    )


def about(change: ViewChange, fields: frozenset[str], here: DeviceId) -> tuple[DeviceId | None, bool]:
    """Who changed these fields, and whether without knowing of an edit here: of others that came with them,
    which this class does not have, an app is told nothing."""
    if change.origin is Origin.HERE or fields == change.fields:
        return change.device, change.concurrent
    unaware = any(concurrent(change.before, change.after, name, here) for name in fields)
    return newest_writer(change.after, fields), unaware
