"""What a session's screen shows, field by field, and what is offered beside it. Pure.

Invariants: what is shown changes only by an edit made here, by what is followed, and by an offer that is
taken; while an offer is open nothing is followed; and whatever place edited here is left, is named as left,
so that it can be kept as a mark. Fields whose policy joins all edits need none of this, and are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from dalsegno._core import clock as clocks
from dalsegno._core.adoption import Adopted
from dalsegno._core.advice import Case, advise
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.line import is_held
from dalsegno._core.record import record
from dalsegno._core.replica import Replica, was_seen_all_the_same
from dalsegno._core.sameness import looks_same, same_value
from dalsegno._core.types import Advice, DeviceId, Rule

SOON_MS = 60_000.0
"""Who goes back from a followed place as soon as this had not wanted to be there: two people read this."""
APART_MS = 30 * 60_000.0
"""Nobody else has edited for so long: whoever edits next is the one person that is left."""


@record(frozen=True, slots=True)
class Shown:
    """What the screen shows of one field.

    entry        None = the field's default
    rev          the document's rev by which `entry` had landed; None = it is not sent yet
    offer        what is offered instead, as long as that is open
    left         what was shown before it was followed from; `followed_ms`: when that was last, None = never
    apart_ms     while this device goes its own way: when another one last edited; None = it does not
    """

    entry: Entry | None = None
    rev: int | None = 0
    offer: Entry | None = None
    left: Entry | None = None
    followed_ms: float | None = None
    apart_ms: float | None = None


Screen = Mapping[str, Shown]


@record(frozen=True, slots=True)
class FieldAdvice:
    """What to do about one field, by which rule, and what is offered or followed."""

    advice: Advice
    rule: Rule
    entry: Entry | None = None


@record(frozen=True, slots=True)
class Seen:
    """The screen after a step. `left`: what was edited here and is not shown any more; `declined`: offers
    that an edit made here has passed over."""

    screen: Screen
    advice: Mapping[str, FieldAdvice] = field(default_factory=dict)
    left: Mapping[str, Entry] = field(default_factory=dict)
    declined: Mapping[str, Entry] = field(default_factory=dict)


def opened(replica: Replica) -> Screen:
    """An app opens the session: it shows the view."""
    return {name: _now(replica, name) for name in replica.view if _is_kept(replica, name)}


def _is_kept(replica: Replica, name: str) -> bool:
    return not replica.schema.policy(name).joins


def _now(replica: Replica, name: str) -> Shown:
    return Shown(replica.view[name], _rev(replica, name))


def _rev(replica: Replica, name: str) -> int | None:
    """By which rev what the view has of a field had landed."""
    return None if name in replica.pending else replica.landed.get(name, replica.rev)


def edited(screen: Screen, after: Replica, names: Iterable[str], now_ms: float) -> Seen:
    """An edit of these fields was made here, or taken back: it is what is shown."""
    new, declined = dict(screen), {}
    for name in names:
        if name not in after.view or not _is_kept(after, name):
            continue
        before, entry = screen.get(name, Shown()), after.view[name]
        if before.offer is not None and not same_value(before.offer, entry):
            declined[name] = before.offer
        apart_ms = now_ms if goes_back(before, entry, now_ms) else before.apart_ms
        new[name] = Shown(entry, _rev(after, name), apart_ms=apart_ms)
    return Seen(new, declined=declined)


def goes_back(shown: Shown, entry: Entry | None, now_ms: float) -> bool:
    """Whether an edit lands on exactly the place that was left by following, soon after that."""
    soon = was_followed_soon_before(shown, now_ms)
    return soon and shown.left is not None and same_value(shown.left, entry)


def was_followed_soon_before(shown: Shown, now_ms: float) -> bool:
    """Whether the screen was taken there a moment ago."""
    return shown.followed_ms is not None and now_ms - shown.followed_ms <= SOON_MS


def apart(seen: Seen, names: Iterable[str], now_ms: float) -> Seen:
    """From now on this device goes its own way in these fields."""
    gone = {name: replace(seen.screen[name], apart_ms=now_ms) for name in names if name in seen.screen}
    return replace(seen, screen={**seen.screen, **gone}) if gone else seen


def taken(screen: Screen, after: Replica, names: Iterable[str], here: DeviceId) -> Seen:
    """Offers of these fields were taken: the view is shown, and nobody goes their own way any more."""
    new, left = dict(screen), {}
    for name in names:
        shown = screen.get(name, Shown()).entry
        if shown is not None and _is_by(here, shown):
            left[name] = shown
        new[name] = _now(after, name) if name in after.view else Shown()
    return Seen(new, left={n: e for n, e in left.items() if not same_value(e, after.view.get(n))})


def heard(screen: Screen, before: Replica, found: Adopted, now_ms: float, here: DeviceId) -> Seen:
    """A document came, or stamps were corrected: what there is to do about each field that is new."""
    after, new = found.replica, dict(screen)
    advice: dict[str, FieldAdvice] = {}
    left: dict[str, Entry] = {}
    for name in _news(before, found):
        if not _is_kept(after, name):
            if not looks_same(after.schema.policy(name), before.view.get(name), after.view[name]):
                advice[name] = FieldAdvice(Advice.FOLLOW, Rule.JOINED, after.view[name])
            continue
        shown = _caught_up(screen.get(name, Shown()), before, after, name)
        new[name], told = _step(shown, before, found, name, now_ms, here)
        if told is not None:
            advice[name] = told
        if told is not None and _is_followed(told) and name not in before.pending:
            # (an edit whose answer is still awaited, and that was seen all the same, was a moment ago)
            left |= {name: shown.entry} if shown.entry and _is_by(here, shown.entry) else {}
    return Seen(new, advice, left)


def _is_followed(told: FieldAdvice) -> bool:
    """Of the line it is not left to the screen what is a place: see `ruling`."""
    return told.advice is Advice.FOLLOW and told.rule is not Rule.HELD


def _is_by(here: DeviceId, entry: Entry) -> bool:
    return clocks.device_of(entry.stamp) == here


def _news(before: Replica, found: Adopted) -> set[str]:
    old, view = before.view, found.replica.view
    names = {name for name, entry in view.items() if entry is not old.get(name)}
    return names | found.overruled.keys() | (before.pending.keys() & view.keys())


def _caught_up(shown: Shown, before: Replica, after: Replica, name: str) -> Shown:
    """What is shown, under the name that its edit has by now, and where that has landed."""
    row, now = before.pending.get(name), after.pending.get(name)
    if shown.entry is None or row is None or shown.entry.stamp != row.entry.stamp:
        return shown
    if now is not None and now.seq == row.seq:
        return replace(shown, entry=now.entry)
    landed = after.base.entries.get(name) if after.base else None
    is_there = landed is not None and landed.stamp == shown.entry.stamp
    return replace(shown, rev=after.landed.get(name)) if is_there else shown


def _step(
    shown: Shown, before: Replica, found: Adopted, name: str, now_ms: float, here: DeviceId
) -> tuple[Shown, FieldAdvice | None]:
    after = found.replica
    entry = found.overruled.get(name, after.view[name])
    if shown.entry is not None and shown.entry.stamp == entry.stamp and same_value(shown.entry, entry):
        return shown, None
    apart = shown.apart_ms is not None and now_ms - shown.apart_ms <= APART_MS
    case = Case(
        own=clocks.device_of(entry.stamp) == here and name not in found.overruled,
        new=not same_value(shown.entry, entry),
        held=is_held(after.schema, name, entry),
        fell=name in found.fallen or name in found.withdrawn,
        lost=name in found.overruled,
        detached=apart,
        offered=shown.offer is not None,
        wrote=_wrote(shown.entry, entry),
        seen=_saw(shown, before, after, name, entry),
    )
    advice, rule = advise(case)
    told = FieldAdvice(advice, rule, entry)
    apart_ms = now_ms if apart else None
    if advice is Advice.OFFER:
        return replace(shown, offer=entry, apart_ms=apart_ms), told
    if advice is Advice.FOLLOW:
        start = shown.left if was_followed_soon_before(shown, now_ms) else shown.entry
        return Shown(entry, _rev(after, name), left=start, followed_ms=now_ms), told
    return replace(shown, entry=entry, rev=_rev(after, name), offer=None, apart_ms=apart_ms), told


def _wrote(shown: Entry | None, entry: Entry) -> bool:
    if shown is None or shown.stamp == NO_STAMP:
        return False
    return entry.stamp > shown.stamp and clocks.device_of(shown.stamp) == clocks.device_of(entry.stamp)


def _saw(shown: Shown, before: Replica, after: Replica, name: str, entry: Entry) -> bool:
    """Whether the writer of `entry` had seen what is shown; a default needs no seeing."""
    if shown.entry is None:
        return True
    row = before.pending.get(name)
    if row is not None and row.entry.stamp == shown.entry.stamp:
        return was_seen_all_the_same(after.base, row, entry)
    if shown.rev is None:
        return False
    return entry.basis >= min(shown.rev, before.rev)  # in a document that began anew, revs begin anew
