"""The line: all `held` fields of a session, which are written and stand as one. Pure.

An edit of one of them writes all, those too that only another version of the app knows, under one rank
(`orders.Rank`). So of two devices that both pressed play one line stands, and never the track of one at the
playhead of the other. A playhead in it is told by its shape: `{"position", "rate", "at"}`.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from dalsegno._core.clock import device_of, millis_of
from dalsegno._core.document import NO_STAMP, Document, Entry
from dalsegno._core.lease import LEASE_MS, holder_of
from dalsegno._core.orders import LEASE, RELEASED, Rank, rank_of
from dalsegno._core.playhead import Playhead
from dalsegno._core.policies import HELD, LATEST, Schema
from dalsegno._core.types import DeviceId, Stamp, Value
from dalsegno._core.wishes import Kept, Played, Wish, plain

FAR_MS = 5_000.0
"""Two places in one line that are nearer than this are the same place to whoever listens."""

Line = Mapping[str, Entry]
"""Field → its entry, of the fields that belong to the line."""


def line_of(schema: Schema, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """The line among these entries; of a session that has none, none."""
    if not schema.held:
        return {}
    return {name: entry for name, entry in entries.items() if is_held(schema, name, entry)}


def is_held(schema: Schema, name: str, entry: Entry | None) -> bool:
    """Whether a field belongs to the line: as the class has it, or as whoever wrote it had it."""
    if not schema.held:
        return False
    policy = schema.policy(name)
    return policy is HELD or (policy is LATEST and entry is not None and LEASE in entry.extra)


def rank(line: Line) -> Rank:
    """Of the whole line; the lowest of all where there is none."""
    return max((rank_of(entry) for entry in line.values()), default=(NO_STAMP, NO_STAMP, NO_STAMP))


def lease(line: Line) -> Stamp:
    """The newest take-over that shows in it."""
    return rank(line)[0]


def act(line: Line) -> Stamp:
    """The newest thing that a person did in it, whatever the device did by itself since."""
    return rank(line)[1]


def held_by(line: Line) -> DeviceId | None:
    """Who took over last; None = nobody has."""
    found = lease(line)
    return None if found == NO_STAMP else device_of(found)


# --- playheads ----------------------------------------------------------------------------------------


def playhead(value: Value) -> Playhead | None:
    """The playhead that this value is, if it is one."""
    if not isinstance(value, Mapping) or not {"position", "rate", "at"} <= value.keys():
        return None
    try:
        return Playhead.from_value(value)
    except ValueError:
        return None


def moving(line: Line) -> bool:
    """Whether something plays: a playhead moves, or nobody has given back a line that has none."""
    if not line or lease(line) == NO_STAMP or any(entry.extra.get(RELEASED) for entry in line.values()):
        return False
    heads = [head for entry in line.values() if (head := playhead(entry.value)) is not None]
    return not heads or any(head.moving for head in heads)


def settled(line: Line, at_ms: float) -> dict[str, Entry]:
    """The line as a place: every playhead stands where it was then."""
    return {name: replace(entry, value=_settled(entry.value, at_ms)) for name, entry in line.items()}


def _settled(value: Value, at_ms: float) -> Value:
    head = playhead(value)
    return value if head is None or not head.moving else head.paused_at(int(at_ms)).to_value()


def resumed(values: Mapping[str, Value], now_ms: float, rate: float) -> dict[str, Value]:
    """The same place, moving from now on at this rate; 0: it stands."""
    return {name: _resumed(value, now_ms, rate) for name, value in values.items()}


def _resumed(value: Value, now_ms: float, rate: float) -> Value:
    head = playhead(value)
    if head is None:
        return value
    return Playhead(head.position_at(now_ms), rate, int(now_ms)).to_value()


def rate_of(line: Line) -> float:
    """How fast it moves; 0 where it stands, or has no playhead."""
    heads = (playhead(entry.value) for entry in line.values())
    return max((head.rate for head in heads if head is not None), default=0.0)


def values_of(line: Line) -> dict[str, Value]:
    return {name: entry.value for name, entry in line.items()}


def begun(line: Line) -> dict[str, Value]:
    """Where it began, whenever that was."""
    heads = {name: playhead(entry.value) for name, entry in line.items()}
    return {n: line[n].value if head is None else head.position for n, head in heads.items()}


# --- signs of life ------------------------------------------------------------------------------------


def last_sign_ms(document: Document | None, line: Line) -> float:
    """The last sign of life of the line's holder: what was written of it, or renewed."""
    holder = holder_of(document)
    written_ms = float(millis_of(rank(line)[2]))
    return max(written_ms, float(holder.until_ms - LEASE_MS) if holder is not None else -math.inf)


def is_gone(document: Document | None, line: Line, gone_ms: float | None) -> bool:
    """Whether the holder has left since its last sign of life. `gone_ms`: when its device, which is not
    online, was seen last; a device that is alone does not say that it is online."""
    return gone_ms is not None and gone_ms > last_sign_ms(document, line)


def alive_ms(document: Document | None, line: Line, now_ms: float, gone_ms: float | None = None) -> float:
    """When what plays was last known to play: now, as long as the lease lasts and its device is not gone;
    else the last sign of life."""
    holder, gone = holder_of(document), is_gone(document, line, gone_ms)
    if holder is not None and holder.until_ms > now_ms and not gone:
        return now_ms
    seen_ms = gone_ms if gone and gone_ms is not None else -math.inf
    return min(max(last_sign_ms(document, line), seen_ms), now_ms)


# --- places -------------------------------------------------------------------------------------------


def is_elsewhere(place: Line, other: Line) -> bool:
    """Whether two places are far enough from each other for either to be worth going back to."""
    return _differs(place, other, lambda mine, theirs: abs(mine - theirs) > FAR_MS)


def is_beyond(heard: Line, other: Line) -> bool:
    """Whether what was heard is not covered by another line: other things, or further on than it began."""
    return _differs(heard, other, lambda mine, theirs: mine - theirs > FAR_MS)


def _differs(place: Line, other: Line, far: Callable[[float, float], bool]) -> bool:
    for name, entry in place.items():
        mine, theirs = playhead(entry.value), playhead(other[name].value) if name in other else None
        if mine is not None and theirs is not None:
            if far(mine.position, theirs.position):
                return True
        elif name not in other or entry.value != other[name].value:
            return True
    return False


# --- steps --------------------------------------------------------------------------------------------


class Step(enum.Enum):
    """What an edit of the line is."""

    CONTROL = "somebody does something, here or as a remote control: under the lease that they know"
    TAKE = "this device takes over: a new lease"
    GO_ON = "what plays goes on by itself, or is put right: nobody did anything"
    RELEASE = "somebody gives it back here"
    REST = "its sound has ended here, and nobody did that"


_GIVE_BACK = (Step.RELEASE, Step.REST)


def stepped(
    wishes: Mapping[str, Wish],
    schema: Schema,
    view: Mapping[str, Entry],
    step: Step,
    now_ms: float,
    alive_ms: float,
) -> Mapping[str, Wish]:
    """The same edit with all fields of the line, if it edits one of them, or is a step of the lease.

    alive_ms   when what plays was last known to play: nobody heard it beyond that
    """
    if step is Step.CONTROL and not any(is_held(schema, name, view.get(name)) for name in wishes):
        return wishes
    if any(isinstance(wish, Played) for wish in wishes.values()):
        return wishes  # it is whole already
    before = line_of(schema, view)
    given = {n: w for n, w in wishes.items() if n in before or schema.policy(n) is HELD}
    known = {n: w for n, w in given.items() if not isinstance(w, Kept)}
    begin = {n: plain(w) for n, w in given.items() if n not in known and n not in before}
    values = {**begin, **_kept(before, step, now_ms, alive_ms), **{n: plain(w) for n, w in known.items()}}
    played = _ranked(values, before, step)
    return {**{n: w for n, w in wishes.items() if n not in given}, **played}


def _kept(before: Line, step: Step, now_ms: float, alive_ms: float) -> dict[str, Value]:
    """What nobody names stays; but whoever takes over begins where it was last heard."""
    if step is Step.TAKE and moving(before):
        return resumed(values_of(settled(before, alive_ms)), now_ms, rate_of(before))
    return values_of(settled(before, now_ms) if step in _GIVE_BACK else before)


def _ranked(values: Mapping[str, Value], before: Line, step: Step) -> dict[str, Wish]:
    taken, by_person = step is Step.TAKE, step not in (Step.GO_ON, Step.REST)
    was_released = any(entry.extra.get(RELEASED) for entry in before.values())
    has_playhead = any(playhead(value) is not None for value in values.values())
    released = not has_playhead and not taken and (was_released or step in _GIVE_BACK)
    lease_, act_ = "" if taken else lease(before), "" if by_person else act(before)
    return {name: Played(value, lease_, act_, released) for name, value in values.items()}


def remade(values: Mapping[str, Value], lease: Stamp, act: Stamp) -> dict[str, Wish]:
    """The line anew, under this rank."""
    return {name: Played(value, lease, act) for name, value in values.items()}
