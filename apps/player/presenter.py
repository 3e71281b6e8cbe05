"""The player's behaviour, without a window: what the buttons do, and what is to be seen.

On the app's thread only. Invariants: the shared state is written when something happens, never because time
goes by; this device makes a sound where the line says that it is the one that plays, and nowhere else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from apps.common.awake import steady_s
from apps.player.audio.engine import FADE_MS, HAND_OFF_FADE_MS, Engine
from apps.player.deck import Deck
from apps.player.library import Library, Track
from apps.player.line import Line
from apps.player.order import REPEATS, following, preceding
from apps.player.ports import Here, SharedSession
from apps.player.rows import Rows
from apps.player.shared import Shared
from apps.player.view import View
from apps.player.ways_back import WayBack, newest

BACK_TO_START_MS = 3_000  # "previous" later than this in a track goes to its beginning


class Presenter:
    """One listener's player on this device."""

    def __init__(
        self,
        session: SharedSession,
        here: Here,
        engine: Engine,
        library: Library,
        chance: random.Random | None = None,
        clock: Callable[[], float] = steady_s,  # in seconds, those asleep included
    ) -> None:
        self._line, self._engine, self._library = Line(session, here, library), engine, library
        self._chance = chance or random.Random()
        self._listeners: list[Callable[[], None]] = []
        self._unmuted = 0.8
        self._closed = False
        self._session, self._here = session, here
        self._rows = Rows(self._line, library)
        self._marks: Sequence[Any] = session.marks
        self.notice: str | None = None
        self._deck = Deck(self._line, engine, library, clock, self.say, self._tell)
        self._unsubscribe = (
            session.on_change(self._changed),
            session.on_holder(self._holder_changed),
            session.on_marks(self._marks_changed),
        )
        library.on_change = self._tell

    # What is to be seen

    @property
    def view(self) -> View:
        """All of the screen but the position, which moves."""
        state, order = self._state, self._line.order
        return View(
            current=self._rows.row(state.track) if state.track else None,
            rows=self._rows.all(),
            index=order.index(state.track) if state.track in order else -1,
            playing_here=self._engine.playing,
            elsewhere=self._elsewhere or None,
            gone=None if self._engine.playing else self._line.gone or None,
            back=self._way_back,
            duration_ms=self._line.duration_ms,
            volume=state.volume,
            shuffled=bool(state.shuffle),
            repeat=state.repeat,
            anchor=(state.playhead.position, state.playhead.rate, state.playhead.at),
            notice=self.notice,
            silent_because=self._engine.silent_because,
            empty=self._library.message if not order else None,
            scanning=not self._library.progress.finished,
            problems=tuple(problem.message for problem in self._library.problems),
        )

    @property
    def position_ms(self) -> float:
        """Where the music is: here by the frames heard, elsewhere by the playhead."""
        if self._engine.playing or self._deck.waking.looks:
            return self._engine.position_ms
        return self._line.position_ms

    @property
    def _way_back(self) -> WayBack | None:
        me, now_ms = str(self._here.device.id), self._line.now_ms
        return newest(self._marks, self._state, self.position_ms, now_ms, me)

    def on_view(self, listener: Callable[[], None]) -> None:
        """`listener` is called after `view` has changed."""
        self._listeners.append(listener)

    def file_of(self, track: str) -> Track | None:
        """The track's file, if it is on this device."""
        return self._library.tracks.get(track)

    # What the buttons do

    def toggle(self) -> None:
        """Play or pause, here or on the device that is playing."""
        if self._deck.waking.was_away(resumes=False):
            return
        if self._engine.playing or self._elsewhere:
            self.pause()
        else:
            self.play_here()

    def play_here(self) -> None:
        """Go on on this device, exactly where the music is; another device that plays falls silent."""
        order = self._line.order
        track = self._state.track or (order[0] if order else "")
        if track:
            fade_ms = HAND_OFF_FADE_MS if self._elsewhere else FADE_MS
            self._deck.press(track, self.position_ms if self._state.track else 0.0, fade_ms)

    def pause(self) -> None:
        if self._deck.waking.was_away(resumes=False):
            return
        self._deck.pause(self._state.track, self.position_ms)

    def seek(self, position_ms: float) -> None:
        position_ms = max(0.0, min(position_ms, self._line.duration_ms or position_ms))
        if not self._state.track or self._deck.waking.was_away():
            return
        if self._engine.playing:
            self._engine.seek(position_ms)
        moving = self._engine.playing or bool(self._elsewhere)
        self._deck.control(self._state.track, position_ms, moving=moving)

    def next(self) -> None:
        track = following(self._line.order, self._state.track, self._state.repeat, by_hand=True)
        if track is not None and not self._deck.waking.was_away():
            self._go_to(track)

    def previous(self) -> None:
        track = preceding(self._line.order, self._state.track, self._state.repeat)
        if track is None or self.position_ms > BACK_TO_START_MS:
            self.seek(0.0)
        elif not self._deck.waking.was_away():
            self._go_to(track)

    def choose(self, track: str) -> None:
        """A track was picked from the queue: play it, on the device that plays or here."""
        if self._elsewhere:
            self._deck.control(track, 0.0, moving=True)
        else:
            self._deck.press(track, 0.0)

    def go_back(self) -> None:
        """To the newest place that was left, or gave way; here or on the device that plays."""
        if not self._deck.waking.was_away():
            self._deck.go_back()

    def set_volume(self, volume: float) -> None:
        volume = max(0.0, min(1.0, volume))
        self._deck.loudness.moved(volume)
        self._update(volume=volume)

    def change_volume(self, by: float) -> None:
        """A step from what is heard here: one down is quieter, and one up is no leap to the shared volume."""
        self.set_volume(self._deck.loudness.heard + by)

    def toggle_mute(self) -> None:
        if self._state.volume > 0:
            self._unmuted = self._deck.loudness.heard
            self.set_volume(0.0)
        else:
            self.set_volume(self._unmuted)

    def toggle_shuffle(self) -> None:
        seed = 0 if self._state.shuffle else self._chance.randrange(1, 1 << 31)
        self._update(shuffle=seed, shuffle_first=self._state.track if seed else "")
        self._engine.forget_next()

    def cycle_repeat(self) -> None:
        index = REPEATS.index(self._state.repeat)
        self._update(repeat=REPEATS[(index + 1) % len(REPEATS)])
        self._engine.forget_next()

    def say(self, notice: str | None) -> None:
        """Puts a sentence on the screen; None takes it away."""
        self.notice = notice
        self._tell()

    # What time and the network do

    def tick(self) -> None:
        """To be called several times a second; writes to the shared state only when something happened."""
        self._deck.tick()

    def close(self) -> None:
        """Leaves the place behind, to the sample; and ends the sound."""
        if self._closed:
            return
        self._closed = True
        if self._engine.playing:
            self.pause()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._listeners.clear()
        self._library.on_change = lambda: None
        self._engine.close()
        self._library.close()

    # Within

    @property
    def _state(self) -> Shared:
        return self._line.state

    @property
    def _elsewhere(self) -> str:
        return "" if self._engine.playing else self._line.elsewhere

    def _go_to(self, track: str) -> None:
        """Another track, moving as the one before."""
        if self._engine.playing:
            self._deck.skip(track)
        else:
            self._deck.control(track, 0.0, moving=bool(self._elsewhere))

    def _update(self, **fields: Any) -> None:
        self._line.update(**fields)
        self._tell()

    def _changed(self, change: Any) -> None:
        """The shared state changed; our own writes need no following."""
        if getattr(change.origin, "name", "") != "HERE":
            self._follow(change.fields)
        self._tell()

    def _follow(self, fields: frozenset[str]) -> None:
        self._deck.obey()
        if "volume" in fields:
            self._deck.loudness.moved(self._state.volume)
        if fields & {"shuffle", "shuffle_first", "repeat", "queue"}:
            self._engine.forget_next()

    def _marks_changed(self) -> None:
        """Read here, once, and not for each picture: the SDK makes them anew each time."""
        self._marks = self._session.marks
        self._tell()

    def _holder_changed(self) -> None:
        """Another device plays, or this one again."""
        self._deck.obey()
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
