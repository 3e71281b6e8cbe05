"""Where the fuzzer begins: one or a few sound inputs for each target, and what it found before.

`corpus/<target>.txt` holds what earlier runs found worth keeping: one input a line, in base64.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dalsegno._core.types import Micros
from dalsegno._remote import protos
from dalsegno._remote.serializer import encode_fields, set_micros
from tests.fuzz.files import PARTS, SEPARATOR, SUFFIXES
from tests.fuzz.targets import NAMES
from tests.support.living_server import written

CORPUS = Path(__file__).parent / "corpus"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 3, 4) + b"\x08\x02\0\0\0"

CONTAINER = b"""<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
PACKAGE = b"""<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata>
<dc:title xmlns:dc="http://purl.org/dc/elements/1.1/">A</dc:title></metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="c" href="cover.png" media-type="image/png" properties="cover-image"/>
<item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>
<item id="two" href="two.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine toc="ncx"><itemref idref="one"/><itemref idref="two"/></spine></package>"""
NAV = b"""<html xmlns="http://www.w3.org/1999/xhtml"><body><nav epub:type="toc"
 xmlns:epub="http://www.idpf.org/2007/ops"><ol><li>
<a href="one.xhtml#p">One</a></li></ol></nav></body></html>"""
NCX = b"""<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>One</text>
</navLabel><content src="one.xhtml"/></navPoint></navMap></ncx>"""
CHAPTER = b"""<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>One</title></head>
<body><h1 id="p">One&nbsp;&#8212;</h1><p style="text-align: center">
It <i>was</i> <a href="two.xhtml">bright</a>.<br/></p><ul><li>A</li></ul><pre> x
 y</pre><table><tr><td>1</td></tr></table><img src="cover.png" alt="c"/></body></html>"""
BOOK = (CONTAINER, PACKAGE, NAV, NCX, CHAPTER, CHAPTER, PNG)


def seeds(target: str) -> list[bytes]:
    """Sound inputs, and the kept ones."""
    return [*_SOUND[target](), *kept(target)]


def kept(target: str) -> list[bytes]:
    path = CORPUS / f"{target}.txt"
    return [base64.b64decode(line) for line in path.read_text().split()] if path.exists() else []


def keep(target: str, inputs: Iterable[bytes]) -> None:
    """Writes what is to be kept, in an order that does not depend on the run."""
    lines = sorted({base64.b64encode(each).decode() for each in inputs}, key=lambda line: (len(line), line))
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{target}.txt").write_text("".join(f"{line}\n" for line in lines))


def _document() -> bytes:
    response = protos.ListenResponse()
    document = response.document_change.document
    document.name = NAMES.name(("sessions", "moby"))
    encode_fields(document.fields, written(place=_locator(), furthest=0.5, count=3, text="a"))
    set_micros(document.update_time, Micros(1_700_000_000_000_000))
    response.document_change.target_ids.append(1)
    return bytes(response.SerializeToString())


def _listen() -> Iterator[bytes]:
    yield _document()
    change = protos.ListenResponse()
    change.target_change.target_change_type = 2
    change.target_change.target_ids.append(1)
    change.target_change.resume_token = b"token"
    change.target_change.cause.code = 7
    change.target_change.cause.message = "denied"
    set_micros(change.target_change.read_time, Micros(5))
    yield change.SerializeToString()
    for kind in ("document_delete", "document_remove"):
        gone = protos.ListenResponse()
        getattr(gone, kind).document = NAMES.name(("sessions", "moby"))
        getattr(gone, kind).removed_target_ids.append(1)
        yield gone.SerializeToString()
    counted = protos.ListenResponse()
    counted.filter.target_id, counted.filter.count = 1, 1
    yield counted.SerializeToString()


def _read() -> Iterator[bytes]:
    answer = protos.BatchGetDocumentsResponse()
    answer.found.CopyFrom(protos.ListenResponse.FromString(_document()).document_change.document)
    set_micros(answer.read_time, Micros(5))
    yield answer.SerializeToString()
    answer.missing = NAMES.name(("sessions", "moby"))
    yield answer.SerializeToString()


def _locator() -> dict[str, Any]:
    return {
        "href": "one",
        "type": "application/xhtml+xml",
        "locations": {"progression": 0.5, "totalProgression": 0.25, "position": 2, "fragments": ["t=1.5"]},
        "text": {"before": "a ", "highlight": "bright cold day", "after": "."},
    }


def _book_file() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in zip(PARTS, BOOK, strict=True):
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _images() -> Iterator[bytes]:
    yield PNG
    yield b"GIF89a" + struct.pack("<HH", 3, 4)
    yield b"BM" + bytes(16) + struct.pack("<ii", 3, -4)
    yield b"RIFF\0\0\0\0WEBPVP8X" + bytes(14)
    yield b"RIFF\0\0\0\0WEBPVP8L" + bytes(14)
    yield b"RIFF\0\0\0\0WEBPVP8 " + bytes(18)
    yield b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\0\x04\0\x03" + bytes(9)


def _tracks() -> Iterator[bytes]:
    """The head of a file of each format; the first byte chooses the name's end."""
    frame = b"\xff\xfb\x90\x64" + bytes(413)
    comment = struct.pack("<I", 3) + b"abc" + struct.pack("<II", 1, 7) + b"TITLE=a"
    for number, content in enumerate(
        (
            b"ID3\x03\0\0\0\0\0\x15" + b"TIT2\0\0\0\x05\0\0\0Moby" + bytes(6) + frame * 3,
            b"fLaC\0\0\0\x22" + bytes(34) + b"\x84" + len(comment).to_bytes(3, "big") + comment,
            b"OggS\0\x02" + bytes(20) + b"\x01\x1e\x01vorbis" + bytes(23),
            b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0"
            b"\x88\x58\x01\0\x02\0\x10\0data\x08\0\0\0" + bytes(8),
            b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\x28moov\0\0\0\x20udta"
            b"\0\0\0\x18meta\0\0\0\0\0\0\0\x0cilst" + bytes(12),
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c" + bytes(32),
            b"FORM\0\0\0\x2eAIFFCOMM\0\0\0\x12\0\x01\0\0\0\x04\0\x10\x40\x0e\xac\x44" + bytes(16),
        )
    ):
        assert number < len(SUFFIXES)
        yield bytes([number]) + content


_SOUND = {
    "listen-response": lambda: list(_listen()),
    "read-response": lambda: list(_read()),
    "session-document": lambda: [bytes(range(256)), bytes(64), bytes(range(2, 250, 3)) * 4],
    "device-card": lambda: [bytes(range(256)), bytes(96), bytes(range(2, 250, 3)) * 3],
    "stamp": lambda: [b"001700000000000-00000-00000000000000bb", b"999999999999999-99999-ffffffffffffffff"],
    "locator": lambda: [json.dumps(_locator()).encode(), bytes(range(128)), bytes(range(2, 250, 3)) * 4],
    "playhead": lambda: [b'{"position": 1.5, "rate": 1, "at": 1700000000000}', bytes(range(64))],
    "fault-text": lambda: [b"denied for a@b.c: Bearer aaaaaaaa.bbbbbbbb.cc 'get' @ L8 projects/p/x \"y\""],
    "epub-file": lambda: [_book_file()],
    "epub-parts": lambda: [SEPARATOR.join(BOOK)],
    "epub-chapter": lambda: [CHAPTER, CHAPTER.replace(b"</p>", b"")],
    "picture": lambda: list(_images()),
    "tags": lambda: list(_tracks()),
}
