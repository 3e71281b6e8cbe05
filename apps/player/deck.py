"""The sound of this device, as the line has it; and the line, as this device's sound goes on.

On the app's thread only. Invariants: there is sound where the line says that this device plays, and nowhere
else; what was done here is sounded first and written then, what others did is obeyed, once.
"""

from __future__ import annotations

from collections.abc import Callable

from apps.player.audio.engine import FADE_MS, Advanced, Ended, Engine, Failed
from apps.player.library import Library
from apps.player.line import Line
from apps.player.loudness import Loudness
from apps.player.order import following, next_here
from apps.player.shared import Shared
from apps.player.view import cut_off
from apps.player.waking import Waking
from dalsegno import Playhead

PREPARE_NEXT_MS = 15_000  # before the end; long enough for a slow disk
REANCHOR_MS = 150  # more than this off and the line is written anew …
REANCHOR_EVERY_MS = 10_000  # … but not more often than this
REST_DEVICE_AFTER_MS = 5_000

Write = Callable[[str, float], None]


class Deck:
    """`say` puts a sentence on the screen, or takes it away; `tell` says that something is otherwise."""

    def __init__(
        self,
        line: Line,
        engine: Engine,
        library: Library,
        clock: Callable[[], float],
        say: Callable[[str | None], None],
        tell: Callable[[], None],
    ) -> None:
        self._line, self._engine, self._library = line, engine, library
        self._say, self._tell = say, tell
        self._anchored_ms = self._played_ms = 0
        self._failed: set[str] = set()
        self._obeyed: tuple[bool, tuple[str, Playhead]] = (False, line.now)
        self.waking = Waking(line, engine, clock, tell)
        self.loudness = Loudness(line, engine)

    # What somebody does

    def press(self, track: str, position_ms: float, fade_ms: float = FADE_MS) -> None:
        """Somebody wants it here."""
        self._failed.clear()
        begins = not self._engine.playing
        if self._sounds(track, position_ms, fade_ms):
            if begins:
                self.loudness.begins()
            self._written(self._line.press, track, self._engine.position_ms)

    def skip(self, track: str) -> None:
        """Somebody wants another track, while this device plays."""
        if self._sounds(track, 0.0):
            self.control(track, 0.0, moving=True)

    def pause(self, track: str, position_ms: float) -> None:
        """Somebody pauses what plays, on whichever device."""
        self._engine.pause()
        if self._line.sounds_here:
            self._written(self._line.release, track, position_ms)
        else:
            self.control(track, position_ms, moving=False)

    def control(self, track: str, position_ms: float, *, moving: bool) -> None:
        """Somebody does something to what plays, on whichever device; its sound is so here already."""
        self._written(lambda *at: self._line.control(*at, moving=moving), track, position_ms)

    def go_back(self) -> None:
        """To the newest place worth going back to."""
        if self._line.go_back():
            self.waking.begin()
            self.obey()
            self._tell()

    # What goes on by itself

    def _go_on(self, track: str, position_ms: float) -> bool:
        sounds = self._sounds(track, position_ms)
        if sounds:
            self._written(self._line.advance, track, self._engine.position_ms)
        return sounds

    def _rest(self, track: str, position_ms: float) -> None:
        self._written(lambda *at: self._line.advance(*at, moving=False), track, position_ms)

    def tick(self) -> None:
        """Several times a second."""
        self.waking.was_away()
        self._settle()
        self._give_way()
        for event in self._engine.poll():
            self._happened(event)
        self.obey()
        self.waking.lives()
        self._keep_up()

    def _settle(self) -> None:
        """It slept, and the server has said that it is still the one that plays."""
        looked, state = self.waking.has_looked(), self._line.state
        if looked is None:
            return
        position_ms = self._engine.position_ms if looked.same else state.playhead.position
        if not (
            looked.resumes and state.track in self._library.tracks and self._go_on(state.track, position_ms)
        ):
            self._rest(state.track, position_ms)

    def _keep_up(self) -> None:
        """The sound goes on: the next track is prepared, and the line follows a sound that drifts."""
        now_ms = self._line.now_ms
        if not self._engine.playing:
            if now_ms - self._played_ms > REST_DEVICE_AFTER_MS:
                self._engine.rest_device()
            return
        self._played_ms = now_ms
        self._prepare_next()
        off_ms = self._line.off_ms(self._engine.position_ms)
        if abs(off_ms) > REANCHOR_MS and now_ms - self._anchored_ms >= REANCHOR_EVERY_MS:
            self._written(self._line.advance, self._line.state.track, self._engine.position_ms)

    def _prepare_next(self) -> None:
        if self._line.duration_ms - self._engine.position_ms > PREPARE_NEXT_MS:
            return
        state = self._line.state
        track = following(self._line.order, state.track, state.repeat)
        found = self._library.tracks.get(track) if track else None
        if found and self._engine.next_track != found.id:
            self._engine.prepare_next(found.id, found.path)

    def _happened(self, event: Advanced | Ended | Failed) -> None:
        match event:
            case Advanced(track, ended, ended_ms):
                self._failed.clear()
                self._written(self._line.advance, track, self._engine.position_ms)
                self._say_if_cut_off(ended, ended_ms)
            case Failed(track, message):
                self._failed.add(track)
                self._go_on_after(track)
                self._say(message)
            case Ended(track, position_ms):
                self._go_on_after(track)
                self._say_if_cut_off(track, position_ms)

    def _go_on_after(self, track: str) -> None:
        order, here = self._line.order, self._library.tracks
        bad_file = track in self._failed
        follower = next_here(order, here, track, self._line.state.repeat, by_hand=bad_file)
        if follower is not None and not self._failed.issuperset(here):
            self._go_on(follower, 0.0)
        elif bad_file or not order or track not in here:
            self._rest(track, self._line.position_ms)
        else:
            self._rest(order[0], 0.0)

    def _say_if_cut_off(self, track: str, position_ms: float) -> None:
        notice = cut_off(self._library.tracks.get(track), position_ms)
        if notice:
            self._say(notice)

    # What others do

    def _give_way(self) -> None:
        """Its word may be known before anybody was told of it."""
        if self._engine.playing and not self._line.sounds_here:
            self._engine.pause()
            self._tell()

    def obey(self) -> None:
        """What others did to the line, or the SDK after a tunnel: the sound is made to fit, once."""
        self._give_way()
        obeyed = (self._line.sounds_here, self._line.now)
        if obeyed == self._obeyed or self.waking.looks:
            return
        self._obeyed = obeyed
        if self._line.sounds_here:
            self._obey_line(self._line.state)

    def _obey_line(self, state: Shared) -> None:
        position_ms = state.playhead.position_at(self._line.now_ms, self._line.duration_ms or None)
        found = self._library.tracks.get(state.track)
        if found is None:
            self._engine.pause()
            self._go_on_after(state.track)
            self._say(f"“{state.title or 'This track'}” is not on this device.")
            return
        same = self._engine.playing and state.track == self._engine.track
        if same and abs(position_ms - self._engine.position_ms) <= REANCHOR_MS:
            return
        if not self._engine.playing:
            self.loudness.begins()
        self._engine.load(state.track, found.path, position_ms, playing=True)

    # Parts of it

    def _sounds(self, track: str, position_ms: float, fade_ms: float = FADE_MS) -> bool:
        """Whether it can be played here; then it is."""
        found = self._library.tracks.get(track)
        if found is None:
            title, folder = (
                self._line.state.title if self._line.state.track == track else "",
                self._library.folder,
            )
            named = title or "A track that is not on this device"
            self._say(f"“{named}” is not on this device. Put its file into {folder}, and look again.")
            return False
        if found.duration_ms and position_ms >= found.duration_ms - 1:
            position_ms = 0.0
        self._say(None)
        self._engine.load(track, found.path, position_ms, playing=True, fade_ms=fade_ms)
        return True

    def _written(self, write: Write, track: str, position_ms: float) -> None:
        """The line is so now, by what was done here: the sound is so already."""
        self.waking.begin()
        self._anchored_ms = self._line.now_ms
        write(track, position_ms)
        self._obeyed = (self._line.sounds_here, self._line.now)
        self._tell()
