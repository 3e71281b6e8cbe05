"""Nasty archives: zip files that are unusual, damaged, locked, or none at all."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.apps.reader.making import page
from tests.apps.reader.nasty_making import ONE, PNG, Nasty, Refused, rewrite, sound, zipped


def _with_entry(change: Callable[[zipfile.ZipFile], object]) -> Callable[[Path], object]:
    """A sound book with one entry more."""

    def make(path: Path) -> None:
        zipped(sound())(path)
        with zipfile.ZipFile(path, "a") as archive:
            change(archive)

    return make


def _symlink(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("OPS/link.xhtml")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "one.xhtml")


def _zip64(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sound().items():
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(content.encode() if isinstance(content, str) else content)


def _locked(names: tuple[str, ...]) -> Callable[[Path], object]:
    """Entries that claim to be encrypted: the flag in both headers."""

    def make(path: Path) -> None:
        entries = {**sound(), "OPS/pic.png": PNG}
        entries["OPS/one.xhtml"] = page("<p>First words.</p><p><img src='pic.png' alt='A picture'/></p>")
        zipped(entries)(path)
        raw = bytearray(path.read_bytes())
        with zipfile.ZipFile(io.BytesIO(bytes(raw))) as archive:
            infos = {info.filename: info.header_offset for info in archive.infolist()}
        for name in names:
            raw[infos[name] + 6] |= 1
            at = raw.rindex(name.encode())
            raw[at - 46 + 8] |= 1
        path.write_bytes(bytes(raw))

    return make


def _backslashes(path: Path) -> None:
    zipped(sound())(path)
    rewrite(
        path,
        lambda raw: raw.replace(b"OPS/one.xhtml", b"OPS\\one.xhtml").replace(b"META-INF/", b"META-INF\\"),
    )


def _truncated(share: float) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        zipped(sound())(path)
        rewrite(path, lambda raw: raw[: int(len(raw) * share)])

    return make


ARCHIVES: dict[str, Nasty] = {
    "mimetype compressed": Nasty(zipped(sound()), ("First",)),
    "folders as entries": Nasty(zipped(sound(), ("OPS/", "META-INF/", "empty/")), ("First",)),
    "zip64": Nasty(_zip64, ("First",)),
    "zip with a comment": Nasty(
        _with_entry(lambda archive: setattr(archive, "comment", b"made by a shop")), ("First",)
    ),
    "words before the archive": Nasty(
        lambda path: (zipped(sound())(path), rewrite(path, lambda raw: b"#!/bin/sh\n" + raw)),
        ("First",),
    ),
    "an entry twice": Nasty(_with_entry(lambda archive: archive.writestr("OPS/two.xhtml", ONE)), ("First",)),
    "backslashes": Nasty(_backslashes, ("First",)),
    "truncated at a half": Nasty(_truncated(0.5), Refused("no zip archive, or a damaged one")),
    "truncated at the end": Nasty(_truncated(0.97), Refused("no zip archive, or a damaged one")),
    "an empty file instead of a book": Nasty(lambda path: path.write_bytes(b""), Refused("is empty")),
    "locked chapters": Nasty(_locked(("OPS/one.xhtml",)), Refused("locked with a password")),
    "a locked picture": Nasty(_locked(("OPS/pic.png",)), ("First", "\ufffc")),
    "a symbolic link": Nasty(_with_entry(_symlink), Refused("link to another file")),
    "html for a download": Nasty(
        lambda path: path.write_bytes(b"<!DOCTYPE html><html><body>Please log in</body></html>"),
        Refused("no zip archive"),
    ),
}
