"""Where the user was: what the screens show, and the marks that are kept of what they leave. Worker thread.

Each step is planned here, written to disk with what caused it, and only then true: `Places.take_effect`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field
from types import MappingProxyType

from dalsegno._core import line as lines
from dalsegno._core import marks, screen
from dalsegno._core.adoption import Adopted
from dalsegno._core.document import NO_STAMP, Entry
from dalsegno._core.line import Line
from dalsegno._core.marks import STAYING, Leaving, Mark, Shelf
from dalsegno._core.ports import Batch, Time
from dalsegno._core.record import record
from dalsegno._core.replica import Replica
from dalsegno._core.sameness import same_value
from dalsegno._core.screen import FieldAdvice, Screen, Seen
from dalsegno._core.types import DeviceId, SessionId, Value
from dalsegno._sync import outcome
from dalsegno._sync.open_session import OpenSession, SessionsInMemory
from dalsegno._sync.outcome import Outcome

BLIND, MERGE, FOLLOW, DECLINED, TAKEN, BACK = "blind", "merge", "follow", "declined", "taken", "back"
HAND_OFF = "hand_off"
"""Why the SDK keeps a mark; an app's own reasons are beside these."""


@record(frozen=True, slots=True)
class Plan:
    """What a step does to a session's screen and marks. `kept`: the local fields that go to disk with it."""

    screen: Screen
    shelf: Shelf
    kept: Mapping[str, Value] = field(default_factory=dict)
    advice: Mapping[str, FieldAdvice] = field(default_factory=dict)


class Places:
    """`write` is for what may be forgotten on a full disk; `marks_changed` is called when a session's marks
    are others. `now_ms`: the server's time, as far as it is known."""

    def __init__(
        self,
        time: Time,
        device: DeviceId,
        open_sessions: SessionsInMemory,
        write: Callable[[Batch], bool],
        marks_changed: Callable[[SessionId], None],
    ) -> None:
        self._time, self._device = time, device
        self._open_sessions, self._write, self._marks_changed = open_sessions, write, marks_changed

    def edited(
        self,
        open_session: OpenSession,
        after: Replica,
        names: Collection[str],
        now_ms: float,
        leaving: Leaving = STAYING,
        line: Line = MappingProxyType({}),
        handed_off: Line = MappingProxyType({}),
    ) -> Plan:
        """An edit of these fields.

        line        the line before it, as a place;  handed_off: the place that a take-over leaves
        """
        seen = self._edited(open_session, after, names)
        left = _left(open_session, after, names, leaving, line) if leaving.reason else {}
        later = any(shown.apart_ms is not None for shown in seen.screen.values())
        found = marks.mark_of(leaving.reason, left, now_ms)
        declined = _at_rest(after, seen.declined, now_ms)
        found += marks.marks_of(DECLINED, declined, now_ms, later)
        found += marks.mark_of(HAND_OFF, handed_off, now_ms)
        shelf = open_session.shelf
        if leaving.gone_to:
            shelf = shelf.without(leaving.gone_to)
            seen = self._apart(open_session.screen, seen, names)
        return _plan(open_session, seen, shelf.adding(found) if found else shelf)

    def _edited(self, open_session: OpenSession, after: Replica, names: Iterable[str]) -> Seen:
        if not open_session.users:
            return Seen(open_session.screen)
        return screen.edited(open_session.screen, after, names, self._time.steady_ms())

    def _apart(self, before: Screen, seen: Seen, names: Iterable[str]) -> Seen:
        """Whoever goes back from a followed place, wherever to, goes their own way."""
        now_ms = self._time.steady_ms()
        soon = {n for n in names if n in before and screen.was_followed_soon_before(before[n], now_ms)}
        return screen.apart(seen, soon, now_ms)

    def heard(self, open_session: OpenSession, found: Adopted, now_ms: float) -> Plan:
        """A document of the server, or its time: what is to be told, and what loses by it."""
        before, after = open_session.replica, found.replica
        seen = Seen(open_session.screen)
        if open_session.users:
            seen = screen.heard(open_session.screen, before, found, self._time.steady_ms(), self._device)
        lost = (
            (BLIND, _others(found.fallen, after)),
            (MERGE, _others(found.displaced, after)),
            (MERGE, found.overruled),
            (FOLLOW, {name: entry for name, entry in seen.left.items() if name not in found.displaced}),
        )
        made = [mark for reason, entries in lost for mark in marks.marks_of(reason, entries, now_ms)]
        for line in (found.withdrawn, *found.kept):
            made += marks.mark_of(HAND_OFF, line, now_ms)
        return _plan(open_session, seen, open_session.shelf.adding(made) if made else open_session.shelf)

    def taken(self, session: SessionId, before: Screen, names: Collection[str], now_ms: float) -> None:
        """Offers of these fields were taken, and are in the view; `before` was shown until then."""
        open_session = self._open_sessions[session]
        seen = screen.taken(before, open_session.replica, names, self._device)
        left = marks.mark_of(TAKEN, seen.left, now_ms)
        plan = _plan(open_session, seen, open_session.shelf.adding(left) if left else open_session.shelf)
        self.take_effect(open_session, plan)
        if plan.kept:
            self._write(Batch(local={session: plan.kept}))

    # --- what there is to keep ---

    def keep_untold(self, session: SessionId, found: Mapping[str, Outcome]) -> None:
        """Nobody was there to be told of this: it waits for whoever asks next."""
        open_session = self._open_sessions[session]
        untold = outcome.added(open_session.untold, found)
        if kept_here := outcome.to_keep(open_session.untold, untold):
            self._write(Batch(local={session: kept_here}))
            open_session.untold = untold

    def told(self, session: SessionId, names: Iterable[str]) -> None:
        """The app has been told what came of its edits of these fields."""
        open_session = self._open_sessions[session]
        untold = outcome.without(open_session.untold, names)
        if kept_here := outcome.to_keep(open_session.untold, untold):
            self._write(Batch(local={session: kept_here}))
            open_session.untold = untold

    def keep_shelf(self, session: SessionId, shelf: Shelf) -> None:
        """The marks are so now; on a full disk the server is asked again."""
        open_session = self._open_sessions[session]
        kept_here = marks.to_keep(open_session.shelf, shelf)
        self._put_shelf(open_session, shelf)
        if kept_here:
            self._write(Batch(local={session: kept_here}))

    def take_effect(self, open_session: OpenSession, plan: Plan) -> None:
        """What was planned is on disk."""
        open_session.screen = plan.screen
        if plan.kept:
            open_session.wants_marks = True
            self._put_shelf(open_session, plan.shelf)

    def _put_shelf(self, open_session: OpenSession, shelf: Shelf) -> None:
        before, open_session.shelf = open_session.shelf, shelf
        if shelf.newest_first != before.newest_first:
            self._marks_changed(open_session.replica.id)


def _plan(open_session: OpenSession, seen: Seen, shelf: Shelf) -> Plan:
    kept = {} if shelf is open_session.shelf else marks.to_keep(open_session.shelf, shelf)
    return Plan(seen.screen, shelf, kept, seen.advice)


def _left(
    open_session: OpenSession, after: Replica, names: Iterable[str], leaving: Leaving, line: Line
) -> dict[str, Entry]:
    """What is shown of these fields, where it is otherwise from now on; what joins is never left. While an
    offer is open the screen shows another place than the session has."""
    replica, defaults = open_session.replica, leaving.defaults
    before = {**{n: Entry(value, NO_STAMP) for n, value in defaults.items()}, **replica.view, **line}
    shown = {**before, **(_other_than(open_session.screen, replica) if open_session.users else {})}
    return _others({n: shown[n] for n in names if n in shown and not replica.schema.policy(n).joins}, after)


def _other_than(screen: Screen, replica: Replica) -> dict[str, Entry]:
    """What is shown and is not what the session has."""
    shown = {name: one.entry for name, one in screen.items() if one.entry is not None}
    return {n: entry for n, entry in shown.items() if not same_value(entry, replica.view.get(n))}


def _at_rest(replica: Replica, entries: Mapping[str, Entry], now_ms: float) -> dict[str, Entry]:
    """The same places; what moves in the line stands where it is now."""
    return {**entries, **lines.settled(lines.line_of(replica.schema, entries), now_ms)}


def _others(entries: Mapping[str, Entry], after: Replica) -> dict[str, Entry]:
    return {n: entry for n, entry in entries.items() if not same_value(entry, after.view.get(n))}


def newest_to_go_back_to(
    shelf: Shelf, after: Replica, wanted: Collection[str], makes_sense: Callable[[str, Value], bool]
) -> Mark | None:
    """The newest mark that makes sense, and keeps one of these fields otherwise than it is now."""
    for mark in shelf.newest_first:
        kept = {name: value for name, value in mark.values.items() if name in wanted}
        is_elsewhere = any(_is_elsewhere(mark, after, name) for name in kept)
        if is_elsewhere and all(makes_sense(name, value) for name, value in kept.items()):
            return mark
    return None


def _is_elsewhere(mark: Mark, now: Replica, name: str) -> bool:
    if now.schema.policy(name).joins or name not in now.schema.policies:
        return False
    return not same_value(Entry(mark.values[name], mark.stamp), now.view.get(name))
