"""The library: a folder with EPUB files in it.

Kivy-free, network-free; one thread at a time. Invariant: a file that is no book never gets in, and what was
put there by hand is never changed.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from apps.reader.epub import BookError, Image, open_book


@dataclass(frozen=True, slots=True)
class Volume:
    """A book on the shelf."""

    id: str
    path: Path
    title: str
    author: str
    cover: Image | None


@dataclass(frozen=True, slots=True)
class Misfit:
    """A file on the shelf that is no book that can be read, and why."""

    path: Path
    error: BookError


class Shelf:
    """The books in `folder`, which is made when the first one is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[tuple[Path, int, int], Volume | Misfit] = {}

    def volumes(self) -> list[Volume]:
        """All books that can be read, by title; each once, however many copies there are."""
        found = {each.id: each for each in self._scan() if isinstance(each, Volume)}
        return sorted(found.values(), key=lambda volume: volume.title.casefold())

    def misfits(self) -> list[Misfit]:
        return [each for each in self._scan() if isinstance(each, Misfit)]

    def _scan(self) -> list[Volume | Misfit]:
        try:
            paths = sorted(path for path in self.folder.iterdir() if path.suffix.lower() == ".epub")
        except OSError:
            return []  # no shelf yet
        found = [self._look(path) for path in paths]
        return [each for each in found if each is not None]

    def _look(self, path: Path) -> Volume | Misfit | None:
        try:
            stat = path.stat()
        except OSError:
            return None
        key = path, stat.st_size, stat.st_mtime_ns
        if key not in self._known:
            try:
                self._known[key] = _volume(path)
            except BookError as error:
                self._known[key] = Misfit(path, error)
        return self._known[key]

    def find(self, identity: str) -> Volume | None:
        return next((volume for volume in self.volumes() if volume.id == identity), None)

    def add(self, path: Path) -> Volume:
        """Copy a book to the shelf, unless it is there; BookError says why a file is none, or cannot be
        copied."""
        volume = _volume(path)
        there = self.find(volume.id)
        if there is not None:
            return there
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            target = self._free_name(path)
            with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as part:
                part_path = Path(part.name)
            try:
                shutil.copyfile(path, part_path)
                part_path.replace(target)
            finally:
                part_path.unlink(missing_ok=True)
        except OSError as error:
            raise BookError(
                f"“{path.name}” cannot be copied into the library: {error.strerror or error}.",
                f"Make room on the disk, or check that {self.folder} may be written to.",
            ) from None
        return Volume(volume.id, target, volume.title, volume.author, volume.cover)

    def _free_name(self, path: Path) -> Path:
        target, number = self.folder / path.with_suffix(".epub").name, 2
        while target.exists():
            target = self.folder / f"{path.stem} {number}.epub"
            number += 1
        return target


def _volume(path: Path) -> Volume:
    book = open_book(path)
    try:
        return Volume(book.id, path, book.title, book.author, book.cover)
    finally:
        book.close()
