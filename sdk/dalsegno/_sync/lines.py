"""The lines of all sessions on this device: who sounds, when it was heard, and when anybody looked.

Worker thread. A connection has a number here; a session is looked at when its document is heard or read on
the present one. Invariant: before anything of a line is sent, it was decided whose music it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from dalsegno._core import lease, ruling
from dalsegno._core import line as lines
from dalsegno._core.document import Document, Entry
from dalsegno._core.line import Line, Step
from dalsegno._core.ports import Time
from dalsegno._core.replica import Replica
from dalsegno._core.ruling import NEVER, Moment
from dalsegno._core.types import DeviceId, SessionId, Value
from dalsegno._core.wishes import Wish
from dalsegno._sync.open_session import OpenSession, SessionsInMemory
from dalsegno._sync.played import Played
from dalsegno._sync.view_change import Holding

BEAT_MS = 1_000.0
"""How much of what was heard a death may cost."""
ASLEEP_MS = 10_000.0
"""A beat that is later than this was not lived through: whoever listened is not there any more."""


class Lines:
    """`now_ms`: the server's time, as far as it is known."""

    def __init__(
        self, time: Time, device: DeviceId, open_sessions: SessionsInMemory, now_ms: Callable[[], float]
    ) -> None:
        self._time, self._device, self._open_sessions, self._now_ms = time, device, open_sessions, now_ms
        self._connection, self._gone_ms, self._live = 0, NEVER, False
        self.sounding: dict[SessionId, None] = {}
        """Those that are heard on this device."""
        self.beat_ms = NEVER
        """When time last went by here, steady, while anything sounded; `NEVER`: nothing does."""
        self.overslept: Callable[[], None] = lambda: None
        """Is called before a document is taken in, if more time has passed than this device lived through."""
        self.changed: Callable[[SessionId], None] = lambda _: None
        """Is called when a line may be held by another one, or otherwise."""
        self.gone: Callable[[DeviceId], float | None] = lambda _: None
        """When a device that is not online was seen last; None = it is online, or nobody knows."""

    def link_is(self, live: bool, heard_ms: float) -> None:
        """There is a connection, or none; the server was heard last then, by its own time."""
        if self._live and not live:
            self._connection += 1
            self._gone_ms = heard_ms
        self._live = live

    def late_ms(self) -> float:
        """How much later it is than the next beat should have been."""
        return self._time.steady_ms() - self.beat_ms - BEAT_MS if self.beat_ms != NEVER else 0.0

    def wake(self) -> None:
        """Stops the sound of a device that slept, before anything is decided by who sounds."""
        if self.late_ms() > ASLEEP_MS:
            self.overslept()

    # --- before and after a document ---

    def moment(self, open_session: OpenSession, *, news: bool = True) -> Moment:
        """What there is to know beside the documents."""
        played, now_ms, steady_ms = open_session.played, self._now_ms(), self._time.steady_ms()
        is_first = played.ruled_at != self._connection
        return Moment(
            here=self._device,
            now_ms=now_ms,
            opened=open_session.users > 0,
            sounding=open_session.replica.id in self.sounding,
            heard_ms=now_ms if open_session.replica.id in self.sounding else played.heard_ms,
            began_ms=now_ms - (steady_ms - played.began_ms) if played.began_ms != NEVER else NEVER,
            gone_ms=self._gone_ms if is_first else None,
            unlooked=played.unlooked,
            news=news,
        )

    def told(self, open_session: OpenSession) -> Played:
        """What is known of it once the document was told; nothing is decided before the stamps are true."""
        told = replace(open_session.played, told_at=self._connection)
        if not all(row.corrected for row in ruling.own_rows(open_session.replica).values()):
            return told
        return replace(told, unlooked=False, ruled_at=self._connection)

    def was_told(self, open_session: OpenSession) -> bool:
        """Whether the document was told on the present connection."""
        return open_session.played.told_at == self._connection

    # --- steps ---

    def stepped(
        self, open_session: OpenSession, values: Mapping[str, Wish], step: Step
    ) -> Mapping[str, Wish]:
        """The edit with all fields of the line, if it is one of the line."""
        replica, now_ms = open_session.replica, self._now_ms()
        own_step = step in (Step.GO_ON, Step.RELEASE, Step.REST)
        if own_step and lines.held_by(ruling.line_of(replica)) != self._device:
            return {}  # somebody else has taken over by now
        if step is Step.GO_ON and not lines.moving(ruling.line_of(replica)):
            return {}  # somebody has paused it, and the app is not told yet: nothing goes on
        alive_ms = self.alive_ms(replica)
        return lines.stepped(values, replica.schema, replica.view, step, now_ms, alive_ms)

    def at_rest(self, replica: Replica) -> Line:
        """The line as a place."""
        line = ruling.line_of(replica)
        return lines.settled(line, self.alive_ms(replica)) if line else {}

    def goes_to(self, replica: Replica, values: Mapping[str, Value]) -> dict[str, Value]:
        """These values as an edit: where the line moves, it goes on from there."""
        line = ruling.line_of(replica)
        going = {n: v for n, v in values.items() if n in line}
        if not lines.moving(line):
            return dict(values)
        return {**values, **lines.resumed(going, self._now_ms(), lines.rate_of(line))}

    def left(self, before: Replica, after: Replica, step: Step) -> Line:
        """The place that a take-over leaves, where another device had left it and does not play: one that
        plays knows better what was heard."""
        found = self.holding(before) if step is Step.TAKE else None
        if found is None or found.here or found.active:
            return {}
        place = self.at_rest(before)
        return place if lines.is_elsewhere(place, ruling.line_of(after)) else {}

    def after_step(self, open_session: OpenSession, step: Step) -> Played:
        """What is known of it once this step was made."""
        played = open_session.played
        if step is not Step.TAKE:
            return played
        now_ms, steady_ms = self._now_ms(), self._time.steady_ms()
        unlooked = not self._live or played.told_at != self._connection
        return replace(played, heard_ms=now_ms, unlooked=unlooked, began_ms=steady_ms)

    def alive_ms(self, replica: Replica) -> float:
        """When what plays was last known to play."""
        line, now_ms = ruling.line_of(replica), self._now_ms()
        if lines.held_by(line) == self._device:
            return now_ms
        return lines.alive_ms(replica.newest, line, now_ms, self._gone(lines.held_by(line)))

    def _gone(self, device: DeviceId | None) -> float | None:
        return None if device is None else self.gone(device)

    # --- who holds it ---

    def became(self, open_session: OpenSession) -> None:
        """The session is another: perhaps it is heard here now, or is not any more."""
        session = open_session.replica.id
        if not open_session.replica.schema.held:
            return
        if not (self._sounds(open_session) or self._is_undecided(open_session)):
            self.sounding.pop(session, None)
        elif session not in self.sounding:
            self.sounding[session] = None
            if open_session.played.began_ms == NEVER:
                began_ms = self._time.steady_ms()
                open_session.played = replace(open_session.played, began_ms=began_ms)

    def _sounds(self, open_session: OpenSession) -> bool:
        sounds = ruling.sounds(open_session.replica, self._device)
        return sounds and lines.begun(ruling.line_of(open_session.replica)) != open_session.played.silent_at

    def _is_undecided(self, open_session: OpenSession) -> bool:
        """Whether it plays on, though another line is shown, until the stamps of its own are true."""
        rows = ruling.own_rows(open_session.replica)
        own = {name: row.entry for name, row in rows.items()}
        moves = lines.held_by(own) == self._device and lines.moving(own)
        guessed = not all(row.corrected for row in rows.values())
        return open_session.replica.id in self.sounding and guessed and moves

    def fell_silent(self, open_session: OpenSession, heard_ms: float) -> None:
        """Its sound has ended here, and a full disk did not take that the line rests."""
        silent_at = lines.begun(ruling.line_of(open_session.replica))
        open_session.played = replace(open_session.played, heard_ms=heard_ms, silent_at=silent_at)
        self.sounding.pop(open_session.replica.id, None)

    def holding(self, replica: Replica) -> Holding | None:
        """Who holds the line; None = nobody ever took over."""
        line, now_ms = ruling.line_of(replica), self._now_ms()
        device, holder = lines.held_by(line), lease.holder_of(replica.newest)
        if replica.id in self.sounding:
            device = self._device
        elif device is None or (holder is not None and holder.lease > lines.lease(line)):
            device = holder.device if holder is not None else None
        if device is None:
            return None
        until_ms = holder.until_ms if holder is not None and holder.device == device else 0
        if device == self._device:
            return Holding(device, True, replica.id in self.sounding, int(until_ms), int(now_ms))
        gone_ms = self.gone(device)
        gone = lines.is_gone(replica.newest, line, gone_ms)
        active = lines.moving(line) and until_ms > now_ms and not gone
        seen_ms = lines.alive_ms(replica.newest, line, max(now_ms, float(until_ms)), gone_ms)
        return Holding(device, False, active, int(until_ms), int(seen_ms))

    def held(
        self, replica: Replica, base: Document | None, entries: Mapping[str, Entry]
    ) -> dict[str, Value] | None:
        """What a commit of these entries says of the holder; None = nothing."""
        line = lines.line_of(replica.schema, entries)
        if lines.held_by(line) != self._device:
            return None
        until_ms = self._now_ms() + lease.LEASE_MS if lines.moving(line) else 0
        return lease.holding(base, self._device, lines.lease(line), until_ms)
