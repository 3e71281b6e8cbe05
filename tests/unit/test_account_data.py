"""A user's own export: where it cannot be written, that is said, and why."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dalsegno._client import account_data
from dalsegno._client.account_data import _replacing
from dalsegno._errors import StorageDenied, StorageFull, UsageError
from dalsegno._persistence.files import written_whole


@pytest.mark.parametrize(
    ("number", "error", "told"),
    [
        (errno.ENOSPC, StorageFull, "takes no more"),
        (errno.EACCES, StorageDenied, "may not be written .Permission denied.: choose another place"),
        (errno.EROFS, StorageDenied, "may not be written"),
        (errno.EIO, UsageError, "cannot be written .Input/output error."),
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

    monkeypatch.setattr(account_data, "written_whole", refusing)
    with pytest.raises(error, match=told), _replacing(tmp_path / "file"):
        pass


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    """It is no full disk."""
    with pytest.raises(UsageError, match="No such file"), _replacing(tmp_path / "missing" / "file"):
        pass


def test_two_exports_do_not_share_a_file(tmp_path: Path) -> None:
    """The second is told that another one writes it."""
    to = tmp_path / "file"
    with written_whole(to) as file:
        file.write("first\n")
        with pytest.raises(UsageError, match="another export is writing"), _replacing(to):
            pass
    with _replacing(to) as file:
        file.write("second\n")
    assert b"second\n" == to.read_bytes()
