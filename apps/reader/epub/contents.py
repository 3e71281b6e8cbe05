"""The table of contents: EPUB 3's navigation document, EPUB 2's NCX.

Pure.
"""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from apps.reader.epub.chapter import resolve
from apps.reader.epub.markup import MarkupError, parse_tree

MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the contents: `target` is "href" or "href#id", empty for a mere headline; `depth` counts
    from 0."""

    title: str
    target: str
    depth: int


def read_navigation(raw: bytes, base: str) -> tuple[Entry, ...]:
    """The entries of a navigation document, flat, in order; none if it is broken."""
    try:
        root = parse_tree(raw)
    except MarkupError:
        return ()
    navs = list(root.iter("nav"))
    toc = next((nav for nav in navs if "toc" in nav.get("type", "").split()), navs[0] if navs else None)
    entries: list[Entry] = []
    top = next(toc.iter("ol"), None) if toc is not None else None
    if top is not None:
        _navigation(top, base, 0, entries)
    return tuple(entries)


def _navigation(items: Element, base: str, depth: int, entries: list[Entry]) -> None:
    for item in items:
        label = next((each for each in item if each.tag in ("a", "span")), None)
        if label is not None and (title := _words(label)):
            href = label.get("href")
            entries.append(Entry(title, resolve(base, href) if href else "", depth))
        for below in item:
            if below.tag == "ol" and depth < MAX_DEPTH:
                _navigation(below, base, depth + 1, entries)


def read_ncx(raw: bytes, base: str) -> tuple[Entry, ...]:
    """The entries of an NCX, flat, in order; none if it is broken."""
    try:
        root = parse_tree(raw)
    except MarkupError:
        return ()
    entries: list[Entry] = []
    for each in root.iter("navmap"):
        _ncx(each, base, 0, entries)
    return tuple(entries)


def _ncx(above: Element, base: str, depth: int, entries: list[Entry]) -> None:
    for point in above:
        if point.tag != "navpoint":
            continue
        label = next((each for each in point if each.tag == "navlabel"), None)
        content = next((each for each in point if each.tag == "content"), None)
        title = _words(label) if label is not None else ""
        source = content.get("src") if content is not None else None
        if title:
            entries.append(Entry(title, resolve(base, source) if source else "", depth))
        if depth < MAX_DEPTH:
            _ncx(point, base, depth + 1, entries)


def _words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
