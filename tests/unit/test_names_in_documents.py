"""What the documents name is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = (ROOT, ROOT / "sdk", ROOT / "sdk" / "dalsegno", ROOT / "apps")
PATH = re.compile(r"`([\w./-]+(?:\.py|/))`|\]\(([\w./-]+\.md)(?:#[\w-]*)?\)")


def documents() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    yield from (ROOT / "docs").rglob("*.md")


@pytest.mark.parametrize("document", sorted(documents()), ids=lambda path: path.name)
def test_modules_folders_and_documents_that_are_named_exist(document: Path) -> None:
    """Whoever looks one up finds it: it was renamed in the documents, too."""
    named = [path or link for path, link in PATH.findall(document.read_text(encoding="utf-8"))]
    places = (document.parent, *PLACES)
    assert [] == [name for name in named if not any((place / name).exists() for place in places)]
