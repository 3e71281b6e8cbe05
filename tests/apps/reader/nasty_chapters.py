"""Nasty chapters: encodings that are not what they say, and markup as it is found."""

# ruff: noqa: E501 - a table is read along its lines
from __future__ import annotations

import base64

from tests.apps.reader.making import make_epub, page
from tests.apps.reader.nasty_making import PNG, SPINE, TWO, XML, Nasty, book, item, opf, raw

DATA_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
LONG = " ".join(f"word{number}" for number in range(12_000))

CHAPTERS: dict[str, Nasty] = {
    # -- encodings
    "utf-16 with mark": Nasty(
        raw(one=(XML.format("utf-16") + page("<p>Grüße</p>")).encode("utf-16")), ("Grüße",)
    ),
    "utf-16 without mark": Nasty(
        raw(one=(XML.format("utf-16") + page("<p>Grüße</p>")).encode("utf-16-le")), ("Grüße",)
    ),
    "windows-1252": Nasty(
        raw(one=(XML.format("windows-1252") + page("<p>“Grüße”</p>")).encode("cp1252")), ("“Grüße”",)
    ),
    "windows-1252 that says it is utf-8": Nasty(
        raw(one=(XML.format("utf-8") + page("<p>“Grüße”</p>")).encode("cp1252")), ("“Grüße”",)
    ),
    "utf-8 that says it is utf-16": Nasty(
        raw(one=(XML.format("utf-16") + page("<p>Grüße</p>")).encode()), ("Grüße",)
    ),
    "unknown encoding": Nasty(raw(one=(XML.format("klingon") + page("<p>Grüße</p>")).encode()), ("Grüße",)),
    "encoding only in meta": Nasty(
        raw(
            one=page(
                "<p>Grüße</p>", '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"/>'
            ).encode("iso-8859-1")
        ),
        ("Grüße",),
    ),
    # -- markup
    "cdata, comments, instructions": Nasty(
        book(one="<p>a<![CDATA[ <b> & ]]>c<!-- not this --><?nor this?>d</p>"), ("a <b> & cd",)
    ),
    "prefixed xhtml": Nasty(
        raw(
            one='<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:body><h:p>First</h:p><h:p>Second</h:p></h:body></h:html>'
        ),
        ("First\nSecond",),
    ),
    "named entities": Nasty(
        book(one="<p>&laquo;&hellip;&raquo;&nbsp;&Aacute;&copy;&shy;</p>"), ("«…»\u00a0Á©",)
    ),
    "missing closing tags": Nasty(book(one="<ul><li>a<li>b</ul><p>c<p>d<i>e"), ("a\nb\nc\nde",)),
    "no html at all": Nasty(raw(one="Just words & more <words."), ("Just words & more",)),
    "empty chapters": Nasty(book(one="", two="<p>   </p>", three="<p>Words</p>", four=""), ("Words",)),
    "an empty file": Nasty(raw(one=b"", two=page("<p>Words</p>")), ("Words",)),
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
        opf(item("a", "x.png", kind="image/png") + item("b", "two.xhtml"), SPINE, x__png=PNG, two__xhtml=TWO),
        ("\ufffc", "Second"),
    ),
    "data uri": Nasty(book(one=f"<p>Words</p><img src='{DATA_URI}' alt='dot'/>"), ("Words", "\ufffc")),
    "one long paragraph": Nasty(book(one=f"<p>{LONG}</p>"), ("word0 word1", "word11999")),
    "one long word": Nasty(book(one=f"<p>{'x' * 30_000}</p>"), ("xxxx",)),
    "a table": Nasty(
        book(
            one="<table><caption>T</caption><tr><th>a</th><td><p>b</p></td></tr><tr><td colspan='2'>c</td></tr></table>"
        ),
        ("T", "a", "b", "c"),
    ),
    "footnotes": Nasty(
        book(
            one="<p>Text<a href='#n1' id='r1'><sup>1</sup></a>.</p><aside id='n1'><p><a href='#r1'>1</a> Note.</p></aside>"
        ),
        ("Text1.", "1 Note."),
    ),
    "ruby": Nasty(
        book(one="<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字</ruby>です。</p>"), ("漢字です。",)
    ),
    "a poem": Nasty(
        book(one="<p>One line,<br/>\n  another,<br/><br/>the last.</p>"),
        ("One line,\nanother,\n\nthe last.",),
    ),
    "preformatted": Nasty(book(one="<pre>\n def f():\n\treturn  1\n\n</pre>"), (" def f():\n    return  1",)),
    "nested lists": Nasty(
        book(
            one="<ol><li>a<ul><li>b<ol type='a'><li>c</li></ol></li></ul></li><li><ul><li>d</li></ul></li></ol>"
        ),
        ("a\nb\nc\nd",),
    ),
    "duplicate ids": Nasty(
        book(one="<p id='x'>First</p><p id='x'>Second</p><a href='#x'>on</a>"), ("First", "Second")
    ),
    "links to nowhere": Nasty(
        book(
            one="<p><a href='gone.xhtml'>a</a> <a href='#gone'>b</a> <a href=''>c</a> <a href='http://['>d</a> "
            "<a href='javascript:x()'>e</a> <a href='%00%ff'>f</a></p>"
        ),
        ("a b c d e f",),
    ),
    "emoji and other planes": Nasty(book(one="<p>Family 👨‍👩‍👧 and 𝔊 and 🇩🇪.</p>"), ("👨‍👩‍👧",)),
    "cjk": Nasty(book(one="<p>" + "吾輩は猫である。名前はまだ無い。" * 200 + "</p>"), ("吾輩は猫である。",)),
    "control characters": Nasty(
        raw(one=page("<p>a\x00b\x0bc&#1;d&#xd800;e&#99999999;</p>").encode()), ("a",)
    ),
    "nonsense for numbers": Nasty(
        book(
            one="<ol start='٣'><li>a</li></ol><ol start='99999999999999999999'><li>b</li></ol><ol start='-3'><li>c</li></ol><ol start='²'><li>d</li></ol>"
        ),
        ("a", "b", "c", "d"),
    ),
}
