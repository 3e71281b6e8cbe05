"""What a document does to the line: the corners that no story reaches."""

from __future__ import annotations

from dataclasses import replace

from dalsegno._core import adoption, lease, ruling
from dalsegno._core import line as lines
from dalsegno._core import replica as replicas
from dalsegno._core.clock import stamp
from dalsegno._core.document import NO_STAMP, Document, Entry
from dalsegno._core.lease import Verdict
from dalsegno._core.line import Step
from dalsegno._core.policies import HELD, LATEST, Schema
from dalsegno._core.replica import Replica
from dalsegno._core.ruling import Moment
from dalsegno._core.types import DeviceId, Micros, Millis, SessionId, Stamp, Value

HERE, THERE = DeviceId("00000000000000a1"), DeviceId("00000000000000a2")
NOW_MS = 1_790_000_000_000
MUSIC = Schema("music", 1, {"track": HELD, "playhead": HELD, "volume": LATEST})
MOMENT = Moment(HERE, NOW_MS + 1_000, heard_ms=NOW_MS + 1_000, began_ms=NOW_MS)
SOUNDS = replace(MOMENT, sounding=True)


def playing(track: str, ms: int = NOW_MS) -> dict[str, object]:
    return {"track": track, "playhead": {"position": 0.0, "rate": 1.0, "at": ms}}


def document(track: str, taken: Stamp, by: DeviceId = THERE, schema: str = "music/1") -> Document:
    """A line that plays, under this lease."""
    extra = {"lease": taken, "act": taken}
    entries = {name: Entry(value, taken, 1, extra) for name, value in playing(track).items()}  # type: ignore[arg-type]
    at = Micros((NOW_MS + 500) * 1000)
    holder: dict[str, Value] = {"device": by, "epoch": 1, "until": NOW_MS + 180_000, "lease": taken}
    return Document(schema, entries, 2, Millis(NOW_MS), by, at, at, holder)


def pressed(replica: Replica, ms: int, *, corrected: bool = True) -> Replica:
    """Play was pressed here, of another track."""
    made = stamp(ms, 0, HERE)
    origin = replicas.edited_blindly(replica, replicas.origin_of(1, ms, corrected, NO_STAMP))
    values = lines.stepped(playing("mine", ms), MUSIC, replica.view, Step.TAKE, ms, ms)  # type: ignore[arg-type]
    return replicas.edit(replica, values, made, origin)[0]


BLANK = Replica(SessionId("music"), MUSIC)


def test_nothing_is_decided_by_stamps_that_are_guesses() -> None:
    """A blind press of a device that does not know the time yet: neither the table nor the blind rule takes
    it away; it is decided once its stamps are true."""
    mine = pressed(BLANK, NOW_MS + 100, corrected=False)
    theirs = document("theirs", stamp(NOW_MS, 0, THERE))
    ruled = ruling.rule(mine, theirs, MOMENT)
    assert (Verdict.STAND, mine) == (ruled.verdict, ruled.replica)
    found = adoption.adopt(mine, theirs, replicas.origin_of(2, NOW_MS, True, NO_STAMP))
    assert mine.pending == found.replica.pending and not found.fallen


def test_a_document_of_another_kind_decides_nothing() -> None:
    """It is not this session's music."""
    mine = pressed(BLANK, NOW_MS + 100)
    theirs = document("theirs", stamp(NOW_MS, 0, THERE), schema="film/1")
    assert mine is ruling.rule(mine, theirs, MOMENT).replica


def test_a_line_whose_answer_was_lost_had_stood() -> None:
    """It arrived, and was given up again while the answer was lost: nothing is withdrawn, and nothing is
    offered, though another device plays by now."""
    mine = pressed(replace(BLANK, absent=True), NOW_MS + 100)
    place = lines.settled(ruling.line_of(mine), NOW_MS)
    paused = {name: replace(row, entry=place[name]) for name, row in mine.pending.items()}
    mine = replace(mine, pending=paused)
    theirs = replace(
        document("theirs", stamp(NOW_MS + 400, 0, THERE)), landed={HERE: stamp(NOW_MS + 100, 0, HERE)}
    )
    ruled = ruling.rule(mine, theirs, MOMENT)
    assert Verdict.STAND is ruled.verdict and not ruled.withdrawn and not ruled.kept


def test_a_holder_of_nonsense_is_no_other_device() -> None:
    """Whoever presses play holds, and the count begins anew."""
    mine = pressed(replace(BLANK, absent=True), NOW_MS + 100)
    theirs = replace(document("theirs", stamp(NOW_MS, 0, THERE)), holder={"device": 7, "epoch": 2**63 - 1})
    ruled = ruling.rule(mine, theirs, SOUNDS)
    assert Verdict.HOLD is ruled.verdict
    assert 1 == lease.holding(theirs, HERE, lines.lease(ruling.line_of(mine)), NOW_MS)["epoch"]


def test_what_nobody_holds_was_last_alive_when_it_was_written() -> None:
    """And a device that was seen after that, and is gone, was alive then."""
    theirs = document("theirs", stamp(NOW_MS, 0, THERE))
    line = lines.line_of(MUSIC, theirs.entries)
    late_ms = NOW_MS + 1_000_000.0
    assert NOW_MS == lines.alive_ms(replace(theirs, holder=None), line, late_ms)
    assert NOW_MS + 5.0 == lines.alive_ms(theirs, line, late_ms, NOW_MS + 5.0)
    assert NOW_MS + 50.0 == lines.alive_ms(theirs, line, NOW_MS + 50.0)
