"""A book of three chapters, the first two with a link into the third."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.reader.epub import Book, open_book
from tests.apps.reader.making import make_epub

WORDS = " ".join(f"Sentence number {number} of the chapter stands here." for number in range(200))


@pytest.fixture
def book(tmp_path: Path) -> Book:
    body = f"<h1>{{}}</h1><p>{WORDS}</p><p>The last words of {{}}, <a href='three.xhtml#here'>and on</a>.</p>"
    chapters = {name: body.format(name, name) for name in ("one.xhtml", "two.xhtml")}
    chapters["three.xhtml"] = f"<h1>three</h1><p>{WORDS}</p><p id='here'>Here it is.</p>"
    return open_book(make_epub(tmp_path / "a.epub", chapters))
