"""The line of what is played: three devices, any interleaving, any partitions, and one result.

The pure core alone, with a server that does compare-and-set: no engine, no clock but the one that counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from dalsegno._core import adoption, clock, document_serializer, lease, ruling
from dalsegno._core import line as lines
from dalsegno._core import replica as replicas
from dalsegno._core.document import Document, Pending
from dalsegno._core.line import Step
from dalsegno._core.policies import HELD, LATEST, Schema
from dalsegno._core.replica import Replica
from dalsegno._core.ruling import Moment
from dalsegno._core.types import Micros, SessionId, Stamp, Value
from dalsegno._core.wishes import Kept, Wish
from tests.property.entries import DEVICES

MUSIC = SessionId("music")
SCHEMA = Schema("listening", 1, {"track": HELD, "playhead": HELD, "volume": LATEST})
START_MS = 1_790_000_000_000
STARTS: Mapping[str, Wish] = {"track": Kept(""), "playhead": Kept({"position": 0.0, "rate": 0.0, "at": 0})}

steps = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["take", "take", "skip", "next", "pause", "volume", "sync", "sync", "hear"]),
    st.sampled_from([1, 700, 4_000, 9_000, 60_000, 200_000]),
)


@dataclass
class Household:
    """Three devices and a document. `off`: when each was connected last; a device that does not sync is in a
    tunnel, and remembers since when."""

    now_ms: float = START_MS
    document: Document | None = None
    replicas: list[Replica] = field(default_factory=lambda: [Replica(MUSIC, SCHEMA) for _ in DEVICES])
    synced_ms: list[float] = field(default_factory=lambda: [START_MS] * 3)
    unlooked: list[bool] = field(default_factory=lambda: [False] * 3)
    seq: int = 0
    places: list[lines.Line] = field(default_factory=list)

    def does(self, device: int, what: str) -> None:
        if what in ("sync", "hear"):
            self.hears(device)
            if what == "sync":
                self.commits(device)
            return
        playing = {"position": 1000.0 * self.seq, "rate": 1.0, "at": int(self.now_ms)}
        acts: dict[str, tuple[dict[str, Wish], Step]] = {
            "take": ({"track": f"t{self.seq}", "playhead": playing}, Step.TAKE),
            "skip": ({"track": f"s{self.seq}", "playhead": playing}, Step.CONTROL),
            "next": ({"track": f"n{self.seq}", "playhead": playing}, Step.GO_ON),
            "pause": ({}, Step.RELEASE),
            "volume": ({"volume": self.seq}, Step.CONTROL),
        }
        wishes, step = acts[what]
        before = self.replicas[device]
        if step in (Step.GO_ON, Step.RELEASE) and not self.holds(device):
            return
        whole = wishes if what == "volume" else {**STARTS, **wishes}
        values = lines.stepped(whole, SCHEMA, before.view, step, self.now_ms, self.now_ms)
        self.edits(device, values)
        if step is Step.TAKE:
            self.unlooked[device] = True

    def edits(self, device: int, values: Mapping[str, Wish]) -> list[Pending]:
        self.seq += 1
        origin = replicas.origin_of(self.seq, self.now_ms, True, self.stamp(device))
        made = self.stamp(device)
        after, rows, _ = replicas.edit(self.replicas[device], values, made, origin)
        self.replicas[device] = after
        return rows

    def stamp(self, device: int) -> Stamp:
        self.now_ms += 1
        return clock.stamp(int(self.now_ms), 0, DEVICES[device])

    def holds(self, device: int) -> bool:
        return lines.held_by(ruling.line_of(self.replicas[device])) == DEVICES[device]

    def sounds(self, device: int) -> bool:
        return ruling.sounds(self.replicas[device], DEVICES[device])

    def hears(self, device: int) -> None:
        if self.document is None:
            self.replicas[device] = replace(self.replicas[device], absent=True)
        else:
            before, here = self.replicas[device], DEVICES[device]
            gone_ms = self.synced_ms[device]
            moment = Moment(
                here,
                self.now_ms,
                sounding=self.sounds(device),
                heard_ms=self.now_ms,
                began_ms=self.now_ms,
                gone_ms=gone_ms,
                unlooked=self.unlooked[device],
            )
            ruled = ruling.rule(before, self.document, moment)
            origin = replicas.origin_of(self.seq, self.now_ms, True, self.stamp(device))
            found = adoption.adopt(ruled.replica, self.document, origin)
            self.replicas[device] = found.replica
            if ruled.remade:
                self.edits(device, ruled.remade)
            self.places += [*ruled.kept, ruled.withdrawn, ruled.offered]
        self.synced_ms[device], self.unlooked[device] = self.now_ms, False

    def commits(self, device: int) -> None:
        replica, here = self.replicas[device], DEVICES[device]
        entries = replica.unsent()
        if not entries:
            return
        line, holder = lines.line_of(SCHEMA, entries), None
        if lines.held_by(line) == here:
            until_ms = self.now_ms + lease.LEASE_MS if lines.moving(line) else 0
            holder = lease.holding(replica.newest, here, lines.lease(line), until_ms)
            self.fenced(holder)
        at = Micros(int(self.now_ms) * 1000)
        self.document = document_serializer.after_commit(
            SCHEMA.label, replica.newest, entries, here, at, holder=holder
        )
        self.hears(device)

    def fenced(self, made: Mapping[str, Value]) -> None:
        """What the security rules demand of a holder."""
        old = lease.holder_of(self.document)
        if old is None:
            assert made["epoch"] == 1
        elif made["epoch"] == old.epoch:
            assert (made["lease"], made["device"]) == (old.lease, old.device)
        else:
            assert made["epoch"] == old.epoch + 1 and str(made["lease"]) > old.lease


def is_whole(line: lines.Line) -> bool:
    return len({lines.rank({name: entry}) for name, entry in line.items()}) <= 1


@given(st.lists(steps, max_size=25))
def test_whatever_happens_one_line_stands_and_one_device_sounds(happened: list[tuple[int, str, int]]) -> None:
    """All fields of a line are of one rank, on every device and at the server; each holder is as the rules
    demand; and once all have spoken, all show the same, and at most one of them makes a sound."""
    home = Household()
    for device, what, then_ms in happened:
        home.does(device, what)
        home.now_ms += then_ms
        shown = [ruling.line_of(replica) for replica in home.replicas]
        assert all(map(is_whole, shown))
        assert home.document is None or is_whole(lines.line_of(SCHEMA, home.document.entries))
    for _ in range(3):
        for device in range(3):
            home.does(device, "sync")
    if home.document is not None:
        truth = dict(home.document.entries)
        assert all(dict(replica.view) == truth for replica in home.replicas)
        assert sum(home.sounds(device) for device in range(3)) <= 1


@given(st.lists(steps, max_size=25))
def test_a_take_over_that_was_seen_by_all_is_never_undone_by_what_came_before(
    happened: list[tuple[int, str, int]],
) -> None:
    """Whatever lies unsent on other devices, and was pressed earlier: the last press, which all have heard
    of, holds."""
    home = Household()
    for device, what, then_ms in happened:
        home.does(device, what)
        home.now_ms += then_ms
    home.does(0, "hear")
    home.does(0, "take")
    home.does(0, "sync")
    for device in (1, 2, 1, 2, 0):
        home.does(device, "sync")
    assert [home.sounds(device) for device in range(3)] == [True, False, False]
