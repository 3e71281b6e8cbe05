"""Nasty packages: what the list of a book's parts may be like."""

# ruff: noqa: E501 - a table is read along its lines
from __future__ import annotations

import unicodedata
from pathlib import Path

from tests.apps.reader.making import make_epub, package, page
from tests.apps.reader.nasty_making import ONE, ONE_TWO, SPINE, TWO, XML, Nasty, item, opf, sound, zipped


def _ncx(points: str) -> str:
    return f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'


NESTED_NAV = page(
    '<nav epub:type="toc" xmlns:epub="http://www.idpf.org/2007/ops"><h1>Contents</h1><ol>'
    '<li><span>Part I</span><ol><li><a href="one.xhtml">One</a><ol><li><a href="one.xhtml#s">Deep</a></li></ol>'
    '</li></ol></li><li><a href="missing.xhtml">Nowhere</a></li><li><a href="two.xhtml"><i>T</i>wo</a></li></ol></nav>'
)
NESTED_NCX = _ncx(
    "<navPoint id='a'><navLabel><text>Part</text></navLabel><content src='one.xhtml'/>"
    "<navPoint id='b'><navLabel><text>Below</text></navLabel><content src='one.xhtml#s'/></navPoint></navPoint>"
)


def _epub2_without_ncx(path: Path) -> None:
    make = opf(ONE_TWO, SPINE.replace("<spine>", '<spine toc="ncx">'), "2.0", one__xhtml=ONE, two__xhtml=TWO)
    make(path)


def _unicode_names(path: Path) -> None:
    """The package says é in one piece, the archive in two: as macOS writes it."""
    name = "é.xhtml"
    entries = sound(chapter=unicodedata.normalize("NFC", name))
    entries[f"OPS/{unicodedata.normalize('NFD', name)}"] = entries.pop(
        f"OPS/{unicodedata.normalize('NFC', name)}"
    )
    zipped(entries)(path)


PACKAGES: dict[str, Nasty] = {
    "epub 2 without an ncx": Nasty(_epub2_without_ncx, ("First", "Second"), ("Part 1", "Part 2")),
    "nested navigation": Nasty(
        opf(
            ONE_TWO + item("n", "nav.xhtml", 'properties="nav"'),
            SPINE,
            one__xhtml=ONE,
            two__xhtml=TWO,
            nav__xhtml=NESTED_NAV,
        ),
        ("First", "Second"),
        ("Part I", "One", "Deep", "Nowhere", "Two"),
    ),
    "nested ncx": Nasty(
        opf(
            ONE_TWO + item("ncx", "toc.ncx", kind="application/x-dtbncx+xml"),
            SPINE,
            "2.0",
            one__xhtml=ONE,
            two__xhtml=TWO,
            toc__ncx=NESTED_NCX,
        ),
        ("First", "Second"),
        ("Part", "Below"),
    ),
    "broken navigation": Nasty(
        opf(
            ONE_TWO + item("n", "nav.xhtml", 'properties="nav"'),
            SPINE,
            one__xhtml=ONE,
            two__xhtml=TWO,
            nav__xhtml="<nav><ol><li><a href='one.xhtml'>One<li>",
        ),
        ("First", "Second"),
    ),
    "linear=no": Nasty(
        opf(ONE_TWO, SPINE.replace('idref="a"', 'idref="a" linear="no"'), one__xhtml=ONE, two__xhtml=TWO),
        ("First", "Second"),
    ),
    "absolute href": Nasty(
        opf(item("a", "/OPS/one.xhtml"), '<spine><itemref idref="a"/></spine>', one__xhtml=ONE), ("First",)
    ),
    "href that climbs too far": Nasty(
        opf(item("a", "../../../OPS/one.xhtml"), '<spine><itemref idref="a"/></spine>', one__xhtml=ONE),
        ("First",),
    ),
    "percent-encoded href": Nasty(
        opf(item("a", "%6fne%2Exhtml"), '<spine><itemref idref="a"/></spine>', one__xhtml=ONE), ("First",)
    ),
    "blanks in names": Nasty(zipped(sound(chapter="one and two.xhtml")), ("First",)),
    "unicode names": Nasty(zipped(sound(chapter="главa 第一章.xhtml")), ("First",)),
    "unicode names, composed differently": Nasty(_unicode_names, ("First",)),
    "package in the root": Nasty(zipped(sound(folder="")), ("First",)),
    "package in a deep folder": Nasty(zipped(sound(folder="a/b/c/d/")), ("First",)),
    "case mismatch": Nasty(
        opf(
            item("a", "ONE.xhtml") + item("b", "two.xhtml"),
            SPINE,
            one__xhtml=page("<p>First. <a href='TWO.XHTML#x'>on</a></p>"),
            two__xhtml=page("<p id='x'>Second.</p>"),
        ),
        ("First.", "Second."),
    ),
    "spine item twice": Nasty(
        opf(
            ONE_TWO, SPINE.replace("</spine>", '<itemref idref="a"/></spine>'), one__xhtml=ONE, two__xhtml=TWO
        ),
        ("First", "Second"),
    ),
    "unknown idref": Nasty(
        opf(
            ONE_TWO,
            SPINE.replace("</spine>", '<itemref idref="zz"/></spine>'),
            one__xhtml=ONE,
            two__xhtml=TWO,
        ),
        ("First", "Second", "missing"),
    ),
    "right to left": Nasty(
        opf(
            item("a", "one.xhtml"),
            '<spine page-progression-direction="rtl"><itemref idref="a"/></spine>',
            one__xhtml=page("<p dir='rtl'>שלום עולם. מה שלומך?</p>"),
        ),
        ("שלום",),
    ),
    "package with a byte order mark": Nasty(
        lambda path: make_epub(
            path,
            {"one.xhtml": "<p>First</p>"},
            {"OPS/package.opf": package({"one.xhtml": ""}).encode("utf-8-sig")},
        ),
        ("First",),
    ),
    "package in utf-16": Nasty(
        lambda path: make_epub(
            path,
            {"one.xhtml": "<p>First</p>"},
            {"OPS/package.opf": (XML.format("utf-16") + package({"one.xhtml": ""})).encode("utf-16")},
        ),
        ("First",),
    ),
    "package with a prefix": Nasty(
        lambda path: make_epub(
            path,
            {"one.xhtml": "<p>First</p>"},
            {
                "OPS/package.opf": '<o:package xmlns:o="http://www.idpf.org/2007/opf"><o:manifest><o:item id="a" '
                'href="one.xhtml" media-type="application/xhtml+xml"/></o:manifest><o:spine><o:itemref idref="a"/>'
                "</o:spine></o:package>"
            },
        ),
        ("First",),
    ),
    "nonsense for metadata": Nasty(
        lambda path: make_epub(
            path,
            {"one.xhtml": "<p>First</p>"},
            {
                "OPS/package.opf": package({"one.xhtml": ""})
                .replace("A Test", "A\n  Test \t&#x202e;" + "long " * 3000)
                .replace("<dc:language>en", "<dc:language>?!")
            },
        ),
        ("First",),
    ),
}
