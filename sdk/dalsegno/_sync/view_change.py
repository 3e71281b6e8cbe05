"""What is told of a session that is otherwise than before, and who is told. Worker thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from dalsegno._core import replica as replicas
from dalsegno._core.document_serializer import writer_of
from dalsegno._core.record import record
from dalsegno._core.replica import Replica
from dalsegno._core.types import DeviceId, Origin, SessionId

_ABSENT = object()


@record(frozen=True, slots=True)
class ViewChange:
    """What an app is told: the session before and after, which fields, and who did it."""

    session: SessionId
    before: Replica
    after: Replica
    fields: frozenset[str]
    origin: Origin
    device: DeviceId | None
    concurrent: bool


class Observer(Protocol):
    """Who is told of what the engine does; called on the worker thread, and must return at once."""

    def changed(self, change: ViewChange) -> None: ...

    def settled(self) -> None:
        """Something in the outboxes, the link or the known sessions moved."""
        ...

    def devices_changed(self) -> None:
        """The list of the user's devices is another."""
        ...

    def recent_changed(self) -> None:
        """The server has told of the recent sessions: the list of them may be another."""
        ...


def view_change(before: Replica, after: Replica, origin: Origin, here: DeviceId) -> ViewChange | None:
    """What there is to tell on the device `here`; None = nothing that an app can see."""
    fields = replicas.changed_fields(before, after)
    if origin is Origin.HERE:
        fields |= {n for n, v in after.local.items() if before.local.get(n, _ABSENT) != v}
    if not fields:
        return None
    device = here if origin is Origin.HERE else newest_writer(after, fields)
    both = origin is Origin.REMOTE and any(replicas.concurrent(before, after, n, here) for n in fields)
    return ViewChange(after.id, before, after, fields, origin, device, both)


def newest_writer(after: Replica, fields: Iterable[str]) -> DeviceId | None:
    """Who made the newest edit that shows in these fields; None = nobody stamped it."""
    entries = [after.view[n] for n in fields if n in after.view]
    return writer_of(max(entries, key=lambda e: e.stamp)) if entries else None
