"""Marks: places worth going back to, at the server as `sessions/{id}/marks/{markId}`, never changed. Pure.

Invariants: a mark's id derives from the edit that was displaced, and from the fields that it keeps: so
whoever keeps the same place keeps it under the same name, once. One that was at the server, and is gone from
there, is never written again. The newest `MOST` are kept; whoever adds one takes the oldest away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

from dalsegno._core.clock import device_of, is_stamp
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.messages import ANY, ResourcePath, Snapshot, Write
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Millis, SessionId, Stamp, Value

MOST = 20
"""So many places to go back to are kept of a session."""
AT_ONCE = 10
"""So many marks go in one commit."""
REASON = re.compile(r"[a-z][a-z_]{0,31}", re.ASCII)
"""What an app may call a reason; the security rules check the same."""
KNOWN_AS, OWED_AS = "?marks", "?owed_marks"
"""Among the local fields of a session; no field of a State class can have these names."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@record(frozen=True, slots=True)
class Mark:
    """values: what the fields were;  stamp: the newest edit among them;  at_ms: when it became a mark.

    later: it may wait a while, and gives way to the next one of its kind: see `Shelf.with_later`.
    """

    id: str
    reason: str
    values: Mapping[str, Value]
    stamp: Stamp
    at_ms: Millis
    later: bool = False

    @property
    def device(self) -> DeviceId | None:
        """Who had left that place; None = nobody stamped it."""
        return None if self.stamp == NO_STAMP else device_of(self.stamp)

    @property
    def order(self) -> tuple[Millis, Stamp, str]:
        return (self.at_ms, self.stamp, self.id)


def mark_id(entries: Mapping[str, Entry]) -> str:
    """The same on every device that keeps these edits of these fields, and of no others: the newest of their
    stamps, and a checksum of all."""
    text = " ".join(f"{name}={entries[name].stamp}" for name in sorted(entries))
    newest = max(entry.stamp for entry in entries.values())
    return f"{newest}-{crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def marks_of(reason: str, entries: Mapping[str, Entry], at_ms: float, later: bool = False) -> list[Mark]:
    """A mark for each edit among these entries."""
    by_stamp: dict[Stamp, dict[str, Entry]] = {}
    for name, entry in entries.items():
        by_stamp.setdefault(entry.stamp, {})[name] = entry
    return [mark for _, same in sorted(by_stamp.items()) for mark in mark_of(reason, same, at_ms, later)]


def mark_of(reason: str, entries: Mapping[str, Entry], at_ms: float, later: bool = False) -> list[Mark]:
    """One mark of all these entries, as they stood together; none of nothing."""
    if not entries:
        return []
    newest = max(entry.stamp for entry in entries.values())
    values = {name: entry.value for name, entry in entries.items()}
    return [Mark(mark_id(entries), reason, values, newest, Millis(int(at_ms)), later)]


@record(frozen=True, slots=True)
class Leaving:
    """What an edit keeps of the place that it leaves.

    reason    why that is kept; '' = it is not
    defaults  what fields show that nobody has edited: a place, too
    gone_to   the id of the mark that the edit goes to
    """

    reason: str = ""
    defaults: Mapping[str, Value] = field(default_factory=dict)
    gone_to: str = ""


STAYING = Leaving()


@record(frozen=True, slots=True)
class Shelf:
    """A session's marks, as this device knows them.

    known    those at the server, by their ids
    owed     those that are to be written;  unwanted: ids of those that are to be deleted
    """

    known: Mapping[str, Mark] = field(default_factory=dict)
    owed: Mapping[str, Mark] = field(default_factory=dict)
    unwanted: frozenset[str] = frozenset()

    @property
    def owes(self) -> bool:
        """Whether anything of it is to go to the server now."""
        return bool(self.unwanted) or any(not mark.later for mark in self.owed.values())

    @property
    def waits(self) -> bool:
        """Whether a mark may wait a while: another device's place, which that device shows, too."""
        return any(mark.later for mark in self.owed.values())

    @property
    def newest_first(self) -> Sequence[Mark]:
        """The newest `MOST`."""
        both = {**self.known, **self.owed}
        there = (mark for id, mark in both.items() if id not in self.unwanted)
        return sorted(there, key=lambda mark: mark.order, reverse=True)[:MOST]

    def adding(self, marks: Iterable[Mark]) -> Shelf:
        """With these; the oldest beyond `MOST` are taken away."""
        owed, unwanted = dict(self.owed), self.unwanted
        newest_ms = max((m.at_ms for m in (*self.known.values(), *owed.values())), default=0)
        for mark in marks:
            if mark.later:
                owed = {id: other for id, other in owed.items() if not _gives_way(other, mark)}
            if mark.id not in self.known and mark.id not in owed:
                owed[mark.id] = replace(mark, at_ms=Millis(max(mark.at_ms, newest_ms)))
            elif mark.id in unwanted:
                unwanted -= {mark.id}  # it is back before it was away
        return Shelf(self.known, owed, unwanted)._trimmed()

    def _trimmed(self) -> Shelf:
        kept = {mark.id for mark in self.newest_first}
        owed = {id: mark for id, mark in self.owed.items() if id in kept}
        return Shelf(self.known, owed, self.unwanted.union(self.known.keys() - kept))

    def without(self, id: str) -> Shelf:
        """Somebody went there: it is not needed any more. One that is on its way is deleted after it."""
        owed = {other: mark for other, mark in self.owed.items() if other != id}
        return Shelf(self.known, owed, self.unwanted | {id})

    def refused(self, id: str) -> Shelf:
        """The server does not take this one."""
        owed = {other: mark for other, mark in self.owed.items() if other != id}
        return Shelf(self.known, owed, self.unwanted - {id})

    def written(self, ids: Iterable[str], deleted: Iterable[str]) -> Shelf:
        """The server has these now, and those no more."""
        there = {id: self.owed[id] for id in ids if id in self.owed}
        gone = frozenset(deleted)
        known = {id: mark for id, mark in {**self.known, **there}.items() if id not in gone}
        owed = {id: mark for id, mark in self.owed.items() if id not in there}
        return Shelf(known, owed, self.unwanted - gone)

    def heard(self, found: Mapping[str, Mark]) -> Shelf:
        """All that the server has."""
        owed = {id: mark for id, mark in self.owed.items() if id not in found}
        return Shelf(found, owed, frozenset(self.unwanted & found.keys()))

    def hurried(self) -> Shelf:
        """Nothing waits any longer."""
        owed = {id: replace(mark, later=False) for id, mark in self.owed.items()}
        return Shelf(self.known, owed, self.unwanted)


def _gives_way(older: Mark, newer: Mark) -> bool:
    """Of two people who read on side by side only the newest place of each is worth a mark."""
    same = older.reason == newer.reason and older.device == newer.device
    return older.later and same and older.values.keys() == newer.values.keys()


# --- at the server ------------------------------------------------------------------------------------


def path_of(session: SessionId) -> ResourcePath:
    """The collection."""
    return ("sessions", session, "marks")


def write_of(session: SessionId, mark: Mark, device: DeviceId) -> Write:
    """Writing it twice changes nothing but the time."""
    return Write(
        (*path_of(session), mark.id),
        {("kind",): mark.reason, ("state",): dict(mark.values), ("stamp",): mark.stamp, ("device",): device},
        ANY,
        server_times=(("at",),),
    )


def deletion_of(session: SessionId, id: str) -> Write:
    return Write((*path_of(session), id), {}, ANY, deletes=True)


def decode(snapshot: Snapshot) -> Mark | None:
    """What makes no sense as a mark is none."""
    fields = snapshot.fields
    reason, state, stamp = fields.get("kind"), fields.get("state"), fields.get("stamp")
    if snapshot.garbled or not isinstance(state, Mapping) or not isinstance(reason, str):
        return None
    if not isinstance(stamp, str) or not is_stamp(stamp):
        return None
    at = fields.get("at")
    at_ms = (at - _EPOCH) // timedelta(milliseconds=1) if isinstance(at, datetime) and at.tzinfo else 0
    return Mark(snapshot.path[-1], reason, dict(state), Stamp(stamp), Millis(at_ms))


# --- on disk ------------------------------------------------------------------------------------------


def to_keep(before: Shelf, after: Shelf) -> dict[str, Value]:
    """The local fields that keep the shelf, where they are others than before. Nothing owed is None."""
    fields: dict[str, Value] = {}
    if after.known != before.known:
        fields[KNOWN_AS] = [_parts(mark) for mark in after.known.values()]
    if (after.owed, after.unwanted) != (before.owed, before.unwanted):
        owed: Value = {
            "marks": [_parts(mark) for mark in after.owed.values()],
            "unwanted": sorted(after.unwanted),
        }
        fields[OWED_AS] = owed if after.owed or after.unwanted else None
    return fields


def _parts(mark: Mark) -> Value:
    values: Value = dict(mark.values)
    return {
        "id": mark.id,
        "reason": mark.reason,
        "values": values,
        "stamp": mark.stamp,
        "at": mark.at_ms,
        "later": mark.later,
    }


def from_local(local: Mapping[str, Value]) -> Shelf:
    """What was kept; what makes no sense was not. Nothing waits any longer: that was another run."""
    owed = local.get(OWED_AS)
    parts = owed if isinstance(owed, Mapping) else {}
    unwanted = parts.get("unwanted")
    ids = unwanted if isinstance(unwanted, (list, tuple)) else ()
    return Shelf(
        _marks(local.get(KNOWN_AS)),
        _marks(parts.get("marks")),
        frozenset(id for id in ids if isinstance(id, str)),
    ).hurried()


def _marks(value: Value) -> dict[str, Mark]:
    found = [_stored(one) for one in value] if isinstance(value, (list, tuple)) else []
    return {mark.id: mark for mark in found if mark is not None}


def _stored(value: Value) -> Mark | None:
    if not isinstance(value, Mapping):
        return None
    id, reason, values = value.get("id"), value.get("reason"), value.get("values")
    stamp, at_ms = value.get("stamp"), value.get("at")
    if not (isinstance(id, str) and isinstance(reason, str) and isinstance(values, Mapping)):
        return None
    if not (isinstance(stamp, str) and is_stamp(stamp) and type(at_ms) is int):
        return None
    return Mark(id, reason, dict(values), Stamp(stamp), Millis(at_ms), value.get("later") is True)
