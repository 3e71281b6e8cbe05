"""An example is read before anything else: it fits on a page or two."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))
MOST_LINES = 99


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_less_than_100_lines(example: Path) -> None:
    """Its docstring, which says how to run it, included."""
    text = example.read_text("utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert f"python examples/{example.name}" in text.split('"""')[1]


def test_there_are_examples() -> None:
    """Both of them."""
    assert {"article.py", "film.py"} <= {path.name for path in EXAMPLES}
