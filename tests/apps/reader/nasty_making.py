"""How careless, old and hostile programs make an EPUB file, and what a person should see of it."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.apps.reader.making import CONTAINER, make_epub, package, page

XML = '<?xml version="1.0" encoding="{}"?>\n'
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAFElEQVR4nGP4z8DAAMQMDAwMDAwAACIABQ0qQGwAAAAASUVORK5CYII="
)


@dataclass(frozen=True, slots=True)
class Refused:
    """The file cannot be read; the message says why, in these words."""

    words: str


@dataclass(frozen=True, slots=True)
class Nasty:
    make: Callable[[Path], object]
    expected: tuple[str, ...] | Refused
    """Words of the book, in reading order; each must be there."""
    contents: tuple[str, ...] | None = None
    """Titles of the table of contents, if they matter."""


def container(path: str) -> str:
    return CONTAINER.replace("OPS/package.opf", path)


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> object:
    return path.write_bytes(change(path.read_bytes()))


def book(**chapters: str) -> Callable[[Path], object]:
    return lambda path: make_epub(path, {f"{name}.xhtml": body for name, body in chapters.items()})


def raw(**files: str | bytes) -> Callable[[Path], object]:
    """Chapters as whole files, in whatever encoding."""
    return lambda path: make_epub(
        path,
        {f"{name}.xhtml": "" for name in files},
        {f"OPS/{name}.xhtml": content for name, content in files.items()},
    )


def opf(manifest: str, spine: str, version: str = "3.0", **files: str | bytes) -> Callable[[Path], object]:
    """A book with this manifest and this spine; `files` by name, with __ for a dot."""

    def make(path: Path) -> None:
        opf = (
            f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}"><metadata/>'
            f"<manifest>{manifest}</manifest>{spine}</package>"
        )
        entries = {f"OPS/{name.replace('__', '.')}": content for name, content in files.items()}
        make_epub(path, {}, {"OPS/package.opf": opf, **entries})

    return make


def item(name: str, href: str, more: str = "", kind: str = "application/xhtml+xml") -> str:
    return f'<item id="{name}" href="{href}" media-type="{kind}" {more}/>'


def zipped(entries: dict[str, str | bytes], order: tuple[str, ...] = ()) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in order:
                archive.writestr(name, b"")
            for name, content in entries.items():
                archive.writestr(name, content)

    return make


def sound(folder: str = "OPS/", chapter: str = "one.xhtml") -> dict[str, str | bytes]:
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container(f"{folder}package.opf"),
        f"{folder}package.opf": package({chapter: ""}),
        f"{folder}{chapter}": page("<p>First words.</p>"),
    }


ONE_TWO = item("a", "one.xhtml") + item("b", "two.xhtml")
SPINE = '<spine><itemref idref="a"/><itemref idref="b"/></spine>'
ONE, TWO = page("<p id='s'>First words.</p>"), page("<p>Second words.</p>")
