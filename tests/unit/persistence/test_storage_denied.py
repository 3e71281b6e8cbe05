"""Folders that may not be written, and whatever else the system refuses: each told by its right name."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dalsegno._core.ports import Batch
from dalsegno._errors import DalSegnoError, StorageDenied, StorageFull, UsageError
from dalsegno._persistence import sqlite, sqlite_error
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, document, edit

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")

OPEN = """
import sys
from dalsegno._core.ports import Batch
from dalsegno._errors import StorageDenied
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK
try:
    store = SqliteStore.open(sys.argv[1], "alice")
except StorageDenied as denied:
    print("refused:", denied)
    sys.exit()
stored = store.load(BOOK)
print("shown:", stored.base.entries["a"].value if stored else None, len(store.notices))
try:
    store.write(Batch(tokens={"a": b"2"}))
    print("written")
except StorageDenied as denied:
    print("denied:", denied)
store.close()
"""

# Takes from root, for the program that follows, the right to write anywhere. In a process of its own: after a
# fork of one with threads nothing may be loaded.
BOUND_BY_PERMISSIONS = """
import ctypes, os, sys
drop_from_bounding_set, dac_override = 24, 1
if os.geteuid() == 0:
    if ctypes.CDLL(None, use_errno=True).prctl(drop_from_bounding_set, dac_override, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


def _open_elsewhere(folder: Path) -> list[str]:
    """In a process that has a folder of its own for temporary files, and leaves none behind."""
    command = [sys.executable, "-c", BOUND_BY_PERMISSIONS, OPEN, str(folder)]
    with tempfile.TemporaryDirectory() as spare:
        env = {**os.environ, "TMPDIR": spare}
        said = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout
        assert [] == list(Path(spare).iterdir())
    return said.splitlines()


def _filled(folder: Path) -> None:
    store = SqliteStore.open(folder, "alice")
    store.write(Batch(bases={BOOK: document({"a": "here"}, rev=1)}))
    store.close()


def _content(folder: Path) -> dict[str, bytes]:
    """But for the lock, in which each process says who it is."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}


@pytest.mark.parametrize("kept", [(), ("store.sqlite", "lock"), ("",)], ids=["all", "folder", "files"])
def test_what_may_not_be_written_is_shown(tmp_path: Path, kept: tuple[str, ...]) -> None:
    """Of a folder, or files, without the right to write: what is there is shown, told once, and a write says
    what to do. Not a byte changes; with the right it opens as ever."""
    folder = tmp_path / "profile"
    _filled(folder)
    before = _content(folder)
    for path in folder.iterdir():
        path.chmod(0o600 if path.name in kept else 0o400)
    folder.chmod(0o700 if "" in kept else 0o500)
    shown, denied = _open_elsewhere(folder)
    assert "shown: here 1" == shown
    assert "may not be written" in denied
    assert "Make the folder writable" in denied
    assert before == _content(folder)
    folder.chmod(0o700)
    for path in folder.iterdir():
        path.chmod(0o600)
    assert ["shown: here 0", "written"] == _open_elsewhere(folder)


def test_nothing_to_show(tmp_path: Path) -> None:
    """A folder without data that may not be written is a StorageDenied that names it."""
    folder = tmp_path / "profile"
    folder.mkdir()
    folder.chmod(0o500)
    [told] = _open_elsewhere(folder)
    folder.chmod(0o700)
    assert told.startswith(f"refused: The local data at {folder}")
    assert "Make the folder writable" in told


KINDS = [
    (errno.ENOSPC, StorageFull, "Free some space"),
    (errno.EDQUOT, StorageFull, "Free some space"),
    (errno.EFBIG, StorageFull, "Free some space"),
    (errno.EACCES, StorageDenied, "Make the folder writable"),
    (errno.EPERM, StorageDenied, "Make the folder writable"),
    (errno.EROFS, StorageDenied, "Make the folder writable"),
    (errno.EMFILE, DalSegnoError, "limit of open files"),
    (errno.ENFILE, DalSegnoError, "limit of open files"),
    (errno.EISDIR, UsageError, "move it away"),
    (errno.ENOTDIR, UsageError, "move it away"),
    (errno.EIO, DalSegnoError, "The disk reports an error"),
]


@pytest.mark.parametrize(("number", "kind", "words"), KINDS, ids=[errno.errorcode[k[0]] for k in KINDS])
def test_each_refusal_has_its_name(tmp_path: Path, number: int, kind: type[Exception], words: str) -> None:
    """Whatever the system refuses while files are made is told as what it is: the path, and what to do."""
    path = tmp_path / "store.sqlite"
    with pytest.raises(DalSegnoError) as told, sqlite_error.disk(path):
        raise OSError(number, "as the system says it", str(path))
    assert kind is type(told.value)
    assert words in str(told.value)
    assert str(path) in str(told.value)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EDQUOT, errno.EMFILE])
def test_the_system_is_asked_where_sqlite_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """SQLite's one word for many reasons becomes the reason that the operating system gives."""
    store = SqliteStore.open(tmp_path, "alice")
    told = OSError(number, "as the system says it", str(tmp_path))
    expected = type(sqlite_error.refused(tmp_path, told))
    store._open_connection().execute("PRAGMA query_only = ON")
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_error, "_asked", lambda _: told)
        with pytest.raises(DalSegnoError) as raised:
            store.write(Batch(pending={BOOK: [edit("a", 1, 1)]}))
    assert expected is type(raised.value)
    store._open_connection().execute("PRAGMA query_only = OFF")
    store.write(Batch(pending={BOOK: [edit("a", 1, 1)]}))
    store.close()


def test_a_folder_where_the_database_belongs(tmp_path: Path) -> None:
    """It is told by its path, and stays."""
    (tmp_path / "store.sqlite").mkdir()
    with pytest.raises(UsageError, match=r"store\.sqlite.*move it away"):
        SqliteStore.open(tmp_path, "alice")
    assert (tmp_path / "store.sqlite").is_dir()


def test_a_file_where_the_folder_belongs(tmp_path: Path) -> None:
    """It is told by its path, above the folder too."""
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "profile"):
        with pytest.raises(UsageError, match=r"file.*move it away"):
            SqliteStore.open(folder, "alice")


def test_no_room_for_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the folder nor a copy of it can be written, the error is that of the copy."""
    _filled(tmp_path)

    def denied(*_: object) -> None:
        raise StorageDenied("no")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "ProfileLock", denied)
        patch.setattr("shutil.copyfile", full)
        with pytest.raises(StorageFull):
            SqliteStore.open(tmp_path, "alice")
    SqliteStore.open(tmp_path, "alice").close()
