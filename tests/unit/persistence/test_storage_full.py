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
