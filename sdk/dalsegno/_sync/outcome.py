"""What came of edits that nobody waited for: sent after the app had closed their session. Pure.

An edit that stood is no news. One that lost, or was merged with another, changes what the user last saw; that
is kept on disk, beside the fields that stay on this device, until the app has been told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dalsegno._core import replica as replicas
from dalsegno._core.clock import is_stamp
from dalsegno._core.document import Entry
from dalsegno._core.document_serializer import writer_of
from dalsegno._core.record import record
from dalsegno._core.replica import Replica
from dalsegno._core.sameness import same_value
from dalsegno._core.types import DeviceId, Stamp, Value
from dalsegno._sync.view_change import ViewChange, newest_writer

KEPT_AS = "?outcome"
"""Among the local fields of a session; no field of a State class can have this name."""


@record(frozen=True, slots=True)
class Outcome:
    """What became of one field. `was`: as it was here; `concurrent`: the writer did not know of that;
    `offered`: what may be taken instead, where it is not what stands."""

    was: Value
    device: DeviceId | None
    concurrent: bool
    offered: Entry | None = None


def outcomes(before: Replica, after: Replica, here: DeviceId) -> dict[str, Outcome]:
    """Field → what became of this device's unsent edit of it, where that is otherwise than it was."""
    names = replicas.changed_fields(before, after) & before.pending.keys()
    return {
        name: Outcome(
            before.view[name].value,
            writer_of(after.view[name]),
            replicas.concurrent(before, after, name, here),
        )
        for name in names
    }


def of_offers(change: ViewChange, names: Iterable[str]) -> dict[str, Outcome]:
    """The same of offers that nobody heard: what was shown is what the app had before."""
    return {
        name: Outcome(
            before.value, newest_writer(change.after, [name], change.advice), True, _lost(change, name)
        )
        for name in names
        if (before := change.before.view.get(name)) is not None
    }


def _lost(change: ViewChange, name: str) -> Entry | None:
    """What is offered of a field, where it has lost to what stands."""
    entry = change.advice[name].entry
    return None if same_value(entry, change.after.view.get(name)) else entry


def added(older: Mapping[str, Outcome], newer: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Both: from what was first seen to who wrote last."""
    both = {
        name: replace(
            newer[name], was=older[name].was, concurrent=older[name].concurrent or newer[name].concurrent
        )
        for name in older.keys() & newer.keys()
    }
    return {**older, **newer, **both}


def without(found: Mapping[str, Outcome], names: Iterable[str]) -> dict[str, Outcome]:
    """The rest, after the app was told of these fields, or its user has edited them."""
    return {name: found[name] for name in found.keys() - set(names)}


def to_value(found: Mapping[str, Outcome]) -> Value:
    """As it is kept on disk."""
    return {name: _parts(one) for name, one in found.items()}


def _parts(one: Outcome) -> Value:
    parts: dict[str, Value] = {"was": one.was, "device": one.device or "", "concurrent": one.concurrent}
    if one.offered is not None:
        parts |= {"offered": one.offered.value, "stamp": one.offered.stamp}
    return parts


def from_value(value: Value) -> dict[str, Outcome]:
    """What was kept; what makes no sense was not."""
    if not isinstance(value, Mapping):
        return {}
    return {
        name: Outcome(
            one["was"], DeviceId(str(one["device"])) or None, bool(one["concurrent"]), _offered(one)
        )
        for name, one in value.items()
        if isinstance(one, Mapping) and {"was", "device", "concurrent"} <= one.keys()
    }


def _offered(parts: Mapping[str, Value]) -> Entry | None:
    stamp = parts.get("stamp")
    if "offered" not in parts or not isinstance(stamp, str) or not is_stamp(stamp):
        return None
    return Entry(parts["offered"], Stamp(stamp))


def to_keep(before: Mapping[str, Outcome], after: Mapping[str, Outcome]) -> dict[str, Value]:
    """The local field that keeps these, where they are others than before."""
    return {} if after == before else {KEPT_AS: to_value(after)}
