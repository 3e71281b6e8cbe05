"""Which audio format a file really holds, told from its first bytes, and what to say about the ones not
played.

Any thread. Invariant: a file that is not played is refused with a sentence that names it and what to do.
"""

from __future__ import annotations

from pathlib import Path

SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".oga"})
FOREIGN_SUFFIXES = frozenset(
    {".m4a", ".mp4", ".aac", ".opus", ".wma", ".aif", ".aiff", ".ape", ".wv", ".mka"}
)

_HEAD_BYTES = 128


class AudioError(Exception):
    """A file cannot be played; the text is for the person who wanted to hear it."""


def name_of(path: Path) -> str:
    """The file's name as it can be shown: names from old disks are not always text."""
    return path.name.encode("utf-8", "replace").decode()


def sniff(path: Path) -> str:
    """`"wav"`, `"flac"`, `"mp3"` or `"ogg"`; raises AudioError for everything else, a vanished file too."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise AudioError(
            f"“{name_of(path)}” is no longer in {path.parent}. Put it back, or look again."
        ) from None
    except OSError as error:
        raise AudioError(f"“{name_of(path)}” cannot be read: {error.strerror or error}.") from None
    if not head:
        raise AudioError(f"“{name_of(path)}” is empty. Copy it again from where it came.")
    known = _played(head)
    if known:
        return known
    foreign = _foreign(head)
    if foreign:
        raise AudioError(
            f"“{name_of(path)}” is {foreign}, which this player does not play. "
            "Convert it to flac, mp3, ogg or wav: "
            f"ffmpeg -i “{name_of(path)}” “{name_of(path.with_suffix('.flac'))}”."
        )
    raise AudioError(f"“{name_of(path)}” is no audio file that this player knows (wav, flac, mp3, ogg).")


def _played(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS" and b"\x01vorbis" in head:
        return "ogg"
    # Layer bits of MPEG audio: 01 is layer III; 00 would be AAC in ADTS frames.
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "mp3"
    return None


def _foreign(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return "AAC or ALAC in an MP4 file (m4a)"
    if head[:4] == b"OggS":
        return "Opus" if b"OpusHead" in head else "an Ogg file with no Vorbis in it"
    if head[:2] in (b"\xff\xf1", b"\xff\xf9"):
        return "AAC"
    names = {b"\x30\x26\xb2\x75": "WMA", b"FORM": "AIFF", b"MAC ": "Monkey's Audio", b"wvpk": "WavPack"}
    return names.get(head[:4]) or ("Matroska audio" if head[:4] == b"\x1a\x45\xdf\xa3" else None)
