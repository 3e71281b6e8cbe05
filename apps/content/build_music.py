"""Builds the demo's music: four short pieces of the project's own, in four formats, with tags and covers.

Run at build time with the development tools (numpy, soundfile, Pillow); the player needs none of them. What
is built already is left alone. `python -m apps.content.build_music [DIRECTORY]`
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import soundfile

from apps.common.whole import whole
from apps.content import pieces
from apps.content.covers import cover
from apps.content.synth import RATE

ALBUM = "Four Signs"
ARTIST = "Dal Segno"
STAMP = ".built-1"  # count up when the music or its files change


@dataclass(frozen=True, slots=True)
class Piece:
    number: int
    title: str
    name: str
    suffix: str
    compose: Callable[[], pieces.Sound]

    @property
    def file_name(self) -> str:
        return f"{self.number} {self.title}.{self.suffix}"


PIECES = (
    Piece(1, "Segno", "segno", "flac", pieces.segno),
    Piece(2, "Coda", "coda", "mp3", pieces.coda),
    Piece(3, "Fermata", "fermata", "ogg", pieces.fermata),
    Piece(4, "Da Capo", "da_capo", "wav", pieces.da_capo),
)
_ENCODINGS = {
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", None),
    "ogg": ("OGG", "VORBIS"),
    "wav": ("WAV", "PCM_16"),
}


def build_music(directory: Path) -> list[Path]:
    """The four tracks in `directory`, built if they are not there; in the order of the album."""
    paths = [directory / piece.file_name for piece in PIECES]
    stamp = directory / STAMP
    if stamp.exists() and all(path.exists() for path in paths):
        return paths
    directory.mkdir(parents=True, exist_ok=True)
    for piece, path in zip(PIECES, paths, strict=True):
        _build(piece, path)
    stamp.touch()
    return paths


def _build(piece: Piece, path: Path) -> None:
    kind, subtype = _ENCODINGS[piece.suffix]
    picture = cover(piece.name)
    with whole(path) as half:
        with soundfile.SoundFile(half, "w", RATE, 2, subtype, format=kind) as file:
            if piece.suffix in ("flac", "ogg"):
                file.title, file.artist, file.album = piece.title, ARTIST, ALBUM
                file.tracknumber = str(piece.number)
            file.write(piece.compose())
        match piece.suffix:
            case "flac":
                half.write_bytes(flac_with_cover(half.read_bytes(), picture))
            case "mp3":
                half.write_bytes(id3(piece, picture) + half.read_bytes())
            case "wav":
                half.write_bytes(wav_with_id3(half.read_bytes(), id3(piece, picture)))
            case "ogg":  # beside the file, as many libraries have it
                with whole(path.with_suffix(".png")) as png:
                    png.write_bytes(picture)


def flac_with_cover(flac: bytes, png: bytes) -> bytes:
    """`flac` with a PICTURE block (RFC 9639, 8.8) after STREAMINFO."""
    mime = b"image/png"
    block = (
        struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIIII", 0, 640, 640, 24, 0, len(png)) + png
    )
    after_streaminfo = 4 + 4 + 34
    return flac[:after_streaminfo] + b"\x06" + len(block).to_bytes(3, "big") + block + flac[after_streaminfo:]


def id3(piece: Piece, png: bytes) -> bytes:
    """An ID3v2.3 tag: title, artist, album, number, front cover."""
    texts = {"TIT2": piece.title, "TPE1": ARTIST, "TALB": ALBUM, "TRCK": str(piece.number)}
    frames = b"".join(_frame(name, b"\x00" + text.encode("latin-1")) for name, text in texts.items())
    frames += _frame("APIC", b"\x00image/png\x00\x03\x00" + png)
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frames


def _frame(name: str, body: bytes) -> bytes:
    return name.encode() + struct.pack(">IH", len(body), 0) + body


def wav_with_id3(wav: bytes, tag: bytes) -> bytes:
    """`wav` with the tag in an `id3 ` chunk at its end, and the RIFF size put right."""
    chunk = b"id3 " + struct.pack("<I", len(tag)) + tag + b"\x00" * (len(tag) % 2)
    whole = wav + b"\x00" * (len(wav) % 2) + chunk
    return b"RIFF" + struct.pack("<I", len(whole) - 8) + whole[8:]


def main() -> None:
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/content/music")
    for path in build_music(directory):
        print(path)


if __name__ == "__main__":
    main()
