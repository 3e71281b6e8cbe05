"""The library: a folder with EPUB files in it.

Kivy-free, network-free; one thread at a time. Invariants: a file that is no book never gets in, and what was
put there by hand is never changed; a file is read once, and covers are not kept.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import monotonic

from apps.common.whole import whole
from apps.reader.epub import BookError, Image, open_book


@dataclass(frozen=True, slots=True)
class Volume:
    """A book on the shelf."""

    id: str
    path: Path
    title: str
    author: str

    def cover(self) -> Image | None:
        """Its cover, read anew: a whole library of them is too much to keep."""
        try:
            book = open_book(self.path)
        except (BookError, OSError):
            return None  # gone, or changed meanwhile
        try:
            return book.cover
        finally:
            book.close()


@dataclass(frozen=True, slots=True)
class Misfit:
    """A file on the shelf that is no book that can be read, and why."""

    path: Path
    error: BookError


_File = tuple[Path, int, int]


class Shelf:
    """The books in `folder`, which is made when the first one is put there; `look` finds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[_File, Volume | Misfit] = {}

    def volumes(self) -> list[Volume]:
        """All books that have been looked at and can be read, by title; each once, however many copies there
        are."""
        found = {each.id: each for each in self._looked_at() if isinstance(each, Volume)}
        return sorted(found.values(), key=lambda volume: volume.title.casefold())

    def misfits(self) -> list[Misfit]:
        return [each for each in self._looked_at() if isinstance(each, Misfit)]

    def look(self, for_s: float = inf) -> bool:
        """Look at files that are new or changed, for about so long; True once all are known."""
        until_s, files = monotonic() + for_s, self._files()
        for key in files:
            if key not in self._known:
                self._look(key)
                if monotonic() >= until_s:
                    break
        return all(key in self._known for key in files)

    def _look(self, key: _File) -> None:
        path = key[0]
        try:
            self._known[key] = _volume(path)
        except BookError as error:
            self._known[key] = Misfit(path, error)

    def _looked_at(self) -> list[Volume | Misfit]:
        return [self._known[key] for key in self._files() if key in self._known]

    def _files(self) -> list[_File]:
        """What there is now, by name: path, size and time of change."""
        files: list[_File] = []
        try:
            for entry in os.scandir(self.folder):
                if entry.name.lower().endswith(".epub"):
                    with suppress(OSError):  # gone meanwhile, or a link to nowhere
                        stat = entry.stat()
                        files.append((Path(entry.path), stat.st_size, stat.st_mtime_ns))
        except OSError:
            return []  # no shelf yet
        return sorted(files)

    def find(self, identity: str) -> Volume | None:
        return next((volume for volume in self.volumes() if volume.id == identity), None)

    def _copy_of(self, volume: Volume) -> Volume | None:
        """The same book, if it is there already; only files of its size need to be looked at."""
        size = volume.path.stat().st_size
        for key in self._files():
            if key[1] == size and key not in self._known:
                self._look(key)
        return self.find(volume.id)

    def add(self, path: Path) -> Volume:
        """Copy a book to the shelf, unless it is there; BookError says why a file is none, or cannot be
        copied."""
        volume = _volume(path)
        try:
            there = self._copy_of(volume)
            if there is not None:
                return there
            self.folder.mkdir(parents=True, exist_ok=True)
            target = self._free_name(path)
            with whole(target) as half:
                shutil.copyfile(path, half)
        except OSError as error:
            raise BookError(
                f"“{path.name}” cannot be copied into the library: {error.strerror or error}.",
                f"Make room on the disk, or check that {self.folder} may be written to.",
            ) from None
        added = Volume(volume.id, target, volume.title, volume.author)
        self._known.update((key, added) for key in self._files() if key[0] == target)
        return added

    def _free_name(self, path: Path) -> Path:
        target, number = self.folder / path.with_suffix(".epub").name, 2
        while target.exists():
            target = self.folder / f"{path.stem} {number}.epub"
            number += 1
        return target


def _volume(path: Path) -> Volume:
    book = open_book(path)
    try:
        return Volume(book.id, path, book.title, book.author)
    finally:
        book.close()
