"""What fuzzing found, each as a claim that held not."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

from apps.player.tags import read_tags
from apps.reader.epub import open_book
from tests.fuzz.seeds import BOOK
from tests.fuzz.targets import PARTS


def book_file(path: Path, **parts: bytes | None) -> Path:
    """The small book of the seeds with some parts replaced, or (None) left out."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in zip(PARTS, BOOK, strict=True):
            part = parts.get(Path(name).stem, content)
            if part is not None:
                archive.writestr(zipfile.ZipInfo(name), part)
    return path


def test_a_book_without_contents_may_lack_a_chapter(tmp_path: Path) -> None:
    """Contents made of the chapters, and a missing chapter named by the contents: they once asked each
    other without end."""
    book = open_book(book_file(tmp_path / "a.epub", nav=None, toc=None, two=None))
    assert list(book.hrefs) == [entry.target for entry in book.contents]
    assert "missing" in book.text("OEBPS/two.xhtml")


def test_a_zip_entry_without_a_name_is_passed_over(tmp_path: Path) -> None:
    """A zip file may hold an entry whose name is empty."""
    path = book_file(tmp_path / "a.epub")
    packed = path.read_bytes().replace(b"OEBPS/cover.png", b"\0EBPS/cover.png")
    path.write_bytes(packed)  # a name ends at its first zero
    assert 2 == len(open_book(path).hrefs)


def test_a_flac_file_with_a_rate_of_zero_is_a_track(tmp_path: Path) -> None:
    """A stream that claims 0 samples a second has no duration, and is no division by zero."""
    path = tmp_path / "a.flac"
    comment = struct.pack("<I", 3) + b"abc" + struct.pack("<I", 0)
    path.write_bytes(b"fLaC\0\0\0\x22" + bytes(34) + b"\x84" + len(comment).to_bytes(3, "big") + comment)
    assert ("a", 0.0) == ((tags := read_tags(path)).title, tags.duration_ms)
