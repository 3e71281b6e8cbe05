"""Which recording a file is: a hash of its sound, not of its path and not of its tags.

Any thread. Invariant: copying, renaming and retagging a file do not change its id, so that the same
recording on two devices is one track.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from apps.player.audio.formats import sniff

_PIECE = 1 << 20
_NO_PACKET_ENDS = (1 << 64) - 1


def track_id(path: Path) -> str:
    """24 hex digits, the same for the same encoded sound; raises AudioError for what is not played."""
    kind = sniff(path)
    digest = hashlib.blake2b(kind.encode(), digest_size=12)
    with path.open("rb") as file:
        for piece in _SOUND[kind](file):
            digest.update(piece)
    return digest.hexdigest()


def _wav(file: BinaryIO) -> Iterator[bytes]:
    file.seek(12)
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        end = file.tell() + size + size % 2
        if name in (b"fmt ", b"data"):
            yield from _pieces(file, size)
        file.seek(end)


def _flac(file: BinaryIO) -> Iterator[bytes]:
    file.seek(4)
    last = False
    while not last and len(head := file.read(4)) == 4:
        last = bool(head[0] & 0x80)
        file.seek(int.from_bytes(head[1:], "big"), 1)
    yield from _pieces(file)


def _mp3(file: BinaryIO) -> Iterator[bytes]:
    end = file.seek(0, 2)
    if end >= 128:
        file.seek(end - 128)
        end -= 128 if file.read(3) == b"TAG" else 0
    start = 0
    while True:  # some taggers leave two ID3v2 tags in a row
        file.seek(start)
        head = file.read(10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        size = 0
        for seven_bits in head[6:10]:
            size = size << 7 | seven_bits & 0x7F
        start += 10 + size + (10 if head[5] & 0x10 else 0)
    file.seek(start)
    yield from _pieces(file, max(0, end - start))


def _ogg(file: BinaryIO) -> Iterator[bytes]:
    # The header packets (comments, covers) lie on pages of their own with granule position 0, or
    # with none where a packet goes on to the next page.
    in_sound = False
    while len(head := file.read(27)) == 27 and head[:4] == b"OggS":
        (granule,) = struct.unpack_from("<Q", head, 6)
        size = sum(file.read(head[26]))
        in_sound = in_sound or granule not in (0, _NO_PACKET_ENDS)
        body = file.read(size)
        if in_sound:
            yield body


def _pieces(file: BinaryIO, size: int | None = None) -> Iterator[bytes]:
    left = size if size is not None else 1 << 62
    while left > 0 and (piece := file.read(min(_PIECE, left))):
        left -= len(piece)
        yield piece


_SOUND = {"wav": _wav, "flac": _flac, "mp3": _mp3, "ogg": _ogg}
