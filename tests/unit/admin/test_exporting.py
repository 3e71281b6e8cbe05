"""Where an export goes: a file of its own for each user, on every system; and what is in the way is said."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dalsegno._errors import StorageFull, UsageError
from dalsegno._persistence.files import written_whole
from dalsegno.admin import _exporting
from dalsegno.admin._exporting import _replacing, default_file

ODD = [
    "alice",
    "Alice",
    "ALICE",
    "a:b",
    "a\\b",
    "a b",
    "a-b",
    "ends.",
    "con",
    "日本",
    "x" * 128,
    "x" * 127,
    "é" * 128,
]


def test_plain_ids_are_the_name() -> None:
    """A plain id is the file's name."""
    assert "export-alice-1_2.json" == default_file("alice-1_2")


def test_each_user_has_a_file_of_their_own() -> None:
    """`Alice` and `alice` are one name for macOS and Windows: no two ids share a file, whatever the case; and
    no name has what some system refuses, or is too long."""
    names = [default_file(uid) for uid in ODD]
    assert len(ODD) == len({name.lower() for name in names})
    assert all(re.fullmatch(r"export-[A-Za-z0-9_-]{1,64}(~[0-9a-f]{8})?\.json", name) for name in names)


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    """A folder where a file should go is no full disk."""
    with pytest.raises(UsageError, match="is a folder: name a file in it"), _replacing(tmp_path):
        pass
    assert [] == list(tmp_path.iterdir())


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    """A file in a folder that is not there cannot be written, and why is said."""
    to = tmp_path / "missing" / "file"
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"), _replacing(to):
        pass


def test_two_exports_do_not_share_a_file(tmp_path: Path) -> None:
    """While one export writes a file, another one to it is refused, and the first is whole."""
    to = tmp_path / "file"
    with written_whole(to) as file:
        file.write("first")
        with pytest.raises(UsageError, match="another export is writing"), _replacing(to):
            pass
    assert "first" == to.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("number", "error", "told"),
    [
        (errno.ENOSPC, StorageFull, "the disk is full"),
        (errno.EDQUOT, StorageFull, "the disk is full"),
        (errno.EIO, UsageError, "cannot be written: Input/output error"),
    ],
)
def test_only_a_full_disk_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception], told: str
) -> None:
    """ "Free space" is said where that helps."""

    @contextmanager
    def refusing(path: Path) -> Iterator[None]:
        raise OSError(number, os.strerror(number))
        yield

    monkeypatch.setattr(_exporting, "written_whole", refusing)
    with pytest.raises(error, match=told), _replacing(tmp_path / "file"):
        pass
