"""The tracks in one folder: found, identified and described; remembered, so that a start needs no scan.

`scan` runs on a thread of its own; `Library` is used on the app's thread, to which `deliver` brings the news.
Invariant: one bad file costs one message, never the scan.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from apps.common.whole import whole
from apps.player.audio.backend import SAMPLE_RATE
from apps.player.audio.formats import FOREIGN_SUFFIXES, SUFFIXES, AudioError, name_of
from apps.player.audio.source import FileSource
from apps.player.identity import track_id
from apps.player.tags import read_tags

_INDEX_VERSION = 1


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
    ) -> None:
        self.folder = folder
        self.problems: tuple[Problem, ...] = ()
        self.progress = Progress(0, 0)
        self.on_change: Callable[[], None] = lambda: None
        self._index_file, self._deliver = index_file, deliver
        self._seen = _read_index(index_file)
        self._tracks = _by_id(self._seen.values())
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def tracks(self) -> Mapping[str, Track]:
        """By id, in the order of album, number and path."""
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
        for seen, problems, progress in scan(self.folder, self._seen):
            if self._closing.is_set():
                return
            self._deliver(lambda found=(seen, problems, progress): self._take(*found))
        _write_index(self._index_file, seen)

    def _take(self, seen: Mapping[Path, _Seen], problems: tuple[Problem, ...], progress: Progress) -> None:
        self.problems, self.progress = problems, progress
        if progress.finished:
            self._seen = dict(seen)
            self._tracks = _by_id(seen.values())
        else:  # until the end is known nothing is taken away
            self._tracks = _by_id([*self._seen.values(), *seen.values()])
        self.on_change()


def scan(
    folder: Path, known: Mapping[Path, _Seen]
) -> Iterator[tuple[Mapping[Path, _Seen], tuple[Problem, ...], Progress]]:
    """Examines what is new or changed under `folder`; yields what is known so far."""
    paths = audio_paths(folder)
    seen: dict[Path, _Seen] = {}
    problems: list[Problem] = []
    for done, path in enumerate(paths, 1):
        try:
            stat = path.stat()
        except OSError:
            continue
        before = known.get(path)
        if before and (before.size, before.changed_ns) == (stat.st_size, stat.st_mtime_ns):
            seen[path] = before
        else:
            match examine(path):
                case Track() as track:
                    seen[path] = _Seen(stat.st_size, stat.st_mtime_ns, track)
                case Problem() as problem:
                    problems.append(problem)
        if done % 20 == 0:
            yield dict(seen), tuple(problems), Progress(done, len(paths))
    yield seen, tuple(problems), Progress(len(paths), len(paths), finished=True)


def _by_id(seen: Iterator[_Seen] | list[_Seen]) -> dict[str, Track]:
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
        entries = [_Seen(e["size"], e["changed_ns"], Track(**e["track"])) for e in index["files"]]
        entries = [
            replace(entry, track=replace(entry.track, path=Path(entry.track.path))) for entry in entries
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return {}  # it only saves time: the scan finds everything again
    return {entry.track.path: entry for entry in entries}


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
