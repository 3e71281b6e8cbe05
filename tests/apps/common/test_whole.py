"""Files that apps write are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.common.whole import whole


def test_two_may_write_one_file_at_once(tmp_path: Path) -> None:
    """Each puts a whole file there; who is done last stands, and nothing else is left."""
    target = tmp_path / "a name as long as a name can be.epub".rjust(255, "-")
    with whole(target) as one:
        one.write_text("first")
        with whole(target) as other:
            other.write_text("second, longer")
        assert target.read_text() == "second, longer"
    assert target.read_text() == "first"
    assert [target] == list(tmp_path.iterdir())


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    """The file that was there before stays."""
    target = tmp_path / "book.epub"
    target.write_text("before")
    with pytest.raises(ZeroDivisionError), whole(target) as half:
        half.write_text("hal")
        raise ZeroDivisionError
    assert target.read_text() == "before"
    assert [target] == list(tmp_path.iterdir())
