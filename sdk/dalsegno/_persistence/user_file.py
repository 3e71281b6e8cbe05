"""A file at a place that its user has named, such as an export's: whole or not at all. Any thread."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from dalsegno._errors import DalSegnoError, StorageDenied, StorageFull, UsageError
from dalsegno._persistence.files import BeingWritten, written_whole
from dalsegno._persistence.sqlite_error import DENIED, FULL


@contextlib.contextmanager
def replacing(to: Path) -> Iterator[TextIO]:
    """A private text file that takes the place of `to` when all is on the disk.

    Raises:
        UsageError: `to` is a folder, or in none that is there; or another export is writing it.
        StorageFull, StorageDenied: what stood in the file is unharmed.
    """
    if to.is_dir():
        raise UsageError(f"{to} is a folder: name a file in it")
    try:
        with written_whole(to) as file:
            yield file
    except BeingWritten:
        raise UsageError(f"another export is writing {to}: wait for it, or name another file") from None
    except OSError as error:
        raise _explained(to, error) from None


def _explained(to: Path, error: OSError) -> DalSegnoError:
    if error.errno in FULL:
        return StorageFull(f"{to}: the disk is full; free space and try again")
    if error.errno in DENIED:
        return StorageDenied(f"{to} may not be written ({error.strerror}): choose another place")
    return UsageError(f"{to} cannot be written: {error.strerror}; choose another place")
