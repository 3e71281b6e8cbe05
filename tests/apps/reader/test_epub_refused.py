"""The EPUB reader: what is said about files that are no sound books."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from apps.reader.epub import BookError, open_book
from apps.reader.epub import archive as limits
from tests.apps.reader.making import make_epub


def refused(path: Path) -> BookError:
    with pytest.raises(BookError) as caught:
        open_book(path)
    error = caught.value
    assert path.name in error.what or path.name in str(error)
    assert error.what.endswith(".") and error.what_to_do.endswith(".")
    return error


def test_not_a_zip(tmp_path: Path) -> None:
    """A file that is no zip is refused as what it is not."""
    path = tmp_path / "a.epub"
    path.write_bytes(b"%PDF-1.7 something else")
    assert "no zip" in refused(path).what


def test_a_zip_cut_short(tmp_path: Path) -> None:
    """A download that broke off is refused, and told to be got again."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>words</p>"})
    path.write_bytes(path.read_bytes()[:-200])
    assert "again" in refused(path).what_to_do


def test_not_an_epub(tmp_path: Path) -> None:
    """A zip without a package is no book."""
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    assert "not an EPUB" in refused(path).what


def test_a_broken_package(tmp_path: Path) -> None:
    """A package that cannot be read is named."""
    assert (
        "broken" in refused(make_epub(tmp_path / "a.epub", {}, {"OPS/package.opf": "<package><oops>"})).what
    )


def test_no_file(tmp_path: Path) -> None:
    """A file that vanished is said to have."""
    assert "not there" in refused(tmp_path / "gone.epub").what


def test_a_folder(tmp_path: Path) -> None:
    """A folder is no book, and no traceback."""
    (tmp_path / "a.epub").mkdir()
    assert "cannot be read" in refused(tmp_path / "a.epub").what


ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="{}"/>'
    "</EncryptedData></encryption>"
)


def test_drm(tmp_path: Path) -> None:
    """A book whose pages are encrypted is said to be locked; the message is no riddle about markup."""
    encryption = ENCRYPTION.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"META-INF/encryption.xml": encryption})
    assert "DRM" in refused(path).what


@pytest.mark.parametrize(
    "algorithm", ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"]
)
def test_obfuscated_fonts_are_no_drm(tmp_path: Path, algorithm: str) -> None:
    """A book that only hides its typefaces can be read."""
    encryption = ENCRYPTION.format(algorithm)
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"META-INF/encryption.xml": encryption})
    assert "a\n" == open_book(path).text("OPS/one.xhtml")


@pytest.mark.parametrize("name", ["../evil.xhtml", "/etc/passwd", "OPS/../../evil", "..\\evil", "C:/evil"])
def test_entries_outside_of_the_book(tmp_path: Path, name: str) -> None:
    """An entry that points out of the archive makes the whole file suspect."""
    assert "outside" in refused(make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {name: "x"})).what


def test_a_zip_bomb(tmp_path: Path) -> None:
    """An entry that unpacks to a thousand times its size is refused before it is unpacked."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"OPS/x.css": b"\0" * 12_000_000})
    assert "zip bomb" in refused(path).what


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    """An entry that claims to be small is not unpacked beyond what it claims."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"OPS/two.xhtml": b" " * 3_000_000})
    raw = path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 100))
    path.write_bytes(raw)
    book = open_book(path)
    assert book._archive.read("OPS/two.xhtml") is None


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with more entries than any book is refused."""
    monkeypatch.setattr(limits, "MAX_ENTRIES", 3)
    assert "entries" in refused(make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"})).what


def test_too_large_in_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many entries that are each just small enough are too much together."""
    monkeypatch.setattr(limits, "MAX_TOTAL_BYTES", 1000)
    assert (
        "zip bomb"
        in refused(make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"}, {"x": "y" * 990})).what
    )


def test_an_empty_book(tmp_path: Path) -> None:
    """A book without chapters, without their files, or without a word in them is empty, and said to be."""
    assert "no chapters" in refused(make_epub(tmp_path / "a.epub", {})).what
    none = make_epub(tmp_path / "b.epub", {"one.xhtml": ""}, {"OPS/one.xhtml": None})
    assert "none of them" in refused(none).what
    assert "not a word" in refused(make_epub(tmp_path / "c.epub", {"one.xhtml": "<p> </p>"})).what


def test_encrypted_zip(tmp_path: Path) -> None:
    """A zip with a password is said to be locked."""
    path = make_epub(tmp_path / "a.epub", {"one.xhtml": "<p>a</p>"})
    raw = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = raw.find(signature)
        while start >= 0:
            raw[start + flags] |= 1
            start = raw.find(signature, start + 4)
    path.write_bytes(raw)
    assert "password" in refused(path).what
