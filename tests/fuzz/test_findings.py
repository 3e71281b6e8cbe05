"""What fuzzing found, each as a claim that held not."""

from __future__ import annotations

import math
import struct
import zipfile
from pathlib import Path
from typing import Any

from apps.player.tags import read_tags
from apps.reader.epub import open_book
from apps.reader.epub.chapter import read_chapter
from dalsegno._core import adoption, document_serializer, replica
from dalsegno._core.document import NO_STAMP, Document
from dalsegno._core.messages import Snapshot
from dalsegno._core.types import Micros, SessionId
from tests.fuzz.files import PARTS
from tests.fuzz.seeds import BOOK
from tests.fuzz.targets import Everything
from tests.support.living_server import written


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


def test_a_value_that_is_no_number_is_told_once() -> None:
    """Another client writes NaN, which is not equal to itself: the same document again is no change."""
    fields: dict[str, Any] = {**written(count=math.nan, text="a"), "schema": "reading/1"}
    document = document_serializer.decode(
        Snapshot(("sessions", "moby"), fields, Micros(1_700_000_000_000_000))
    )
    again: dict[str, Any] = {**fields, "state": {"count": -math.nan, "text": "a"}}
    echo = document_serializer.decode(Snapshot(("sessions", "moby"), again, Micros(1_700_000_000_000_001)))
    assert isinstance(document, Document)
    assert isinstance(echo, Document)
    origin = replica.origin_of(1, 0.0, True, NO_STAMP)
    empty = replica.Replica(SessionId("moby"), Everything.__schema__)
    first = adoption.adopt(empty, document, origin).replica
    assert {"count", "text"} == replica.changed_fields(empty, first)
    assert set() == replica.changed_fields(first, adoption.adopt(first, echo, origin).replica)


def test_a_zip_entry_whose_own_name_is_no_text_is_damaged_not_fatal(tmp_path: Path) -> None:
    """The name in front of an entry is no UTF-8, though the directory's is: that entry cannot be read."""
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in zip(PARTS, BOOK, strict=True):
            archive.writestr(name.replace("two", "zwö"), content.replace(b"two", "zwö".encode()))
    packed = path.read_bytes()
    at = packed.index("OEBPS/zwö".encode()) + 6  # the first is the entry's own
    path.write_bytes(packed[: at + 2] + b"\xff\xff" + packed[at + 4 :])
    assert "missing" in open_book(path).text("OEBPS/zwö.xhtml")


def test_a_declaration_of_no_known_kind_is_passed_over() -> None:
    """`<![` followed by nonsense, in markup that is broken anyway: the words around it are read."""
    chapter = read_chapter("one.xhtml", b"<p>before<![OCTYPE<)-->after<p>and on")
    assert "beforeafter\nand on\n" == chapter.text
