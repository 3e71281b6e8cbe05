"""Disks that take no more: nothing is changed, the error says what to do, and later writes work again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dalsegno._core.ports import Batch
from dalsegno._errors import StorageFull
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, edit

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and permissions of POSIX")


def test_full_database(tmp_path: Path) -> None:
    """A write that finds no room changes nothing; with room again, the same write works."""
    store = SqliteStore.open(tmp_path, "alice")
    store.write(Batch(pending={BOOK: [edit("a", "kept", 1)]}))
    connection = store._open_connection()
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    large = Batch(
        pending={BOOK: [edit("a", "new", 2), edit("b", "x" * 50_000, 3)]},
        tokens={"t": b"1"},
        acked={BOOK: {"a": 1}},
    )
    for _ in range(2):
        with pytest.raises(StorageFull, match=r"store\.sqlite.*Nothing was changed\. Free some space"):
            store.write(large)
    stored = store.load(BOOK)
    assert stored is not None
    assert (edit("a", "kept", 1),) == stored.pending
    assert {} == dict(store.tokens())
    connection.execute("PRAGMA max_page_count = 1000000")
    store.write(large)
    stored = store.load(BOOK)
    assert stored is not None
    assert ["a", "b"] == [row.field for row in stored.pending]
    store.close()


LIMITED = """
import resource, sys
from dalsegno._core.ports import Batch
from dalsegno._errors import StorageFull
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, edit

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

store = SqliteStore.open(sys.argv[1], "alice")
limit(300_000)
confirmed = refused = seq = 0
while refused < 5:
    seq += 1
    try:
        store.write(Batch(pending={BOOK: [edit(f"field{seq}", "x" * 5000, seq)]}))
        confirmed += 1
    except StorageFull:
        refused += 1
        assert len(store.load(BOOK).pending) == confirmed
limit(resource.RLIM_INFINITY)
store.write(Batch(pending={BOOK: [edit("last", "", seq + 1)]}))
assert len(store.load(BOOK).pending) == confirmed + 1
assert store.notices == []
print(confirmed + 1, flush=True)
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_full_disk(tmp_path: Path) -> None:
    """Where files cannot grow, each write either counts or is refused; all that counted outlive kill -9."""
    child = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "" == child.stderr
    confirmed = int(child.stdout)
    store = SqliteStore.open(tmp_path, "alice")
    stored = store.load(BOOK)
    assert stored is not None
    assert confirmed == len(stored.pending)
    assert confirmed > 10
    store.close()


OPEN = """
import sys
from dalsegno._errors import StorageFull
from dalsegno._persistence.sqlite import SqliteStore
try:
    SqliteStore.open(sys.argv[1], "alice").close()
    print("opened")
except StorageFull as refusal:
    print(refusal)
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


def _open_elsewhere(folder: Path) -> str:
    command = [sys.executable, "-c", BOUND_BY_PERMISSIONS, OPEN, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_read_only_folder(tmp_path: Path, filled: bool) -> None:
    """A folder that cannot be written is a StorageFull that names the path; writable again, it opens."""
    folder = tmp_path / "profile"
    folder.mkdir()
    if filled:
        store = SqliteStore.open(folder, "alice")
        store.write(Batch(tokens={"a": b"1"}))
        store.close()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in (*folder.iterdir(), folder):
        path.chmod(0o500 if path.is_dir() else 0o400)
    told = _open_elsewhere(folder)
    assert told.startswith(f"The disk takes no more at {folder}")
    assert "make the folder writable" in told
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert "opened" == _open_elsewhere(folder)


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file where a folder should be is told by its path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFull, match="file"):
        SqliteStore.open(tmp_path / "file" / "profile", "alice")
