"""The tracks in one folder: found, identified and described; remembered, so that a start needs no scan.

`scan` runs on a thread of its own; `Library` is used on the app's thread, to which `deliver` brings the news.
Invariant: one bad file costs one message, never the scan.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from apps.common.whole import whole
from apps.player.audio.backend import SAMPLE_RATE
from apps.player.audio.formats import FOREIGN_SUFFIXES, SUFFIXES, AudioError, name_of
from apps.player.audio.source import FileSource
from apps.player.identity import track_id
from apps.player.tags import read_tags

_INDEX_VERSION = 1
TELL_EVERY_S = 0.5  # whoever watches a list grow sees no more, and each time it is laid out anew


@dataclass(frozen=True, slots=True)
class Track:
    """One recording on this device."""

    id: str
    path: Path
    title: str
    artist: str
    album: str
    number: int
    duration_ms: float


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that is not in the library, and why, for the screen."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found at a path; good while size and time of change are the same."""

    size: int
    changed_ns: int
    track: Track


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is; `finished` comes once, last."""

    done: int
    total: int
    finished: bool = False


def audio_paths(folder: Path) -> list[Path]:
    """All files under `folder` that look like audio, in the order of their names."""
    paths = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(path for path in paths if path.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES)


def examine(path: Path) -> Track | Problem:
    """The track in `path`, or why there is none."""
    try:
        identity = track_id(path)
        source = FileSource(path, 0, SAMPLE_RATE)
        sounds = len(source.read(1)) > 0
        source.close()
        if not sounds:
            return Problem(path, f"“{name_of(path)}” holds no sound. It may be damaged: copy it again.")
        return Track(identity, path, **asdict(read_tags(path)))
    except AudioError as error:
        return Problem(path, str(error))
    except OSError as error:
        return Problem(path, f"“{name_of(path)}” cannot be read: {error.strerror or error}.")
    except Exception as error:  # noqa: BLE001 - of what a decoder raises, too, one file costs one message
        return Problem(
            path,
            f"“{name_of(path)}” cannot be read ({type(error).__name__}). It may be damaged: copy it again.",
        )


class Library:
    """The tracks of `folder` by id; `index_file` remembers them between starts."""

    def __init__(
        self,
        folder: Path,
        index_file: Path,
        deliver: Callable[[Callable[[], None]], None] = lambda call: call(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds: news of a scan is told every `TELL_EVERY_S` by it."""
        self.folder = folder
        self.problems: tuple[Problem, ...] = ()
        self.progress = Progress(0, 0)
        self.on_change: Callable[[], None] = lambda: None
        self._index_file, self._deliver, self._clock = index_file, deliver, clock
        self._seen = _read_index(index_file)
        self._tracks: Mapping[str, Track] = _by_id(self._seen.values())
        self._news: News | None = None  # the newest that was not told yet
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def tracks(self) -> Mapping[str, Track]:
        """By id, in the order of album, number and path; another mapping as soon as there is any change."""
        return self._tracks

    @property
    def message(self) -> str | None:
        """What to say when there is nothing to play."""
        if not self.folder.is_dir():
            return f"There is no folder {self.folder}. Start the player with a folder that holds music."
        if self.progress.finished and not self._tracks:
            return f"No music in {self.folder}. Put wav, flac, mp3 or ogg files there, and look again."
        return None

    def start_scan(self) -> None:
        """Scans in the background; `on_change` is called through `deliver` as it goes."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._scan, name="player-scan", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def _scan(self) -> None:
        seen: Mapping[Path, _Seen] = {}
        for news in scan(self.folder, self._seen, self._clock):
            if self._closing.is_set():
                return
            seen = news.seen
            self._bring(news)
        _write_index(self._index_file, seen)

    def _bring(self, news: News) -> None:
        """To the app's thread. One that is behind gets the newest alone, not all that it has missed."""
        with self._lock:
            waiting, self._news = self._news is not None, news
        if not waiting:
            self._deliver(self._take)

    def _take(self) -> None:
        with self._lock:
            news, self._news = self._news, None
        if news is None:
            return
        self.problems, self.progress = news.problems, news.progress
        if news.progress.finished:
            self._seen = dict(news.seen)
        if list(news.tracks.items()) != list(self._tracks.items()):
            self._tracks = news.tracks
        self.on_change()


@dataclass(frozen=True, slots=True)
class News:
    """What a scan knows so far; `tracks` as the library shows them, sorted where nobody waits for it."""

    seen: Mapping[Path, _Seen]
    tracks: Mapping[str, Track]
    problems: tuple[Problem, ...]
    progress: Progress


def scan(
    folder: Path, known: Mapping[Path, _Seen], clock: Callable[[], float] = time.monotonic
) -> Iterator[News]:
    """Examines what is new or changed under `folder`; yields what is known so far, now and then."""
    paths = audio_paths(folder)
    seen: dict[Path, _Seen] = {}
    problems: list[Problem] = []
    told_s = clock()
    for done, path in enumerate(paths, 1):
        _look_at(path, known.get(path), seen, problems)
        if clock() - told_s >= TELL_EVERY_S:
            # Until the end is known nothing is taken away.
            tracks = _by_id([*known.values(), *seen.values()])
            yield News(dict(seen), tracks, tuple(problems), Progress(done, len(paths)))
            told_s = clock()
    progress = Progress(len(paths), len(paths), finished=True)
    yield News(seen, _by_id(seen.values()), tuple(problems), progress)


def _look_at(path: Path, before: _Seen | None, seen: dict[Path, _Seen], problems: list[Problem]) -> None:
    try:
        stat = path.stat()
    except OSError:
        return  # gone meanwhile
    if before and (before.size, before.changed_ns) == (stat.st_size, stat.st_mtime_ns):
        seen[path] = before
        return
    match examine(path):
        case Track() as track:
            seen[path] = _Seen(stat.st_size, stat.st_mtime_ns, track)
        case Problem() as problem:
            problems.append(problem)


def _by_id(seen: Iterable[_Seen]) -> dict[str, Track]:
    ordered = sorted((entry.track for entry in seen), key=lambda t: (t.album.lower(), t.number, str(t.path)))
    tracks: dict[str, Track] = {}
    for track in ordered:
        tracks.setdefault(track.id, track)  # a copy in another folder is the same track
    return tracks


def _read_index(path: Path) -> dict[Path, _Seen]:
    try:
        index = json.loads(path.read_text("utf-8"))
        if index["version"] != _INDEX_VERSION:
            return {}
        entries = [_Seen(int(e["size"]), int(e["changed_ns"]), _track(e["track"])) for e in index["files"]]
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return {}  # it only saves time: the scan finds everything again
    return {entry.track.path: entry for entry in entries}


def _track(kept: Mapping[str, Any]) -> Track:
    """A track as the index has it. Raises what `_read_index` catches for one that no scan has written."""
    track = Track(**{**kept, "path": Path(kept["path"])})
    words = (track.id, track.title, track.artist, track.album)
    if not all(isinstance(word, str) for word in words) or not isinstance(track.number, int):
        raise ValueError("a word that is none, or a number")
    if not (isinstance(track.duration_ms, (int, float)) and 0 <= track.duration_ms < math.inf):
        raise ValueError("a duration that is none")
    return track


def _write_index(path: Path, seen: Mapping[Path, _Seen]) -> None:
    files = [
        {"size": e.size, "changed_ns": e.changed_ns, "track": {**asdict(e.track), "path": str(e.track.path)}}
        for e in seen.values()
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as half:
            half.write_text(json.dumps({"version": _INDEX_VERSION, "files": files}), "utf-8")
    except OSError:
        return  # a full or read-only disk: the next start scans again
