"""From XHTML to blocks.

Pure. Invariant: the words of a resource come out in reading order, whether its markup is sound or not, and
the same file gives the same text, to the character, on every device: places depend on it.
"""

import posixpath
import re
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from apps.reader.epub.blocks import OBJECT, Block, Chapter, Kind, Span, Style
from apps.reader.epub.markup import MarkupError, read_xml, salvage

_BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "html", "legend", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot",
    "thead", "tr", "ul",
})  # fmt: skip
_SKIPPED = frozenset({
    "annotation", "audio", "desc", "head", "iframe", "metadata", "object", "rp", "rt", "script", "select",
    "style", "template", "textarea", "video",
})  # fmt: skip
_STYLES = {
    **dict.fromkeys(("b", "strong", "th", "dt"), Style.BOLD),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var", "address"), Style.ITALIC),
    **dict.fromkeys(("code", "tt", "kbd", "samp", "pre"), Style.MONO),
    **dict.fromkeys(("small",), Style.SMALL),
    **dict.fromkeys(("sup", "sub"), Style.SMALL | Style.RAISED),
}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLANKS = re.compile(r"[ \t\n\r\f]+")  # not the no-break space
_CSS = (
    (re.compile(r"font-style\s*:\s*(italic|oblique)"), Style.ITALIC),
    (re.compile(r"font-weight\s*:\s*(bold|[6-9]00)"), Style.BOLD),
)
_CENTRED = re.compile(r"text-align\s*:\s*center")
MAX_INDENT = 6


def read_chapter(href: str, raw: bytes) -> Chapter:
    """The resource `href` of a book; what is not well-formed is read as a browser would."""
    builder = _Builder(href)
    try:
        read_xml(raw, builder)
    except MarkupError:
        builder = _Builder(href)
        salvage(raw, builder)
    return builder.chapter()


def missing_chapter(href: str, title: str) -> Chapter:
    """What stands where a resource of the spine is missing: the reader should know, and read on."""
    heading = title or "A missing chapter"
    words = f"This chapter is missing from the file of the book: {href}. The others can be read."
    return Chapter(
        href,
        heading,
        f"{heading}\n{words}",
        (
            Block(Kind.HEADING, 0, len(heading), (Span(0, len(heading)),), level=1),
            Block(
                Kind.PARAGRAPH,
                len(heading) + 1,
                len(heading) + 1 + len(words),
                (Span(len(heading) + 1, len(heading) + 1 + len(words), Style.ITALIC),),
            ),
        ),
    )


def resolve(base: str, target: str) -> str:
    """`target` as a link in resource `base` means it: "href" or "href#id" from the root of the archive, or
    the URL itself when it leads out of the book."""
    try:
        parts = urlsplit(target.strip())
    except ValueError:
        return target
    if parts.scheme or parts.netloc:
        return target.strip()
    path = unquote(parts.path)
    joined = posixpath.join(posixpath.dirname(base), path) if path else base
    joined = posixpath.normpath("/" + joined.lstrip("/"))[1:]  # nothing lies above the root
    return f"{joined}#{unquote(parts.fragment)}" if parts.fragment else joined


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds inside of an element."""

    tag: str
    style: Style = Style.PLAIN
    link: str | None = None
    kind: Kind = Kind.PARAGRAPH
    level: int = 0
    indent: int = 0
    quote: int = 0
    centred: bool = False
    pre: bool = False


class _Builder:
    """Receives the events of one document, and keeps the blocks."""

    def __init__(self, href: str) -> None:
        self._href = href
        self._stack = [_Context("")]
        self._skipping = 0
        self._lists: list[int | None] = []  # the next number of each open list; None for bullets
        self._marker = ""
        self._text: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._anchors: dict[str, int] = {}
        self._pending: list[str] = []
        self._spans: list[Span] = []
        self._run: list[str] = []  # the text of the open block
        self._run_length = 0
        self._blank = True  # the open block ends in a blank, or is empty
        self._title = ""

    # -- events

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._skipping or tag in _SKIPPED or "hidden" in attributes:
            self._skipping += 1
            return
        if tag in _BREAKS or tag == "hr":
            self._finish()
        if identity := attributes.get("id") or (attributes.get("name") if tag == "a" else None):
            self._pending.append(identity)
        self._stack.append(self._inside(tag, attributes))
        if tag in ("ol", "ul"):
            start = attributes.get("start", "1")
            self._lists.append((int(start) if start.isdecimal() else 1) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag == "br":
            self._append("\n")
            self._blank = True
        elif tag in ("td", "th") and self._run_length:
            self._append(" \u2003")
            self._blank = True
        elif tag == "hr":
            self._object(Kind.RULE)
        elif tag in ("img", "image"):
            self._image(attributes)

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        if tag in _BREAKS:
            self._finish()
        if tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        if tag == "li":
            self._marker = ""
        if len(self._stack) > 1 and self._stack[-1].tag == tag:
            self._stack.pop()

    def data(self, data: str) -> None:
        if self._skipping or not data:
            return
        if self._stack[-1].pre:
            self._append(data.replace("\r\n", "\n").replace("\t", "    "))
            self._blank = False
            return
        words = _BLANKS.sub(" ", data)
        if self._blank:
            words = words.lstrip(" ")
        if words:
            self._append(words)
            self._blank = words.endswith(" ")

    def chapter(self) -> Chapter:
        self._finish()
        for identity in self._pending:
            self._anchors.setdefault(identity, self._length)
        return Chapter(self._href, self._title, "".join(self._text), tuple(self._blocks), self._anchors)

    # -- what they mean

    def _inside(self, tag: str, attributes: dict[str, str]) -> _Context:
        outer = self._stack[-1]
        style, css = outer.style | _STYLES.get(tag, Style.PLAIN), attributes.get("style", "")
        for pattern, meant in _CSS:
            if pattern.search(css):
                style |= meant
        href = attributes.get("href") if tag == "a" else None
        inner = replace(
            outer,
            tag=tag,
            style=style,
            link=resolve(self._href, href) if href else outer.link,
            centred=tag == "center" or (bool(_CENTRED.search(css)) or (outer.centred and tag != "table")),
        )
        if tag in _HEADINGS:
            return replace(inner, kind=Kind.HEADING, level=_HEADINGS[tag])
        if tag == "pre":
            return replace(inner, kind=Kind.PREFORMATTED, pre=True)
        if tag in ("figcaption", "caption"):
            return replace(inner, kind=Kind.CAPTION)
        if tag == "blockquote":
            return replace(inner, quote=min(MAX_INDENT, outer.quote + 1))
        if tag in ("li", "dd"):
            return replace(inner, indent=min(MAX_INDENT, outer.indent + 1))
        return inner

    def _next_marker(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "•"
        number = self._lists[-1]
        self._lists[-1] = number + 1
        return f"{number}."

    def _append(self, words: str) -> None:
        self._settle_anchors(self._length + self._run_length)
        context = self._stack[-1]
        start = self._run_length
        self._run.append(words)
        self._run_length += len(words)
        last = self._spans[-1] if self._spans else None
        if last and last.style == context.style and last.link == context.link:
            self._spans[-1] = replace(last, end=self._run_length)
        else:
            self._spans.append(Span(start, self._run_length, context.style, context.link))

    def _finish(self) -> None:
        """Ends the open block, if it has anything in it."""
        text, context = "".join(self._run), self._stack[-1]
        text = text.rstrip("\n") if context.pre else text.rstrip(" \n")
        if text.strip():
            spans = tuple(
                Span(
                    self._length + span.start, self._length + min(span.end, len(text)), span.style, span.link
                )
                for span in self._spans
                if span.start < len(text)
            )
            self._add(
                Block(
                    context.kind,
                    self._length,
                    self._length + len(text),
                    spans,
                    level=context.level,
                    indent=context.indent,
                    quote=context.quote,
                    marker=self._marker,
                    centred=context.centred,
                ),
                text,
            )
            self._marker = ""
            if context.kind is Kind.HEADING and not self._title:
                self._title = _BLANKS.sub(" ", text)
        self._run, self._run_length, self._spans, self._blank = [], 0, [], True

    def _object(self, kind: Kind, image: str | None = None, alt: str = "") -> None:
        self._finish()
        self._settle_anchors(self._length)
        context = self._stack[-1]
        self._add(
            Block(
                kind,
                self._length,
                self._length + 1,
                (Span(self._length, self._length + 1, link=context.link),),
                indent=context.indent,
                quote=context.quote,
                image=image,
                alt=alt,
            ),
            OBJECT,
        )

    def _image(self, attributes: dict[str, str]) -> None:
        source = attributes.get("src") or attributes.get("href") or ""
        alt = _BLANKS.sub(" ", attributes.get("alt", "")).strip()
        self._object(Kind.IMAGE, resolve(self._href, source) if source else "", alt)

    def _add(self, block: Block, text: str) -> None:
        self._blocks.append(block)
        self._text += (text, "\n")
        self._length += len(text) + 1

    def _settle_anchors(self, offset: int) -> None:
        for identity in self._pending:
            self._anchors.setdefault(identity, offset)
        self._pending.clear()
