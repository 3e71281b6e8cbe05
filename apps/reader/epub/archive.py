"""The zip file of a book, read with suspicion.

Nothing is ever unpacked to disk. Invariant: no more than the limits below is held in memory, whatever the
file claims about itself.
"""

import posixpath
import stat
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from apps.reader.epub.errors import GET_ANOTHER_COPY, BookError

MAX_ENTRIES = 10_000
MAX_ENTRY_BYTES = 64 * 2**20  # a picture of 64 MB is none that a page needs
MAX_TOTAL_BYTES = 1024 * 2**20
MAX_RATIO = 200  # deflate of real books stays below 30; zeros reach 1000
RATIO_MATTERS_FROM = 4 * 2**20

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,  # UnicodeDecodeError, for a name that is none
)
"""What zipfile raises for an entry that is not as the directory says."""


class Archive:
    """The entries of a zip file by name. One thread at a time. Raises BookError when it is none, or
    unsafe."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise BookError(
                f"“{path.name}” is not there any more.", "Put the file back, or open another book."
            ) from None
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            if path.stat().st_size == 0:
                raise BookError(
                    f"“{path.name}” is empty: there is nothing in it.", GET_ANOTHER_COPY
                ) from None
            raise BookError(
                f"“{path.name}” is not an EPUB file: it is no zip archive, or a damaged one.",
                GET_ANOTHER_COPY,
            ) from None
        except OSError as error:
            raise BookError(
                f"“{path.name}” cannot be read: {error.strerror or error}.",
                "Check that it is a file that you may read.",
            ) from None
        try:
            self._infos = self._checked(self._zip.infolist())
        except BookError:
            self._zip.close()
            raise
        self._folded = {_folded(name): name for name in reversed(self._infos)}  # of two, the first one

    def _checked(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        bomb = (
            "It would fill the memory of this device: do not open it; get the book from a source you trust."
        )
        if len(infos) > MAX_ENTRIES:
            raise BookError(f"“{self._name}” has {len(infos)} entries, more than a book needs.", bomb)
        for info in infos:
            path = PurePosixPath(info.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or (path.parts[:1] and ":" in path.parts[0][:2]):
                raise BookError(
                    f"“{self._name}” has an entry that points outside of the book: {info.filename}.",
                    "Such a file was made with bad intent: get the book from a source you trust.",
                )
            if stat.S_ISLNK(info.external_attr >> 16):
                raise BookError(
                    f"“{self._name}” has a link to another file in it: {info.filename}.", GET_ANOTHER_COPY
                )
            packed_hard = info.file_size > MAX_RATIO * max(1, info.compress_size)
            if info.file_size > MAX_ENTRY_BYTES or (info.file_size > RATIO_MATTERS_FROM and packed_hard):
                raise BookError(
                    f"“{self._name}” is a zip bomb: {info.filename} unpacks to {info.file_size} bytes.", bomb
                )
        total = sum(info.file_size for info in infos)
        if total > MAX_TOTAL_BYTES:
            raise BookError(f"“{self._name}” is a zip bomb: it unpacks to {total} bytes.", bomb)
        return {info.filename: info for info in infos if info.filename and not info.is_dir()}

    @property
    def names(self) -> list[str]:
        return list(self._infos)

    def find(self, name: str) -> str | None:
        """The entry that `name` means: as it stands, percent-decoded, or as another system would write it
        (its case, its slashes, its accents); None if there is none."""
        for candidate in (name, unquote(name)):
            if candidate in self._infos:
                return candidate
        return self._folded.get(_folded(unquote(name)))

    def is_locked(self, name: str) -> bool:
        """Is there such an entry, and a password needed to read it?"""
        found = self.find(name)
        return found is not None and bool(self._infos[found].flag_bits & 1)

    def refuse_locked(self) -> BookError:
        """What to say when something without which there is no book is locked."""
        return BookError(
            f"“{self._name}” is locked with a password.", "Unlock it with the program that it came with."
        )

    def read(self, name: str) -> bytes | None:
        """The bytes of an entry; None if there is none of that name, or it is locked, damaged, or larger than
        it says."""
        found = self.find(name)
        if found is None:
            return None
        info = self._infos[found]
        try:
            with self._zip.open(info) as entry:
                data = entry.read(MAX_ENTRY_BYTES + 1)
        except _DAMAGE:
            return None
        return data if len(data) <= MAX_ENTRY_BYTES else None

    def close(self) -> None:
        self._zip.close()


def _folded(name: str) -> str:
    """What is left of a name when systems disagree about how to write it."""
    plain = posixpath.normpath(name.replace("\\", "/")).lstrip("/")
    return unicodedata.normalize("NFC", plain).casefold()
