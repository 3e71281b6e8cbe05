"""What only the SQLite store promises: flushing, threads, users, the log's size."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from dalsegno._core.ports import Batch
from dalsegno._errors import StorageFull, UsageError
from dalsegno._persistence.connection import LOG_LIMIT_BYTES
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.stores import BOOK, edit


def test_sync_flushes_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sync` asks the system to put exactly the log that holds the last write on the disk, on any thread."""
    store = SqliteStore.open(tmp_path, "alice")
    store.write(Batch(tokens={"a": b"0123456789"}))
    flushed: list[bytes] = []

    def fdatasync(descriptor: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink().read_bytes())

    monkeypatch.setattr(os, "fdatasync", fdatasync, raising=False)
    thread = threading.Thread(target=store.sync)
    thread.start()
    thread.join()
    assert 1 == len(flushed)
    assert b"0123456789" in flushed[0]
    assert flushed[0] == (tmp_path / "store.sqlite-wal").read_bytes()
    store.close()


def test_sync_of_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flush that the disk refuses is a StorageFull; after closing there is nothing to flush."""
    store = SqliteStore.open(tmp_path, "alice")
    store.write(Batch(tokens={"a": b"1"}))

    def fails(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fails, raising=False)
        with pytest.raises(StorageFull, match=r"store\.sqlite-wal.*No space left"):
            store.sync()
    store.close()
    store.sync()


def test_opened_here_used_there(tmp_path: Path) -> None:
    """The store may be opened on one thread and used on another."""
    store = SqliteStore.open(tmp_path, "alice")
    thread = threading.Thread(target=store.write, args=(Batch(tokens={"a": b"1"}),))
    thread.start()
    thread.join()
    assert {"a": b"1"} == dict(store.tokens())
    store.close()


def test_another_user_is_refused(tmp_path: Path) -> None:
    """The folder of one user is never opened for another: their edits would be sent as this one's."""
    SqliteStore.open(tmp_path, "alice").close()
    with pytest.raises(UsageError, match="another user"):
        SqliteStore.open(tmp_path, "bob")


def test_files_stay_small(tmp_path: Path) -> None:
    """Ten thousand edits of the same fields leave files of a bounded size."""
    store = SqliteStore.open(tmp_path, "alice")
    for seq in range(10_000):
        store.write(Batch(pending={BOOK: [edit(f"field{seq % 5}", "x" * 200, seq)]}))
    assert (tmp_path / "store.sqlite").stat().st_size < 100_000
    assert (tmp_path / "store.sqlite-wal").stat().st_size < 2 * LOG_LIMIT_BYTES
    assert 5 == len(store._unsent)
    store.close()
    assert not (tmp_path / "store.sqlite-wal").exists()
