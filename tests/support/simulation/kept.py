"""Whether what was lost is kept: every edit is there, was seen by whoever wrote over it, or is in a mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dalsegno._core import marks
from dalsegno._core.clock import device_of
from dalsegno._core.document import Document, Entry, Pending, StoredSession
from dalsegno._core.document_serializer import decode
from dalsegno._core.messages import Snapshot
from dalsegno._core.sameness import same_value
from dalsegno._core.types import Value
from dalsegno.testing._simulated_server import SimulatedServer, Version
from tests.support.simulation.confirmed import Confirmed
from tests.support.simulation.failure import Failure


def is_on_disk(stored: StoredSession | None, field: str, value: Value) -> bool:
    """Whether a mark keeps this value on a device's disk."""
    if stored is None:
        return False
    shelf = marks.from_local(stored.local)
    found = (*shelf.known.values(), *shelf.owed.values())
    return any(mark.values.get(field) == value for mark in found)


class Kept:
    """All marks that the server ever had, and the ways of each field."""

    def __init__(self, server: SimulatedServer) -> None:
        self._marks: dict[tuple[str, str], list[Value]] = {}
        self._ways: dict[tuple[str, str], list[tuple[int, Entry]]] = {}
        self._begun: dict[str, Document] = {}
        for version in server.history:
            if version.fields is not None and version.path[0] == "sessions":
                self._take(version)

    def _take(self, version: Version) -> None:
        session = version.path[1]
        assert version.fields is not None
        if len(version.path) == 4:
            for field, value in version.fields["state"].items():
                self._marks.setdefault((session, field), []).append(value)
            return
        found = decode(Snapshot(version.path, version.fields, version.time))
        if isinstance(found, Document):
            for field, entry in found.entries.items():
                way = self._ways.setdefault((session, field), [])
                if not way or way[-1][1].stamp != entry.stamp:
                    way.append((found.rev, entry))

    def check(self, edits: Iterable[Confirmed], finals: Mapping[str, Mapping[str, Entry]]) -> None:
        """2: none of these was lost without a trace. `finals`: session → what the server has at the end."""
        for edit in edits:
            final = finals.get(edit.session, {}).get(edit.field)
            if final is not None and not self._is_kept(edit, final):
                raise Failure("lost", f"{edit} gave way to {final}, unseen, and is in no mark")

    def is_marked(self, edit: Confirmed) -> bool:
        """Whether a mark of this place ever was at the server."""
        return self.has(edit.session, edit.row)

    def has(self, session: str, row: Pending) -> bool:
        """The same of an edit as the outbox has it."""
        marked, entry = self._marks.get((session, row.field), ()), row.entry
        return any(same_value(Entry(value, entry.stamp), entry) for value in marked)

    def _is_kept(self, edit: Confirmed, final: Entry) -> bool:
        entry = edit.row.entry
        if final.stamp == entry.stamp or same_value(final, entry) or self.is_marked(edit):
            return True
        way = self._ways.get((edit.session, edit.field), [])
        place = next((n for n, (_, found) in enumerate(way) if found.stamp == entry.stamp), None)
        if place is None:
            return device_of(final.stamp) == device_of(entry.stamp) and final.stamp > entry.stamp
        rev, next_entry = way[place][0], way[place + 1][1] if place + 1 < len(way) else final
        same_device = device_of(next_entry.stamp) == device_of(entry.stamp)
        return same_device or next_entry.basis >= rev or same_value(next_entry, entry)
