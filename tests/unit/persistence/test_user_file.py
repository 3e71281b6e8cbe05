"""A file where its user said: whole or not at all, and what is in the way is said."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dalsegno._errors import StorageDenied, StorageFull, UsageError
from dalsegno._persistence import user_file
from dalsegno._persistence.files import written_whole
from dalsegno._persistence.user_file import replacing


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    """A folder where a file should go is no full disk."""
    with pytest.raises(UsageError, match="is a folder: name a file in it"), replacing(tmp_path):
        pass
    assert [] == list(tmp_path.iterdir())


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    """A file in a folder that is not there cannot be written, and why is said."""
    to = tmp_path / "missing" / "file"
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"), replacing(to):
        pass


def test_two_exports_do_not_share_a_file(tmp_path: Path) -> None:
    """While one export writes a file, another one to it is refused, and the first is whole; then it goes."""
    to = tmp_path / "file"
    with written_whole(to) as file:
        file.write("first")
        with pytest.raises(UsageError, match="another export is writing"), replacing(to):
            pass
    assert "first" == to.read_text(encoding="utf-8")
    with replacing(to) as file:
        file.write("second\n")
    assert b"second\n" == to.read_bytes()


@pytest.mark.parametrize(
    ("number", "error", "told"),
    [
        (errno.ENOSPC, StorageFull, "the disk is full"),
        (errno.EDQUOT, StorageFull, "the disk is full"),
        (errno.EACCES, StorageDenied, "may not be written .Permission denied.: choose another place"),
        (errno.EROFS, StorageDenied, "may not be written"),
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

    monkeypatch.setattr(user_file, "written_whole", refusing)
    with pytest.raises(error, match=told), replacing(tmp_path / "file"):
        pass
