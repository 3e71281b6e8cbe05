"""Plays one track after the other, and knows to the millisecond which frame is being heard.

Commands come from the app's thread, files are opened on a loader's thread, blocks are pulled on the device's
thread; one lock, held for microseconds, guards what they share. Invariant: `position_ms` is the position of
the frames delivered before the last block, plus the time since then, and never more than that block.
"""

from __future__ import annotations

import math
import threading
import time
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from apps.player.audio.backend import AudioBackend, Blocks
from apps.player.audio.formats import AudioError
from apps.player.audio.gain import gain_of, mix_into, ramped
from apps.player.audio.source import CHANNELS, Source, open_file

FADE_MS = 10.0  # at each start, stop and seek: long enough to hide the click
HAND_OFF_FADE_MS = 600.0  # another room, another amplifier: come in gently


@dataclass(frozen=True, slots=True)
class Advanced:
    """`ended` ended at `ended_ms`, and `track`, which was prepared, went on without a gap."""

    track: str
    ended: str
    ended_ms: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The track ended at `position_ms`, and no next one was prepared."""

    track: str
    position_ms: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The track cannot be played; `message` is for the screen."""

    track: str
    message: str


Event = Advanced | Ended | Failed
Opener = Callable[[Path, float, int], Source]


@dataclass(slots=True)
class _Voice:
    """A source that sounds; counts are frames."""

    track: str
    source: Source
    start: int  # position of the source's first frame
    gain: float
    slope: float
    before: int = 0  # delivered before the last block
    last: int = 0  # delivered in the last block
    lead: int = 0  # frames of the last block that came before this voice


class Engine:
    """One deck. All methods return at once; what happens is told by `poll`."""

    def __init__(
        self,
        backend: AudioBackend,
        *,
        opener: Opener = open_file,
        clock: Callable[[], float] = time.monotonic,
        run: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._backend, self._opener, self._clock = backend, opener, clock
        self._loader = None if run else ThreadPoolExecutor(1, "player-loader")
        self._run = run or self._loader.submit  # type: ignore[union-attr]
        self._lock = threading.Lock()
        self._started = False
        self._events: list[Event] = []
        self._voice: _Voice | None = None
        self._next: _Voice | None = None
        self._next_file = Path()
        self._tail = array("f")
        self._pulled_at = 0.0
        self._longest_wait = 0.0  # between two blocks, since somebody asked
        self._target = gain_of(1.0)
        self._generation = 0  # a load that was overtaken by another command is dropped
        self._file: tuple[str, Path] | None = None
        self._playing = False
        self._resting_ms = 0.0

    @property
    def silent_because(self) -> str | None:
        return self._backend.silent_because

    @property
    def track(self) -> str | None:
        with self._lock:
            return self._file[0] if self._file else None

    @property
    def playing(self) -> bool:
        with self._lock:
            return self._playing

    @property
    def position_ms(self) -> float:
        """Where the sound is in the track, in ms."""
        with self._lock:
            return self._position_ms()

    @property
    def next_track(self) -> str | None:
        """The track that is prepared to follow without a gap."""
        with self._lock:
            return self._next.track if self._next else None

    def longest_wait_s(self) -> float:
        """The longest time between two blocks since the last call; infinite where none is being pulled."""
        with self._lock:
            longest, self._longest_wait = self._longest_wait, 0.0
            if self._voice is None or not self._started:
                return math.inf
            return max(longest, self._clock() - self._pulled_at)

    def set_volume(self, volume: float) -> None:
        """`volume` from 0 to 1; reached within a few ms."""
        with self._lock:
            self._target = gain_of(volume)

    def load(
        self, track: str, path: Path, position_ms: float, *, playing: bool, fade_ms: float = FADE_MS
    ) -> None:
        """Makes `path` the current track, at `position_ms`; opens it only if it is to play."""
        with self._lock:
            self._rest_at(position_ms)
            self._file, self._playing = (track, path), playing
            generation = self._generation
        if playing:
            self._run(lambda: self._open(generation, track, path, position_ms, fade_ms))

    def play(self, fade_ms: float = FADE_MS) -> None:
        """Plays on from where it rests."""
        with self._lock:
            file, position_ms = self._file, self._resting_ms
            if file is None or self._playing:
                return
        self.load(*file, position_ms, playing=True, fade_ms=fade_ms)

    def pause(self) -> None:
        """Stops; `position_ms` is from now on exactly where `play` goes on."""
        with self._lock:
            self._rest_at(self._position_ms())
            self._playing = False

    def seek(self, position_ms: float) -> None:
        with self._lock:
            file, playing = self._file, self._playing
        if file is not None:
            self.load(*file, position_ms, playing=playing)

    def prepare_next(self, track: str, path: Path) -> None:
        """Opens the track that follows, so that no sample of silence lies in between."""
        with self._lock:
            generation = self._generation
        self._run(lambda: self._open_next(generation, track, path))

    def forget_next(self) -> None:
        with self._lock:
            self._drop_next()

    def poll(self) -> list[Event]:
        """What happened since the last call, oldest first."""
        with self._lock:
            events, self._events = self._events, []
            return events

    def rest_device(self) -> None:
        """Gives the device back while nothing plays (a phone's battery notices)."""
        with self._lock:
            idle = self._started and not self._playing
            if idle:
                self._started = False
        if idle:
            self._backend.stop()

    def close(self) -> None:
        """Stops the sound and ends the threads."""
        with self._lock:
            self._rest_at(self._position_ms())
            self._playing = self._started = False
        if self._loader:
            self._loader.shutdown(cancel_futures=True)
        self._backend.stop()

    # Below: with the lock held, except for the two that open files.

    def _open(self, generation: int, track: str, path: Path, position_ms: float, fade_ms: float) -> None:
        if generation != self._generation:
            return
        rate = self._backend.sample_rate
        try:
            source = self._opener(path, position_ms, rate)
        except AudioError as error:
            with self._lock:
                if generation == self._generation:
                    self._playing = False
                    self._events.append(Failed(track, str(error)))
            return
        slope = 1.0 / max(1.0, fade_ms * rate / 1000)
        with self._lock:
            if generation != self._generation or not self._playing:
                source.close()
                return
            self._pulled_at = self._clock()
            self._voice = _Voice(track, source, round(position_ms * rate / 1000), 0.0, slope)
            start, self._started = not self._started, True
        if start:
            self._backend.start(self._blocks())

    def _open_next(self, generation: int, track: str, path: Path) -> None:
        try:
            source = self._opener(path, 0.0, self._backend.sample_rate)
        except AudioError:
            return  # said when its turn comes
        with self._lock:
            if generation != self._generation or self._voice is None:
                source.close()
                return
            self._drop_next()
            self._next, self._next_file = _Voice(track, source, 0, 0.0, self._voice.slope), path

    def _rest_at(self, position_ms: float) -> None:
        self._generation += 1
        self._resting_ms = max(0.0, position_ms)
        self._drop_next()
        if self._voice is not None:
            voice, self._voice = self._voice, None
            if not self._tail and voice.gain:
                samples = voice.source.read(round(FADE_MS * self._backend.sample_rate / 1000))
                slope = voice.gain / max(1, len(samples) // CHANNELS)
                self._tail, _ = ramped(samples, voice.gain, 0.0, slope)
            voice.source.close()

    def _drop_next(self) -> None:
        if self._next is not None:
            self._next.source.close()
            self._next = None

    def _position_ms(self) -> float:
        voice, rate = self._voice, self._backend.sample_rate
        if voice is None:
            return self._resting_ms
        since = (self._clock() - self._pulled_at) * rate - voice.lead
        return (voice.start + voice.before + min(max(since, 0.0), voice.last)) * 1000 / rate

    def _blocks(self) -> Blocks:
        frames = yield array("f")
        while True:
            with self._lock:
                block = self._block(frames)
            frames = yield block

    def _block(self, frames: int) -> array[float]:
        before, self._pulled_at = self._pulled_at, self._clock()
        self._longest_wait = max(self._longest_wait, self._pulled_at - before)
        block = array("f")
        if self._voice is not None:
            self._voice.before += self._voice.last
            self._voice.last = self._voice.lead = 0
        while self._voice is not None and len(block) < frames * CHANNELS:
            voice = self._voice
            filled = len(block) // CHANNELS
            samples = voice.source.read(frames - filled)
            voice.last += len(samples) // CHANNELS
            louder, voice.gain = ramped(samples, voice.gain, self._target, voice.slope)
            block.extend(louder)
            if len(block) < frames * CHANNELS:
                self._follow(voice, len(block) // CHANNELS)
        block.extend(array("f", bytes(4 * (frames * CHANNELS - len(block)))))
        if self._tail:
            self._tail = mix_into(block, self._tail)
        return block

    def _follow(self, ended: _Voice, lead: int) -> None:
        ended.source.close()
        following, self._next = self._next, None
        self._voice = following
        ended_ms = (ended.start + ended.before + ended.last) * 1000 / self._backend.sample_rate
        if following is None:
            self._resting_ms, self._playing = ended_ms, False
            self._events.append(Ended(ended.track, ended_ms))
            return
        following.gain, following.lead = ended.gain, lead
        self._file = (following.track, self._next_file)
        self._events.append(Advanced(following.track, ended.track, ended_ms))
