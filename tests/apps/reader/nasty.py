"""EPUB files as careless, old and hostile programs make them: each with what a person should see of it.

`NASTY` is a table: name → (how to make it, what must be read in it). Instead of words a case may bring
`Refused`: then the file is refused, with a sentence that has these words.
"""

# ruff: noqa: E501 - a table is read along its lines
from __future__ import annotations

import base64
import io
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.apps.reader.making import CONTAINER, make_epub, package, page

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAFElEQVR4nGP4z8DAAMQMDAwMDAwAACIABQ0qQGwAAAAASUVORK5CYII="
)
DATA_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
XML = '<?xml version="1.0" encoding="{}"?>\n'


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


def _container(path: str) -> str:
    return CONTAINER.replace("OPS/package.opf", path)


def _rewritten(path: Path, change: Callable[[bytes], bytes]) -> object:
    return path.write_bytes(change(path.read_bytes()))


def _book(**chapters: str) -> Callable[[Path], object]:
    return lambda path: make_epub(path, {f"{name}.xhtml": body for name, body in chapters.items()})


def _raw(**files: str | bytes) -> Callable[[Path], object]:
    """Chapters as whole files, in whatever encoding."""
    return lambda path: make_epub(
        path,
        {f"{name}.xhtml": "" for name in files},
        {f"OPS/{name}.xhtml": content for name, content in files.items()},
    )


def _opf(manifest: str, spine: str, version: str = "3.0", **files: str | bytes) -> Callable[[Path], object]:
    """A book with this manifest and this spine; `files` by name, with __ for a dot."""

    def make(path: Path) -> None:
        opf = (
            f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}"><metadata/>'
            f"<manifest>{manifest}</manifest>{spine}</package>"
        )
        entries = {f"OPS/{name.replace('__', '.')}": content for name, content in files.items()}
        make_epub(path, {}, {"OPS/package.opf": opf, **entries})

    return make


def _item(name: str, href: str, more: str = "", kind: str = "application/xhtml+xml") -> str:
    return f'<item id="{name}" href="{href}" media-type="{kind}" {more}/>'


def _entries(entries: dict[str, str | bytes], order: tuple[str, ...] = ()) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in order:
                archive.writestr(name, b"")
            for name, content in entries.items():
                archive.writestr(name, content)

    return make


def _sound(folder: str = "OPS/", chapter: str = "one.xhtml") -> dict[str, str | bytes]:
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _container(f"{folder}package.opf"),
        f"{folder}package.opf": package({chapter: ""}),
        f"{folder}{chapter}": page("<p>First words.</p>"),
    }


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
ONE_TWO = _item("a", "one.xhtml") + _item("b", "two.xhtml")
SPINE = '<spine><itemref idref="a"/><itemref idref="b"/></spine>'
ONE, TWO = page("<p id='s'>First words.</p>"), page("<p>Second words.</p>")


def _epub2_without_ncx(path: Path) -> None:
    make = _opf(ONE_TWO, SPINE.replace("<spine>", '<spine toc="ncx">'), "2.0", one__xhtml=ONE, two__xhtml=TWO)
    make(path)


def _with_entry(change: Callable[[zipfile.ZipFile], object]) -> Callable[[Path], object]:
    """A sound book with one entry more."""

    def make(path: Path) -> None:
        _entries(_sound())(path)
        with zipfile.ZipFile(path, "a") as archive:
            change(archive)

    return make


def _symlink(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("OPS/link.xhtml")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "one.xhtml")


def _zip64(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in _sound().items():
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(content.encode() if isinstance(content, str) else content)


def _locked(names: tuple[str, ...]) -> Callable[[Path], object]:
    """Entries that claim to be encrypted: the flag in both headers."""

    def make(path: Path) -> None:
        entries = {**_sound(), "OPS/pic.png": PNG}
        entries["OPS/one.xhtml"] = page("<p>First words.</p><p><img src='pic.png' alt='A picture'/></p>")
        _entries(entries)(path)
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
    _entries(_sound())(path)
    _rewritten(
        path,
        lambda raw: raw.replace(b"OPS/one.xhtml", b"OPS\\one.xhtml").replace(b"META-INF/", b"META-INF\\"),
    )


def _truncated(share: float) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        _entries(_sound())(path)
        _rewritten(path, lambda raw: raw[: int(len(raw) * share)])

    return make


def _unicode_names(path: Path) -> None:
    """The package says é in one piece, the archive in two: as macOS writes it."""
    name = "é.xhtml"
    entries = _sound(chapter=unicodedata.normalize("NFC", name))
    entries[f"OPS/{unicodedata.normalize('NFD', name)}"] = entries.pop(
        f"OPS/{unicodedata.normalize('NFC', name)}"
    )
    _entries(entries)(path)


LONG = " ".join(f"word{number}" for number in range(12_000))

NASTY: dict[str, Nasty] = {
    # -- packages
    "epub 2 without an ncx": Nasty(_epub2_without_ncx, ("First", "Second"), ("Part 1", "Part 2")),
    "nested navigation": Nasty(
        _opf(
            ONE_TWO + _item("n", "nav.xhtml", 'properties="nav"'),
            SPINE,
            one__xhtml=ONE,
            two__xhtml=TWO,
            nav__xhtml=NESTED_NAV,
        ),
        ("First", "Second"),
        ("Part I", "One", "Deep", "Nowhere", "Two"),
    ),
    "nested ncx": Nasty(
        _opf(
            ONE_TWO + _item("ncx", "toc.ncx", kind="application/x-dtbncx+xml"),
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
        _opf(
            ONE_TWO + _item("n", "nav.xhtml", 'properties="nav"'),
            SPINE,
            one__xhtml=ONE,
            two__xhtml=TWO,
            nav__xhtml="<nav><ol><li><a href='one.xhtml'>One<li>",
        ),
        ("First", "Second"),
    ),
    "linear=no": Nasty(
        _opf(ONE_TWO, SPINE.replace('idref="a"', 'idref="a" linear="no"'), one__xhtml=ONE, two__xhtml=TWO),
        ("First", "Second"),
    ),
    "absolute href": Nasty(
        _opf(_item("a", "/OPS/one.xhtml"), '<spine><itemref idref="a"/></spine>', one__xhtml=ONE), ("First",)
    ),
    "href that climbs too far": Nasty(
        _opf(_item("a", "../../../OPS/one.xhtml"), '<spine><itemref idref="a"/></spine>', one__xhtml=ONE),
        ("First",),
    ),
    "percent-encoded href": Nasty(
        _opf(_item("a", "%6fne%2Exhtml"), '<spine><itemref idref="a"/></spine>', one__xhtml=ONE), ("First",)
    ),
    "blanks in names": Nasty(_entries(_sound(chapter="one and two.xhtml")), ("First",)),
    "unicode names": Nasty(_entries(_sound(chapter="главa 第一章.xhtml")), ("First",)),
    "unicode names, composed differently": Nasty(_unicode_names, ("First",)),
    "package in the root": Nasty(_entries(_sound(folder="")), ("First",)),
    "package in a deep folder": Nasty(_entries(_sound(folder="a/b/c/d/")), ("First",)),
    "case mismatch": Nasty(
        _opf(
            _item("a", "ONE.xhtml") + _item("b", "two.xhtml"),
            SPINE,
            one__xhtml=page("<p>First. <a href='TWO.XHTML#x'>on</a></p>"),
            two__xhtml=page("<p id='x'>Second.</p>"),
        ),
        ("First.", "Second."),
    ),
    "spine item twice": Nasty(
        _opf(
            ONE_TWO, SPINE.replace("</spine>", '<itemref idref="a"/></spine>'), one__xhtml=ONE, two__xhtml=TWO
        ),
        ("First", "Second"),
    ),
    "unknown idref": Nasty(
        _opf(
            ONE_TWO,
            SPINE.replace("</spine>", '<itemref idref="zz"/></spine>'),
            one__xhtml=ONE,
            two__xhtml=TWO,
        ),
        ("First", "Second", "missing"),
    ),
    "right to left": Nasty(
        _opf(
            _item("a", "one.xhtml"),
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
    # -- encodings
    "utf-16 with mark": Nasty(
        _raw(one=(XML.format("utf-16") + page("<p>Grüße</p>")).encode("utf-16")), ("Grüße",)
    ),
    "utf-16 without mark": Nasty(
        _raw(one=(XML.format("utf-16") + page("<p>Grüße</p>")).encode("utf-16-le")), ("Grüße",)
    ),
    "windows-1252": Nasty(
        _raw(one=(XML.format("windows-1252") + page("<p>“Grüße”</p>")).encode("cp1252")), ("“Grüße”",)
    ),
    "windows-1252 that says it is utf-8": Nasty(
        _raw(one=(XML.format("utf-8") + page("<p>“Grüße”</p>")).encode("cp1252")), ("“Grüße”",)
    ),
    "utf-8 that says it is utf-16": Nasty(
        _raw(one=(XML.format("utf-16") + page("<p>Grüße</p>")).encode()), ("Grüße",)
    ),
    "unknown encoding": Nasty(_raw(one=(XML.format("klingon") + page("<p>Grüße</p>")).encode()), ("Grüße",)),
    "encoding only in meta": Nasty(
        _raw(
            one=page(
                "<p>Grüße</p>", '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"/>'
            ).encode("iso-8859-1")
        ),
        ("Grüße",),
    ),
    # -- markup
    "cdata, comments, instructions": Nasty(
        _book(one="<p>a<![CDATA[ <b> & ]]>c<!-- not this --><?nor this?>d</p>"), ("a <b> & cd",)
    ),
    "prefixed xhtml": Nasty(
        _raw(
            one='<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:body><h:p>First</h:p><h:p>Second</h:p></h:body></h:html>'
        ),
        ("First\nSecond",),
    ),
    "named entities": Nasty(
        _book(one="<p>&laquo;&hellip;&raquo;&nbsp;&Aacute;&copy;&shy;</p>"), ("«…»\u00a0Á©",)
    ),
    "missing closing tags": Nasty(_book(one="<ul><li>a<li>b</ul><p>c<p>d<i>e"), ("a\nb\nc\nde",)),
    "no html at all": Nasty(_raw(one="Just words & more <words."), ("Just words & more",)),
    "empty chapters": Nasty(_book(one="", two="<p>   </p>", three="<p>Words</p>", four=""), ("Words",)),
    "an empty file": Nasty(_raw(one=b"", two=page("<p>Words</p>")), ("Words",)),
    "picture chapters": Nasty(
        lambda path: make_epub(
            path, {"one.xhtml": "<img src='x.png'/>", "two.xhtml": "<p>Words</p>"}, {"OPS/x.png": PNG}
        ),
        ("\ufffc", "Words"),
    ),
    "cover only": Nasty(
        lambda path: make_epub(
            path,
            {
                "one.xhtml": '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
                'viewBox="0 0 6 8"><image width="6" height="8" xlink:href="x.png"/></svg>'
            },
            {"OPS/x.png": PNG},
        ),
        ("\ufffc",),
    ),
    "picture in the spine": Nasty(
        _opf(
            _item("a", "x.png", kind="image/png") + _item("b", "two.xhtml"), SPINE, x__png=PNG, two__xhtml=TWO
        ),
        ("\ufffc", "Second"),
    ),
    "data uri": Nasty(_book(one=f"<p>Words</p><img src='{DATA_URI}' alt='dot'/>"), ("Words", "\ufffc")),
    "one long paragraph": Nasty(_book(one=f"<p>{LONG}</p>"), ("word0 word1", "word11999")),
    "one long word": Nasty(_book(one=f"<p>{'x' * 30_000}</p>"), ("xxxx",)),
    "a table": Nasty(
        _book(
            one="<table><caption>T</caption><tr><th>a</th><td><p>b</p></td></tr><tr><td colspan='2'>c</td></tr></table>"
        ),
        ("T", "a", "b", "c"),
    ),
    "footnotes": Nasty(
        _book(
            one="<p>Text<a href='#n1' id='r1'><sup>1</sup></a>.</p><aside id='n1'><p><a href='#r1'>1</a> Note.</p></aside>"
        ),
        ("Text1.", "1 Note."),
    ),
    "ruby": Nasty(
        _book(one="<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字</ruby>です。</p>"), ("漢字です。",)
    ),
    "a poem": Nasty(
        _book(one="<p>One line,<br/>\n  another,<br/><br/>the last.</p>"),
        ("One line,\nanother,\n\nthe last.",),
    ),
    "preformatted": Nasty(
        _book(one="<pre>\n def f():\n\treturn  1\n\n</pre>"), (" def f():\n    return  1",)
    ),
    "nested lists": Nasty(
        _book(
            one="<ol><li>a<ul><li>b<ol type='a'><li>c</li></ol></li></ul></li><li><ul><li>d</li></ul></li></ol>"
        ),
        ("a\nb\nc\nd",),
    ),
    "duplicate ids": Nasty(
        _book(one="<p id='x'>First</p><p id='x'>Second</p><a href='#x'>on</a>"), ("First", "Second")
    ),
    "links to nowhere": Nasty(
        _book(
            one="<p><a href='gone.xhtml'>a</a> <a href='#gone'>b</a> <a href=''>c</a> <a href='http://['>d</a> "
            "<a href='javascript:x()'>e</a> <a href='%00%ff'>f</a></p>"
        ),
        ("a b c d e f",),
    ),
    "emoji and other planes": Nasty(_book(one="<p>Family 👨‍👩‍👧 and 𝔊 and 🇩🇪.</p>"), ("👨‍👩‍👧",)),
    "cjk": Nasty(_book(one="<p>" + "吾輩は猫である。名前はまだ無い。" * 200 + "</p>"), ("吾輩は猫である。",)),
    "control characters": Nasty(
        _raw(one=page("<p>a\x00b\x0bc&#1;d&#xd800;e&#99999999;</p>").encode()), ("a",)
    ),
    "nonsense for numbers": Nasty(
        _book(
            one="<ol start='٣'><li>a</li></ol><ol start='99999999999999999999'><li>b</li></ol><ol start='-3'><li>c</li></ol><ol start='²'><li>d</li></ol>"
        ),
        ("a", "b", "c", "d"),
    ),
    # -- archives
    "mimetype compressed": Nasty(_entries(_sound()), ("First",)),
    "folders as entries": Nasty(_entries(_sound(), ("OPS/", "META-INF/", "empty/")), ("First",)),
    "zip64": Nasty(_zip64, ("First",)),
    "zip with a comment": Nasty(
        _with_entry(lambda archive: setattr(archive, "comment", b"made by a shop")), ("First",)
    ),
    "words before the archive": Nasty(
        lambda path: (_entries(_sound())(path), _rewritten(path, lambda raw: b"#!/bin/sh\n" + raw)),
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
