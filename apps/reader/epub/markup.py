"""XML and XHTML, read as events.

Pure. Invariants: document types, and with them entity declarations, are never processed, so there is nothing
to expand or to fetch; every HTML entity is understood, declared or not; nesting costs no stack.
"""

import codecs
import re
from contextlib import suppress
from html.entities import html5
from html.parser import HTMLParser
from typing import Protocol
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*?\?>")
_ENCODING = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_META = re.compile(rb"<meta\b[^>]*?charset\s*=\s*[\"']?\s*([A-Za-z0-9._-]+)", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"<!\[CDATA\[.*?\]\]>|&(#?\w*);?", re.DOTALL)
_WIDE = ("utf-16", "utf16", "utf-32", "utf32", "ucs", "iso-10646")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)


class Handler(Protocol):
    """Receives a document: tags come in lower case and without namespace, attributes without prefix."""

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...
    def data(self, data: str) -> None: ...


class MarkupError(ValueError):
    """The document is no well-formed XML."""


def decode(raw: bytes) -> str:
    """The text of a document: by its byte order mark, by what it declares if that can be, or else UTF-8; what
    is not even that is from an old Windows program."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace")
    if raw.startswith(codecs.BOM_UTF16_BE):
        return raw[2:].decode("utf-16-be", "replace")
    for start, encoding in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if raw.startswith(start):
            return raw.decode(encoding, "replace")
    declared = _ENCODING.match(raw[:200]) or _META.search(raw[:1024])
    named = declared.group(1).decode().lower() if declared else "utf-8"
    for encoding in (named, "utf-8"):
        if not encoding.startswith(_WIDE):  # it was read so far in single bytes: it cannot be wide
            with suppress(LookupError, UnicodeError):
                return raw.decode(encoding)
    text = raw.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    foreign = sum(1 for character in text if character > "\x7f")
    return text if damaged * 2 <= foreign else raw.decode("cp1252", "replace")


def _prepared(raw: bytes) -> str:
    text = _NOT_XML.sub("", decode(raw))
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text, count=1), count=1)
    return _ENTITY.sub(_numeric, text)


def _numeric(match: re.Match[str]) -> str:
    """A named entity as numbers, which need no declaration; what is none, as the characters that stand
    there."""
    name = match.group(1)
    if name is None or (name in _XML_ENTITIES and match.group().endswith(";")):
        return match.group()
    if name.startswith("#") and match.group().endswith(";"):
        return match.group() if _is_character(name[1:]) else "\ufffd"
    meaning = html5.get(f"{name};")
    if meaning is None or not match.group().endswith(";"):
        return "&amp;" + match.group()[1:]
    return "".join(f"&#{ord(character)};" for character in meaning)


def _is_character(number: str) -> bool:
    try:
        code = int(number[1:], 16) if number[:1] in "xX" else int(number)
    except ValueError:
        return False
    return code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000


class _Target:
    """Between expat and a Handler: drops namespaces."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.data = handler.data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        plain = {name.rpartition("}")[2]: value for name, value in attributes.items()}
        self._handler.start(tag.rpartition("}")[2].lower(), plain)

    def end(self, tag: str) -> None:
        self._handler.end(tag.rpartition("}")[2].lower())

    def close(self) -> None:
        pass


def read_xml(raw: bytes, handler: Handler) -> None:
    """Feeds a well-formed document to `handler`; raises MarkupError where it ceases to be one."""
    parser = ElementTree.XMLParser(target=_Target(handler))
    text = _prepared(raw)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MarkupError("a document type that we do not read")
    try:
        parser.feed(text)
        parser.close()
    except (ElementTree.ParseError, ExpatError, ValueError) as error:
        raise MarkupError(str(error)) from None


class _Salvage(HTMLParser):
    """Feeds broken markup as a browser would read it: everything that is opened gets closed."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(convert_charrefs=True)
        self._handler = handler
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = tag.rpartition(":")[2]
        self._handler.start(tag, {name.rpartition(":")[2]: value or "" for name, value in attrs})
        if tag in VOID:
            self._handler.end(tag)
        else:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag.rpartition(":")[2] not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag not in self._open[-64:]:
            return
        while self._open:
            last = self._open.pop()
            self._handler.end(last)
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        self._handler.data(data)

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![…`: one of no known kind is an AssertionError to Python 3.11, and a comment to browsers."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def close(self) -> None:
        super().close()
        while self._open:
            self._handler.end(self._open.pop())


def salvage(raw: bytes, handler: Handler) -> None:
    """Feeds whatever can be read of a broken document to `handler`; never raises for its contents."""
    text = _DOCTYPE.sub("", _DECLARATION.sub("", _NOT_XML.sub("", decode(raw)), count=1), count=1)
    parser = _Salvage(handler)
    parser.feed(text)
    parser.close()


def parse_tree(raw: bytes) -> ElementTree.Element:
    """A small document (container, package, contents) as a tree without namespaces; MarkupError if broken."""
    builder = ElementTree.TreeBuilder()
    read_xml(raw, builder)  # type: ignore[arg-type]
    return builder.close()
