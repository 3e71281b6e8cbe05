"""The player's behaviour, without a window: what the buttons do, and what is to be seen.

On the app's thread only. Invariants: the shared state is written when something happens, never because time
goes by; this device makes a sound only because somebody pressed play on it, and falls silent as soon as
another device has pressed play.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from apps.common.awake import steady_s
from apps.player.audio.engine import FADE_MS, HAND_OFF_FADE_MS, Advanced, Ended, Engine, Failed
from apps.player.library import Library, Track
from apps.player.line import Line
from apps.player.order import REPEATS, following, next_here, preceding
from apps.player.ports import Here, SharedSession
from apps.player.rows import Rows
from apps.player.shared import Shared
from apps.player.view import View, cut_off
from apps.player.waking import Waking

NOTE_HEARD_EVERY_MS = 1_000  # on this device's disk only: what a crash may cost
PREPARE_NEXT_MS = 15_000  # before the end; long enough for a slow disk
REANCHOR_MS = 150  # more than this off and the line is written anew …
REANCHOR_EVERY_MS = 10_000  # … but not more often than this
BACK_TO_START_MS = 3_000  # "previous" later than this in a track goes to its beginning
REST_DEVICE_AFTER_MS = 5_000


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
        self._noted_ms = self._anchored_ms = self._played_ms = 0
        self._unmuted = 0.8
        self._closed = False
        self._rows = Rows(self._line, library)
        self._waking = Waking(self._line, engine, clock, self._tell)
        self._failed: set[str] = set()
        self.notice: str | None = None
        self._unsubscribe = session.on_change(self._changed)
        library.on_change = self._tell
        engine.set_volume(self._state.volume)

    # What is to be seen

    @property
    def view(self) -> View:
        """All of the screen but the position, which moves."""
        state, elsewhere, order = self._state, self._elsewhere, self._line.order
        return View(
            current=self._rows.row(state.track) if state.track else None,
            rows=self._rows.all(),
            index=order.index(state.track) if state.track in order else -1,
            playing_here=self._engine.playing,
            elsewhere=(state.playing_on_name or "another device") if elsewhere else None,
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
        if self._engine.playing:
            return self._engine.position_ms
        return self._line.position_ms

    def on_view(self, listener: Callable[[], None]) -> None:
        """`listener` is called after `view` has changed."""
        self._listeners.append(listener)

    def file_of(self, track: str) -> Track | None:
        """The track's file, if it is on this device."""
        return self._library.tracks.get(track)

    # What the buttons do

    def toggle(self) -> None:
        """Play or pause, here or on the device that is playing."""
        if self._waking.was_away(resumes=False):
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
            self._failed.clear()
            self._play(track, self.position_ms if self._state.track else 0.0, fade_ms)

    def pause(self) -> None:
        if self._waking.was_away(resumes=False):
            return
        position_ms = self.position_ms
        if self._engine.playing:
            self._engine.pause()
            position_ms = self._engine.position_ms
        self._write_line(self._state.track, position_ms, moving=False)

    def seek(self, position_ms: float) -> None:
        position_ms = max(0.0, min(position_ms, self._line.duration_ms or position_ms))
        if not self._state.track or self._waking.was_away():
            return
        if self._engine.playing:
            self._engine.seek(position_ms)
        self._write_line(self._state.track, position_ms, moving=self._engine.playing or self._elsewhere)

    def next(self) -> None:
        track = following(self._line.order, self._state.track, self._state.repeat, by_hand=True)
        if track is not None and not self._waking.was_away():
            self._go_to(track)

    def previous(self) -> None:
        track = preceding(self._line.order, self._state.track, self._state.repeat)
        if track is None or self.position_ms > BACK_TO_START_MS:
            self.seek(0.0)
        elif not self._waking.was_away():
            self._go_to(track)

    def choose(self, track: str) -> None:
        """A track was picked from the queue: play it, on the device that plays or here."""
        self._failed.clear()
        if self._elsewhere:
            self._write_line(track, 0.0, moving=True)
        else:
            self._play(track, 0.0)

    def set_volume(self, volume: float) -> None:
        volume = max(0.0, min(1.0, volume))
        self._engine.set_volume(volume)
        self._update(volume=volume)

    def toggle_mute(self) -> None:
        if self._state.volume > 0:
            self._unmuted = self._state.volume
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
        self._waking.was_away()
        self._settle()
        self._waking.give_way()
        for event in self._engine.poll():
            self._happened(event)
        self._waking.lives()
        self._keep_up()

    def _keep_up(self) -> None:
        """The sound goes on: the next track is prepared, and what moved is noted."""
        now_ms = self._line.now_ms
        if not self._engine.playing:
            if now_ms - self._played_ms > REST_DEVICE_AFTER_MS:
                self._engine.rest_device()
            return
        self._played_ms = now_ms
        self._prepare_next()
        if now_ms - self._noted_ms >= NOTE_HEARD_EVERY_MS:
            self._noted_ms = now_ms
            self._line.note_heard(self._engine.position_ms)
        off_ms = self._line.off_ms(self._engine.position_ms)
        if abs(off_ms) > REANCHOR_MS and now_ms - self._anchored_ms >= REANCHOR_EVERY_MS:
            self._write_line(self._state.track, self._engine.position_ms, moving=True)

    def is_live(self) -> None:
        """Connected: as soon as the server has said that we play, which we do not, we say so; not earlier:
        what others did since must not be overwritten by what a crash left here.
        """
        self._waking.look()
        self._settle()

    def close(self) -> None:
        """Leaves the place behind, to the sample; and ends the sound."""
        if self._closed:
            return
        self._closed = True
        if self._engine.playing:
            self.pause()
        self._unsubscribe()
        self._listeners.clear()
        self._library.on_change = lambda: None
        self._engine.close()
        self._library.close()

    def _settle(self) -> None:
        """The shared state says that this device plays, and it does not."""
        if not self._waking.must_settle():
            return
        track, position_ms = self._state.track, self.position_ms
        if self._waking.may_resume() and track in self._library.tracks:
            self._play(track, position_ms)
        else:
            self._write_line(track, position_ms, moving=False)

    # Within

    @property
    def _state(self) -> Shared:
        return self._line.state

    @property
    def _elsewhere(self) -> bool:
        return not self._engine.playing and self._line.elsewhere

    def _go_to(self, track: str) -> None:
        """Another track, moving as the one before."""
        if self._engine.playing:
            self._play(track, 0.0)
        else:
            self._write_line(track, 0.0, moving=self._elsewhere)

    def _play(self, track: str, position_ms: float, fade_ms: float = FADE_MS) -> None:
        found = self._library.tracks.get(track)
        if found is None:
            title, folder = self._rows.row(track).title, self._library.folder
            self.say(f"“{title}” is not on this device. Put its file into {folder}, and look again.")
            return
        if found.duration_ms and position_ms >= found.duration_ms - 1:
            position_ms = 0.0
        self.notice = None
        self._engine.load(track, found.path, position_ms, playing=True, fade_ms=fade_ms)
        self._write_line(track, position_ms, moving=True)

    def _write_line(self, track: str, position_ms: float, *, moving: bool) -> None:
        self._waking.begin()
        self._anchored_ms = self._line.now_ms
        self._line.write(track, position_ms, moving=moving, here=self._engine.playing)
        self._tell()

    def _update(self, **fields: Any) -> None:
        self._line.update(**fields)
        self._tell()

    def _changed(self, change: Any) -> None:
        """The shared state changed; our own writes need no following."""
        if getattr(change.origin, "name", "") != "HERE":
            self._follow(change.fields)
        self._tell()

    def _follow(self, fields: frozenset[str]) -> None:
        state = self._state
        self._engine.set_volume(state.volume)
        if fields & {"shuffle", "shuffle_first", "repeat", "queue"}:
            self._engine.forget_next()
        if not self._engine.playing:
            return  # a device never begins to sound by itself
        if not self._line.is_mine:
            self._engine.pause()
        elif fields & {"track", "playhead"}:
            self._obey(state)

    def _obey(self, state: Shared) -> None:
        # Another device is our remote control.
        position_ms = state.playhead.position_at(self._line.now_ms, self._line.duration_ms or None)
        if not state.playhead.moving:
            self._engine.pause()
        found = self._library.tracks.get(state.track)
        if found is None:
            self._engine.pause()
            self.say(f"“{state.title or 'This track'}” is not on this device.")
        elif state.track != self._engine.track or abs(position_ms - self._engine.position_ms) > REANCHOR_MS:
            self._engine.load(state.track, found.path, position_ms, playing=state.playhead.moving)

    def _prepare_next(self) -> None:
        if self._line.duration_ms - self._engine.position_ms > PREPARE_NEXT_MS:
            return
        track = following(self._line.order, self._state.track, self._state.repeat)
        found = self._library.tracks.get(track) if track else None
        if found and self._engine.next_track != found.id:
            self._engine.prepare_next(found.id, found.path)

    def _happened(self, event: Advanced | Ended | Failed) -> None:
        match event:
            case Advanced(track, ended, ended_ms):
                self._failed.clear()
                self._write_line(track, self._engine.position_ms, moving=True)
                self._say_if_cut_off(ended, ended_ms)
            case Failed(track, message):
                self._failed.add(track)
                self._go_on_after(track)
                self.say(message)
            case Ended(track, position_ms):
                self._go_on_after(track)
                self._say_if_cut_off(track, position_ms)

    def _go_on_after(self, track: str) -> None:
        order, here = self._line.order, self._library.tracks
        bad_file = track in self._failed
        follower = next_here(order, here, track, self._state.repeat, by_hand=bad_file)
        if follower is not None and not self._failed.issuperset(here):
            self._play(follower, 0.0)
        elif bad_file or not order:
            self._write_line(track, self.position_ms, moving=False)
        else:
            self._write_line(order[0], 0.0, moving=False)

    def _say_if_cut_off(self, track: str, position_ms: float) -> None:
        notice = cut_off(self._library.tracks.get(track), position_ms)
        if notice:
            self.say(notice)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
