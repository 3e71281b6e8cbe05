"""What must hold of the line at the server: it is whole, its lease goes on, no place in it is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dalsegno._core import line as lines
from dalsegno._core.clock import device_of, millis_of
from dalsegno._core.document import Document, Entry
from dalsegno._core.lease import RENEW_MS, Holder, holder_of
from dalsegno._core.line import Line
from dalsegno._core.orders import LEASE, rank_of
from dalsegno._core.types import Stamp
from dalsegno.testing._simulated_server import SimulatedServer
from tests.support.simulation.confirmed import TOLERANCE_MS
from tests.support.simulation.failure import Failure
from tests.support.simulation.on_disk import decoded
from tests.support.simulation.schedule import MUSIC

NEAR_MS = lines.FAR_MS + 2_000.0
"""A mark that is nearer is of the place: as near as a place may be without one, and a beat or two."""


def line_in(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """The line, as whoever wrote it had it."""
    return {name: entry for name, entry in entries.items() if LEASE in entry.extra}


def is_whole(who: str, line: Line) -> None:
    """All of it bears one rank."""
    ranks = {rank_of(entry) for entry in line.values()}
    if len(ranks) > 1:
        raise Failure("broken", f"{who} has a line of several ranks: {line}")


@dataclass(frozen=True, slots=True)
class Place:
    """A track, and from where to where in it somebody was, in ms."""

    track: str
    from_ms: float
    until_ms: float

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Place | None:
        """Where this stands; a moving one: where it began."""
        head = lines.playhead(values.get("playhead"))  # type: ignore[arg-type]
        return None if head is None else cls(str(values.get("track")), head.position, head.position)

    @classmethod
    def heard(cls, line: Line, until_ms: float) -> Place | None:
        """What was heard of it until then."""
        began, ended = cls.of(lines.values_of(line)), cls.of(lines.values_of(lines.settled(line, until_ms)))
        return None if began is None or ended is None else replace(ended, from_ms=began.from_ms)

    def has(self, other: Place | None) -> bool:
        """Whether the other one is as good as this."""
        if other is None or other.track != self.track:
            return False
        return self.from_ms - NEAR_MS <= other.until_ms and other.from_ms <= self.until_ms + NEAR_MS


class LineHistory:
    """The line of one household's music."""

    def __init__(self, server: SimulatedServer) -> None:
        self._server = server
        self.lossy = False
        """The server lost something: what it has is no step from what it had."""
        self._passed_over: list[tuple[Place, str]] = []
        self._landed: dict[Stamp, int] = {}
        self.reclaimed: set[Stamp] = set()
        """Leases that no person took."""

    # --- each commit ---

    def committed(self, before: Document | None, after: Document) -> None:
        old, new = line_in(before.entries if before else {}), line_in(after.entries)
        is_whole("the server", new)
        self._landed.setdefault(lines.rank(new)[2], after.rev)
        if self.lossy:
            return
        self._lease_goes_on(before, after, new)
        if old and lines.rank(old) != lines.rank(new):
            self._is_no_idle_renewal(old, new)
            by_nobody = lines.lease(old) != lines.lease(new) in self.reclaimed
            if by_nobody or not self.was_seen(old, new):
                self._passes_over(old, new)

    def _lease_goes_on(self, before: Document | None, after: Document, line: Line) -> None:
        was, now = holder_of(before), holder_of(after)
        if now == was:
            return
        if now is None:
            raise Failure("broken", f"the holder {was} is gone")
        same = was is not None and (was.epoch, was.lease, was.device) == (now.epoch, now.lease, now.device)
        next_one = now.epoch == (was.epoch if was else 0) + 1 and (was is None or now.lease > was.lease)
        if not (same or next_one):
            raise Failure("broken", f"the holder {was} became {now}")
        if not now.device == after.device == device_of(now.lease):
            raise Failure("broken", f"device {after.device} wrote the holder {now}")
        if lines.lease(line) != now.lease:
            raise Failure("broken", f"the holder {now} has the line {line}")

    def _is_no_idle_renewal(self, old: Line, new: Line) -> None:
        """Whoever goes on says so once in a while, and not more often."""
        (_, _, was), (_, _, now) = lines.rank(old), lines.rank(new)
        early_ms = RENEW_MS - (millis_of(now) - millis_of(was))
        same = lines.rank(old)[:2] == lines.rank(new)[:2] and lines.values_of(old) == lines.values_of(new)
        if same and device_of(was) == device_of(now) and early_ms > TOLERANCE_MS:
            raise Failure("broken", f"renewed {early_ms / 1000:.0f} s too early: {old} → {new}")

    def was_seen(self, before: Line, after: Line) -> bool:
        """Whether whoever wrote the line had this one before their eyes, or wrote it, too."""
        was, rev = lines.rank(before)[2], self._landed.get(lines.rank(before)[2])
        if device_of(was) == device_of(lines.rank(after)[2]):
            return True
        return rev is not None and min(entry.basis for entry in after.values()) >= rev

    def _passes_over(self, old: Line, new: Line) -> None:
        place, covers = Place.heard(old, self._now_ms), Place.of(lines.values_of(new))
        if place is not None and not place.has(covers):
            self.must_be_kept(place, f"{old} gave way, unseen, to {new}")

    def must_be_kept(self, place: Place, how: str) -> None:
        """At the end it is in a mark, or is where the line stands."""
        self._passed_over.append((place, how))

    @property
    def _now_ms(self) -> float:
        return self._server.virtual_clock.now_ms

    # --- the end ---

    @property
    def document(self) -> Document | None:
        found = self._server.get(("sessions", MUSIC))
        return decoded(found.fields, found.time) if found else None

    @property
    def holder(self) -> Holder | None:
        return holder_of(self.document)

    @property
    def line(self) -> Line:
        found = self.document
        return line_in(found.entries) if found else {}

    def is_marked(self, place: Place) -> bool:
        """Whether a mark of it ever was at the server."""
        return any(place.has(Place.of(values)) for values in self._marks())

    def _marks(self) -> Iterator[Mapping[str, object]]:
        for version in self._server.history:
            if version.path[:3] == ("sessions", MUSIC, "marks") and version.fields is not None:
                yield version.fields["state"]

    def nothing_was_passed_over(self) -> None:
        """2, no place is lost: each of them is in a mark, or is where the line stands."""
        if self.lossy:
            return
        stands = Place.of(lines.values_of(self.line))
        for place, how in self._passed_over:
            if not (self.is_marked(place) or place.has(stands)):
                raise Failure("lost", f"{place} is in no mark: {how}")
