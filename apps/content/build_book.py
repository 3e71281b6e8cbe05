"""Builds the project's own short book: EPUB 3, with an NCX for EPUB 2 readers.

Run it with ``python -m apps.content.build_book [directory]``. Invariant: the same sources give the same
bytes, and so the same session, on every machine.
"""

import re
import sys
import zipfile
from html import escape
from pathlib import Path

from apps.common.whole import whole
from apps.content.pictures import DRAWN, draw

TITLE = "The Sign and the Way Back"
AUTHOR = "Dal Segno"
IDENTIFIER = "urn:uuid:5d1e7e50-0b1d-4a6e-9d0b-5e9000da15e9"
FILE_NAME = "the-sign-and-the-way-back.epub"
MODIFIED = "2026-11-01T00:00:00Z"
STAMP = (2026, 11, 1, 0, 0, 0)
SOURCES = Path(__file__).with_name("book")

STYLE = """body { font-family: serif; line-height: 1.45; margin: 0 5%; }
h1 { font-size: 1.6em; margin: 2em 0 1em; }
p { margin: 0; text-indent: 1.3em; }
h1 + p, h2 + p, hr + p, figure + p { text-indent: 0; }
figure { margin: 1em 0; text-align: center; }
img { max-width: 100%; }
blockquote { margin: 1em 2em; font-style: italic; }
.next { margin-top: 2em; font-size: 0.9em; }
"""

PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>
{body}</body>
</html>
"""

CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""

PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:creator>{author}</dc:creator>
<dc:language>en</dc:language>
<dc:rights>Apache-2.0</dc:rights>
<meta property="dcterms:modified">{modified}</meta>
<meta name="cover" content="picture-cover"/>
</metadata>
<manifest>
{manifest}
</manifest>
<spine toc="ncx">
{spine}
</spine>
</package>
"""

NCX = """<?xml version="1.0" encoding="utf-8"?>
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">
<head><meta name="dtb:uid" content="{identifier}"/></head>
<docTitle><text>{title}</text></docTitle>
<navMap>
{points}
</navMap>
</ncx>
"""

POINT = (
    '<navPoint id="p{n}" playOrder="{n}"><navLabel><text>{title}</text></navLabel>'
    '<content src="{href}"/></navPoint>'
)


def build_book(directory: Path) -> Path:
    """Write the book into `directory` (made if need be); the path of the EPUB file."""
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / FILE_NAME
    with whole(target) as half, zipfile.ZipFile(half, "w") as archive:
        for name, content in _entries().items():
            info = zipfile.ZipInfo(name, STAMP)
            info.external_attr = 0o644 << 16
            plain = name == "mimetype" or name.endswith(".png")
            info.compress_type = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return target


def _entries() -> dict[str, bytes]:
    """The files of the book by name; `mimetype` comes first, as the format wants it."""
    sources = {path.name: path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.xhtml"))}
    titles = {name: _title(body) for name, body in sources.items()}
    pages = {name: PAGE.format(title=titles[name], body=body) for name, body in sources.items()}
    cover = '<figure><img src="cover.png" alt="The Sign and the Way Back"/></figure>\n'
    texts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "book/package.opf": _package(list(pages)),
        "book/contents.xhtml": PAGE.format(title="Contents", body=_contents(titles)),
        "book/contents.ncx": _ncx(titles),
        "book/style.css": STYLE,
        "book/cover.xhtml": PAGE.format(title=TITLE, body=cover),
        **{f"book/{name}": page for name, page in pages.items()},
    }
    pictures = {f"book/{name}.png": draw(name) for name in DRAWN}
    return {name: text.encode() for name, text in texts.items()} | pictures


def _title(body: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", body)
    if found is None:
        raise ValueError("a chapter of the book has no <h1>")
    return found.group(1)


def _package(chapters: list[str]) -> str:
    items = [
        '<item id="nav" href="contents.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="ncx" href="contents.ncx" media-type="application/x-dtbncx+xml"/>',
        '<item id="style" href="style.css" media-type="text/css"/>',
        '<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>',
    ]
    for number, name in enumerate(chapters, start=1):
        items.append(f'<item id="chapter-{number}" href="{name}" media-type="application/xhtml+xml"/>')
    for name in DRAWN:
        cover = ' properties="cover-image"' if name == "cover" else ""
        items.append(f'<item id="picture-{name}" href="{name}.png" media-type="image/png"{cover}/>')
    spine = ["cover", *(f"chapter-{number}" for number in range(1, len(chapters) + 1))]
    return PACKAGE.format(
        identifier=IDENTIFIER,
        title=escape(TITLE),
        author=escape(AUTHOR),
        modified=MODIFIED,
        manifest="\n".join(items),
        spine="\n".join(f'<itemref idref="{identity}"/>' for identity in spine),
    )


def _contents(titles: dict[str, str]) -> str:
    lines = "\n".join(f'<li><a href="{name}">{title}</a></li>' for name, title in titles.items())
    return f'<nav epub:type="toc"><h1>Contents</h1>\n<ol>\n{lines}\n</ol></nav>\n'


def _ncx(titles: dict[str, str]) -> str:
    points = [
        POINT.format(n=number, title=title, href=name)
        for number, (name, title) in enumerate(titles.items(), start=1)
    ]
    return NCX.format(identifier=IDENTIFIER, title=escape(TITLE), points="\n".join(points))


if __name__ == "__main__":
    print(build_book(Path(sys.argv[1] if len(sys.argv) > 1 else "build/content")))
