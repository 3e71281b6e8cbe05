"""The package document: what a book is called, and which resources it is made of, in which order.

Pure but for the archive that it is given.
"""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from apps.reader.epub.archive import Archive
from apps.reader.epub.chapter import resolve
from apps.reader.epub.errors import GET_ANOTHER_COPY, BookError
from apps.reader.epub.markup import MarkupError, parse_tree

_FONT_OBFUSCATION = frozenset(
    {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}  # names, not addresses to visit
)
XHTML_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document"})


@dataclass(frozen=True, slots=True)
class Item:
    """A resource of the book: `href` is its name in the archive."""

    href: str
    type: str
    properties: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Package:
    title: str
    author: str
    language: str
    spine: tuple[Item, ...]
    items: dict[str, Item]  # by id
    cover: str | None
    contents: Item | None  # the EPUB 3 navigation document
    ncx: Item | None  # the EPUB 2 one


def read_package(archive: Archive, name: str) -> Package:
    """The package of the book in `archive`; BookError when it is no EPUB, is locked, or has no text."""
    _refuse_drm(archive, name)
    path = _package_path(archive)
    raw = archive.read(path) if path else None
    if path is not None and archive.is_locked(path):
        raise archive.refuse_locked()
    if path is None or raw is None:
        raise BookError(
            f"“{name}” is a zip archive but not an EPUB: it has no package document (.opf).", GET_ANOTHER_COPY
        )
    try:
        root = parse_tree(raw)
    except MarkupError as error:
        raise BookError(f"The package document of “{name}” is broken: {error}.", GET_ANOTHER_COPY) from None
    items = _items(root, path)
    spine = _spine(root, items)
    if not spine:
        raise BookError(f"“{name}” is empty: it lists no chapters.", GET_ANOTHER_COPY)
    return Package(
        title=_meta(root, "title") or name.removesuffix(".epub"),
        author=", ".join(_metas(root, "creator")),
        language=_meta(root, "language") or "en",
        spine=spine,
        items=items,
        cover=_cover(root, items, path),
        contents=next((item for item in items.values() if "nav" in item.properties), None),
        ncx=_ncx(root, items),
    )


def _refuse_drm(archive: Archive, name: str) -> None:
    raw = archive.read("META-INF/encryption.xml")
    if raw is None and archive.find("META-INF/rights.xml") is None:
        return
    try:
        methods = [
            each.get("Algorithm", "") for each in parse_tree(raw or b"<none/>").iter("encryptionmethod")
        ]
    except MarkupError:
        methods = ["unreadable"]
    if any(method not in _FONT_OBFUSCATION for method in methods):
        raise BookError(
            f"“{name}” is locked by its seller (DRM): its pages are encrypted.",
            "Read it in the seller's own app, or get a copy without a lock.",
        )


def _package_path(archive: Archive) -> str | None:
    raw = archive.read("META-INF/container.xml")
    if raw is not None:
        try:
            for root in parse_tree(raw).iter("rootfile"):
                if found := archive.find(root.get("full-path", "")):
                    return found
        except MarkupError:
            pass
    return next((name for name in archive.names if name.lower().endswith(".opf")), None)


def _items(root: Element, base: str) -> dict[str, Item]:
    return {
        each.get("id", ""): Item(
            resolve(base, each.get("href", "")),
            each.get("media-type", "").strip().lower(),
            frozenset(each.get("properties", "").split()),
        )
        for each in root.iter("item")
        if each.get("href")
    }


def _spine(root: Element, items: dict[str, Item]) -> tuple[Item, ...]:
    """Resources in reading order, each once; what the manifest does not know keeps its seat under its id."""
    spine: dict[str, Item] = {}
    for each in root.iter("itemref"):
        identity = each.get("idref", "")
        item = items.get(identity) or Item(identity, "application/xhtml+xml")
        if item.href:
            spine.setdefault(item.href, item)
    return tuple(spine.values())


def _metas(root: Element, name: str) -> list[str]:
    found = (" ".join("".join(each.itertext()).split()) for each in root.iter(name))
    return [text for text in found if text]


def _meta(root: Element, name: str) -> str:
    return next(iter(_metas(root, name)), "")


def _cover(root: Element, items: dict[str, Item], base: str) -> str | None:
    for item in items.values():
        if "cover-image" in item.properties:
            return item.href
    for meta in root.iter("meta"):
        if meta.get("name") == "cover":
            content = meta.get("content", "")
            named = items.get(content)
            if named is not None and named.type.startswith("image/"):
                return named.href
            if any(each.href == resolve(base, content) for each in items.values()):
                return resolve(base, content)
    for identity, item in items.items():
        if item.type.startswith("image/") and "cover" in f"{identity} {item.href}".lower():
            return item.href
    return None


def _ncx(root: Element, items: dict[str, Item]) -> Item | None:
    spine = next(root.iter("spine"), None)
    named = items.get(spine.get("toc", "")) if spine is not None else None
    return named or next((each for each in items.values() if each.type == "application/x-dtbncx+xml"), None)
