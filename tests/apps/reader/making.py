"""Makes EPUB files for tests: sound ones, and ones with exactly one thing wrong."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

CONTAINER = """<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OPS/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>"""


def page(body: str, head: str = "") -> str:
    head = f"<head><title>t</title>{head}</head>"
    return f'<html xmlns="http://www.w3.org/1999/xhtml">{head}<body>{body}</body></html>'


def package(
    chapters: Mapping[str, str], more: str = "", spine: list[str] | None = None, version: str = "3.0"
) -> str:
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in chapters
    )
    refs = "".join(f'<itemref idref="{name}"/>' for name in (chapters if spine is None else spine))
    return f"""<package xmlns="http://www.idpf.org/2007/opf" version="{version}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>A Test</dc:title><dc:creator>Ann Author</dc:creator>
<dc:language>en</dc:language></metadata>
<manifest>{items}{more}</manifest><spine>{refs}</spine></package>"""


def make_epub(
    path: Path,
    chapters: Mapping[str, str],
    files: Mapping[str, str | bytes | None] | None = None,
    more: str = "",
    spine: list[str] | None = None,
) -> Path:
    """A book of these chapters (href → body); `files` are added as they are, None as content leaves one out;
    `more` goes into the manifest."""
    entries: dict[str, str | bytes | None] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OPS/package.opf": package(chapters, more, spine),
        **{f"OPS/{name}": page(body) for name, body in chapters.items()},
        **(files or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            if content is not None:
                archive.writestr(name, content)
    return path
