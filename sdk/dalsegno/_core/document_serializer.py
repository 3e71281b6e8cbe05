"""Between a session's Firestore document and our `Document`. Pure; the shapes that `firestore.rules` checks.

Invariant: whatever arrives, decoding ends with a `Document` or says why not, and what is unknown is never
erased: a write names just the fields that it changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dalsegno._core.clock import MAX_AHEAD_MS, device_of, is_stamp, millis_of
from dalsegno._core.document import NO_STAMP, SCHEMA, Document, Entry
from dalsegno._core.messages import FieldPath, Snapshot, Write
from dalsegno._core.orders import ACT, LEASE
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId, Stamp, Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@record(frozen=True, slots=True)
class Garbled:
    """A document that makes no sense as a session; it is left as it is, and never written over."""

    reason: str
    update_time: Micros


def decode(snapshot: Snapshot) -> Document | Garbled:
    """Understands a session's document. A field that makes no sense is kept, as one that nobody stamped."""
    if snapshot.garbled:
        return Garbled("a part of it cannot be read", snapshot.update_time)
    fields = snapshot.fields
    schema, rev = fields.get("schema"), fields.get("rev")
    if not isinstance(schema, str) or not SCHEMA.fullmatch(schema):
        return Garbled("its `schema` is not like `reading/1`", snapshot.update_time)
    if not _is_count(rev):
        return Garbled("its `rev` is no whole number", snapshot.update_time)
    state = fields.get("state")
    if not isinstance(state, Mapping):
        return Garbled("its `state` is no map", snapshot.update_time)
    at = fields.get("at")
    at_us = _micros(at) if isinstance(at, datetime) else snapshot.update_time
    device = fields.get("device")
    holder = fields.get("holder")
    entries = {name: _entry(name, value, fields, snapshot.update_time) for name, value in state.items()}
    return Document(
        schema=schema,
        entries=entries,
        rev=_count(rev),
        hlc=Millis(_count(fields.get("hlc"))),
        device=DeviceId(device if isinstance(device, str) else ""),
        at=at_us,
        update_time=snapshot.update_time,
        holder=holder if isinstance(holder, Mapping) else None,
        landed=_landed(fields.get("landed")),
    )


def _landed(value: Value) -> dict[DeviceId, Stamp]:
    """Device → stamp; what is no device, or no stamp of its own, is left out."""
    if not isinstance(value, Mapping):
        return {}
    found = {DeviceId(name): Stamp(text) for name, text in value.items() if isinstance(text, str)}
    return {name: text for name, text in found.items() if is_stamp(text) and device_of(text) == name}


def _entry(name: str, value: Value, fields: Mapping[str, Value], commit: Micros) -> Entry:
    extra = _inner(fields, "merge", name)
    return Entry(
        value,
        _stamp(_inner(fields, "stamps", name), commit),
        _count(_inner(fields, "basis", name)),
        _bounded(extra, commit) if isinstance(extra, Mapping) else {},
    )


def _bounded(extra: Mapping[str, Value], commit: Micros) -> dict[str, Value]:
    """A lease or an act further ahead than a stamp may be would win for ever, too: it counts as none."""
    ranking = {name: _stamp(extra[name], commit) for name in (LEASE, ACT) if name in extra}
    return {**extra, **ranking}


def _inner(fields: Mapping[str, Value], outer: str, name: str) -> Value:
    inner = fields.get(outer)
    return inner.get(name) if isinstance(inner, Mapping) else None


def _stamp(text: Value, commit: Micros) -> Stamp:
    """A stamp further ahead of the commit than the rules allow would win for ever: it counts as none."""
    if not isinstance(text, str) or not is_stamp(text):
        return NO_STAMP
    stamp = Stamp(text)
    return stamp if millis_of(stamp) <= commit // 1000 + MAX_AHEAD_MS else NO_STAMP


def _is_count(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _count(value: Value) -> int:
    return value if _is_count(value) and isinstance(value, int) else 0


def _micros(moment: datetime) -> Micros:
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Micros((known - _EPOCH) // timedelta(microseconds=1))


def hlc_of(base: Document | None, entries: Mapping[str, Entry]) -> Millis:
    """The document's `hlc` after these entries are in: the millis of the newest stamp; it never goes down."""
    newest = max((millis_of(e.stamp) for e in entries.values()), default=Millis(0))
    return max(newest, base.hlc if base else Millis(0))


MOST_LANDED = 32
"""So many devices stand in `landed`; the rules take no more. One that finds no room there goes without."""


def landed_after(
    base: Document | None, entries: Mapping[str, Entry], device: DeviceId, left: Collection[Stamp] = ()
) -> Mapping[DeviceId, Stamp]:
    """The document's `landed` after these entries of `device` are in; `left`: edits of its that are not."""
    known, first_left = base.landed if base else {}, min(left, default=None)
    stamps = [entry.stamp for entry in entries.values() if device_of(entry.stamp) == device]
    own = [stamp for stamp in stamps if first_left is None or stamp < first_left]
    if not own or (device not in known and len(known) >= MOST_LANDED):
        return known
    return {**known, device: max([*own, known.get(device, NO_STAMP)])}


def write_of(
    session: SessionId,
    schema: str,
    base: Document | None,
    entries: Mapping[str, Entry],
    device: DeviceId,
    left: Collection[Stamp] = (),
    holder: Mapping[str, Value] | None = None,
) -> Write:
    """The one write that brings `entries` into the document, if it still is as `base` says.

    left    the stamps of edits that are owed, too, and not in it
    holder  who holds the line from now on; None = as it is
    """
    fields: dict[FieldPath, Value] = {("hlc",): hlc_of(base, entries), ("device",): device}
    for name, entry in entries.items():
        fields["state", name] = entry.value
        fields["stamps", name] = entry.stamp
        fields["basis", name] = entry.basis
        if entry.extra or (base and name in base.entries and base.entries[name].extra):
            fields["merge", name] = dict(entry.extra)
    landed = landed_after(base, entries, device, left)
    if device in landed and (base is None or landed[device] != base.landed.get(device)):
        fields["landed", device] = landed[device]
    if base is None:
        fields["schema",] = schema
        fields["holder",] = None
    if holder is not None:
        fields["holder",] = dict(holder)
    return Write(
        path=("sessions", session),
        fields=fields,
        base=base.update_time if base else None,
        increments={("rev",): 1},
        server_times=(("at",),),
    )


def after_commit(
    schema: str,
    base: Document | None,
    entries: Mapping[str, Entry],
    device: DeviceId,
    update_time: Micros,
    left: Collection[Stamp] = (),
    holder: Mapping[str, Value] | None = None,
) -> Document:
    """The document as it stands once that write was applied: its precondition says on what."""
    hlc, landed = hlc_of(base, entries), landed_after(base, entries, device, left)
    if base is None:
        return Document(schema, dict(entries), 1, hlc, device, update_time, update_time, holder, landed)
    return replace(
        base,
        holder=base.holder if holder is None else holder,
        entries={**base.entries, **entries},
        rev=base.rev + 1,
        hlc=hlc,
        device=device,
        at=update_time,
        update_time=update_time,
        landed=landed,
    )


def writer_of(entry: Entry) -> DeviceId | None:
    """Which device made this edit, or None for a field that nobody stamped."""
    return None if entry.stamp == NO_STAMP else device_of(entry.stamp)
