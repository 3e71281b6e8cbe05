"""The shared state as this device reads and writes it: the queue, and the line of what plays where.

On the app's thread only. Invariants: a line is written whole, so that of two devices that both pressed play
one line wins, and never the track of one at the position of the other; and nothing is read but through
`shared_from`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.player.library import Library, Track
from apps.player.order import play_order, whole_queue
from apps.player.ports import Here, SharedSession
from apps.player.resume import place_ms, ran_out
from apps.player.shared import LONGEST_MS, Shared, fitting, shared_from, shown_name
from dalsegno import Playhead


class Line:
    """One listener's session, seen from one device."""

    def __init__(self, session: SharedSession, here: Here, library: Library) -> None:
        self._session, self._here, self._library = session, here, library
        self._read: tuple[Any, Shared] | None = None  # the session's state, and what it came to
        self._tracks: Mapping[str, Track] | None = None
        self._shared_queue: tuple[str, ...] = ()
        self._queue: tuple[str, ...] = ()
        self._order: tuple[tuple[str, ...], int, str, tuple[str, ...]] | None = None

    @property
    def state(self) -> Shared:
        raw = self._session.state
        if self._read is None or self._read[0] is not raw:
            self._read = raw, shared_from(raw, self._read)
        return self._read[1]

    @property
    def now_ms(self) -> int:
        return self._here.now_ms()

    @property
    def fresh(self) -> bool:
        """Whether the server has said, on the present connection, who plays what."""
        return self._session.fresh

    def look(self) -> None:
        """Asks the server anew: nothing is fresh until it has answered."""
        self._here.network_changed()

    @property
    def sounds_here(self) -> bool:
        """Whether this device is the one that plays: it makes a sound then, and only then."""
        holder = self._session.holder
        return holder is not None and holder.here and holder.active

    @property
    def elsewhere(self) -> str:
        """The name of the other device that is making sound; "" = none is, as far as anyone can know."""
        holder = self._session.holder
        if holder is None or holder.here or not holder.active or ran_out(self.state, self.now_ms):
            return ""
        return shown_name(holder.device.name) or "another device"

    @property
    def gone(self) -> str:
        """The name of the other device that played last, and vanished without a word; "" = none did."""
        holder, state = self._session.holder, self.state
        if holder is None or holder.here or not state.playhead.moving or self.elsewhere:
            return ""
        return shown_name(holder.device.name) or "another device"

    @property
    def now(self) -> tuple[str, Playhead]:
        """What plays, and how it moves."""
        return self.state.track, self.state.playhead

    @property
    def position_ms(self) -> float:
        """Where the music is, to be asked while this device is silent."""
        return place_ms(self.state, self._session.settled.playhead.position, self.now_ms)

    @property
    def duration_ms(self) -> float:
        found = self._library.tracks.get(self.state.track)
        return found.duration_ms if found else self.state.duration_ms

    @property
    def queue(self) -> tuple[str, ...]:
        """The same tuple as long as it holds the same: it may be long, and much is made of it."""
        shared, tracks = self.state.queue, self._library.tracks
        if self._tracks is not tracks or self._shared_queue is not shared:
            self._tracks, self._shared_queue = tracks, shared
            queue = whole_queue(shared, tracks)
            self._queue = self._queue if queue == self._queue else queue
        return self._queue

    @property
    def order(self) -> tuple[str, ...]:
        """The same tuple as long as nothing changed: shuffling a long queue takes its time."""
        queue, seed, first = self.queue, self.state.shuffle, self.state.shuffle_first
        if self._order is None or self._order[0] is not queue or self._order[1:3] != (seed, first):
            self._order = queue, seed, first, play_order(queue, seed, first)
        return self._order[3]

    def off_ms(self, heard_ms: float) -> float:
        """How far the sound is from where the line says it is."""
        return heard_ms - self.state.playhead.position_at(self.now_ms, self.duration_ms or None)

    def press(self, track: str, position_ms: float) -> None:
        """Somebody wants it here."""
        self._session.take_over(**self._at(track, position_ms, moving=True))

    def control(self, track: str, position_ms: float, *, moving: bool) -> None:
        """Somebody does something to what plays, on whichever device."""
        self._session.update(**self._at(track, position_ms, moving=moving))

    def advance(self, track: str, position_ms: float, *, moving: bool = True) -> None:
        """What plays here goes on by itself, or has ended."""
        self._session.advance(**self._at(track, position_ms, moving=moving))

    def release(self, track: str, position_ms: float) -> None:
        """Somebody pauses what plays here."""
        self._session.release(**self._at(track, position_ms, moving=False))

    def _at(self, track: str, position_ms: float, *, moving: bool) -> dict[str, Any]:
        """From now on `track` is at `position_ms`."""
        state, found = self.state, self._library.tracks.get(track)
        named = state if state.track == track else None
        queue = fitting(self.queue)
        return {
            "track": track,
            "title": found.title if found else (named.title if named else ""),
            "artist": found.artist if found else (named.artist if named else ""),
            "duration_ms": found.duration_ms if found else (named.duration_ms if named else 0.0),
            "playhead": Playhead(max(0.0, min(position_ms, LONGEST_MS)), 1.0 if moving else 0.0, self.now_ms),
            **({} if state.queue == queue else {"queue": queue}),
        }

    def go_back(self) -> bool:
        """To the newest place worth going back to."""
        return self._session.go_back("track", "title", "artist", "duration_ms", "playhead")

    def update(self, **fields: Any) -> None:
        """Other fields than the line's; writes only what is different: a quiet player writes nothing."""
        state = self._session.state  # as it is: what was nonsense there is put right by the first press
        different = {name: value for name, value in fields.items() if getattr(state, name) != value}
        if different:
            self._session.update(**different)
