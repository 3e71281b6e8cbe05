"""What is told of a session that is otherwise than before, and who is told. Worker thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Protocol

from dalsegno._core import replica as replicas
from dalsegno._core.asking import Ask
from dalsegno._core.document import Entry
from dalsegno._core.document_serializer import writer_of
from dalsegno._core.record import record
from dalsegno._core.replica import Replica
from dalsegno._core.screen import FieldAdvice
from dalsegno._core.types import Advice, DeviceId, Origin, SessionId

_ABSENT = object()


@record(frozen=True, slots=True)
class ViewChange:
    """What an app is told: the session before and after, which fields, and who did it.

    fields  those that are otherwise than before, and those of which something is offered
    advice  what to do about each; of an edit made here, nothing
    """

    session: SessionId
    before: Replica
    after: Replica
    fields: frozenset[str]
    origin: Origin
    device: DeviceId | None
    concurrent: bool
    advice: Mapping[str, FieldAdvice] = field(default_factory=dict)

    @property
    def became_known(self) -> bool:
        """Whether before it nobody had told how the session stands."""
        return self.after.known and not self.before.known


@record(frozen=True, slots=True)
class Holding:
    """Who holds a line, as this device knows it.

    active   its sound is heard there now, as far as anybody can know
    until_ms when its lease ends;  seen_ms: the last sign of life of who holds it; server's time
    """

    device: DeviceId
    here: bool
    active: bool
    until_ms: int
    seen_ms: int

    @property
    def who(self) -> tuple[DeviceId, bool, bool]:
        """What an app is told of when it changes."""
        return (self.device, self.here, self.active)


class Observer(Protocol):
    """Who is told of what the engine does; called on the worker thread, and must return at once."""

    def changed(self, change: ViewChange) -> None: ...

    def marks_changed(self, session: SessionId) -> None:
        """The marks of a session are others."""
        ...

    def holder_changed(self, session: SessionId, holding: Holding | None) -> None:
        """Another device holds the line of a session, or the same one otherwise."""
        ...

    def asked(self, session: SessionId, ask: Ask) -> None:
        """Another device asks this one to take over."""
        ...

    def settled(self) -> None:
        """Something in the outboxes, the link or the known sessions moved."""
        ...

    def devices_changed(self) -> None:
        """The list of the user's devices is another."""
        ...

    def recent_changed(self) -> None:
        """The server has told of the recent sessions: the list of them may be another."""
        ...


def view_change(
    before: Replica,
    after: Replica,
    origin: Origin,
    here: DeviceId,
    advice: Mapping[str, FieldAdvice] = MappingProxyType({}),
) -> ViewChange | None:
    """What there is to tell on the device `here`; None = nothing that an app can see."""
    changed = replicas.changed_fields(before, after)
    if origin is Origin.HERE:
        changed |= {n for n, v in after.local.items() if before.local.get(n, _ABSENT) != v}
    fields = changed | {name for name, told in advice.items() if told.advice is Advice.OFFER}
    became_known = after.known and not before.known
    if not fields and not became_known:
        return None
    device = here if origin is Origin.HERE else newest_writer(after, fields, advice)
    both = origin is Origin.REMOTE and any(replicas.concurrent(before, after, n, here) for n in fields)
    return ViewChange(after.id, before, after, fields, origin, device, both, advice)


def newest_writer(
    after: Replica, fields: Iterable[str], advice: Mapping[str, FieldAdvice] = MappingProxyType({})
) -> DeviceId | None:
    """Who made the newest edit that shows in these fields, or is offered; None = nobody stamped it."""
    entries = [_told(after, advice, name) for name in fields if name in after.view]
    return writer_of(max(entries, key=lambda e: e.stamp)) if entries else None


def _told(after: Replica, advice: Mapping[str, FieldAdvice], name: str) -> Entry:
    told = advice.get(name)
    return told.entry if told is not None and told.entry is not None else after.view[name]
