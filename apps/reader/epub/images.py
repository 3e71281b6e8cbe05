"""What a picture file is, by its first bytes: names and declared types lie.

Pure. Knows no decoder: a picture with a good header may still turn out to be damaged.
"""

import struct
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: `kind` is "png", "jpg", "gif", "webp" or "bmp"; sizes in pixels."""

    kind: str
    width: int
    height: int
    data: bytes = field(repr=False)


MAX_PIXELS = 64_000_000  # decoded, that is 256 MB


def read_image(data: bytes) -> Image | None:
    """The picture in `data`; None if it is none that can be shown."""
    try:
        found = _png(data) or _gif(data) or _webp(data) or _bmp(data) or _jpeg(data)
    except (struct.error, IndexError):
        return None
    if found is None or not (0 < found[1] and 0 < found[2] and found[1] * found[2] <= MAX_PIXELS):
        return None
    return Image(*found, data)


def _png(data: bytes) -> tuple[str, int, int] | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return None
    return "png", *struct.unpack(">II", data[16:24])


def _gif(data: bytes) -> tuple[str, int, int] | None:
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    return "gif", *struct.unpack("<HH", data[6:10])


def _bmp(data: bytes) -> tuple[str, int, int] | None:
    if data[:2] != b"BM":
        return None
    width, height = struct.unpack("<ii", data[18:26])
    return "bmp", width, abs(height)


def _webp(data: bytes) -> tuple[str, int, int] | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8X":
        return "webp", 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return "webp", 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    width, height = struct.unpack("<HH", data[26:30])
    return "webp", width & 0x3FFF, height & 0x3FFF


def _jpeg(data: bytes) -> tuple[str, int, int] | None:
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return "jpg", width, height
        else:
            at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None
