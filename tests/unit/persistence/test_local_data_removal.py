"""The removal of what is on this device, while others look or work; and looks that change nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._auth.managed import LocalData
from dalsegno._auth.stored_sign_in import StoredSignIn
from dalsegno._core.types import UserId
from dalsegno._errors import ProfileInUse, StorageDenied, StorageFull
from dalsegno._persistence import local_data, lock
from dalsegno._persistence.lock import ProfileLock
from dalsegno._persistence.sqlite import SqliteStore
from tests.support.clients import Note

PROJECT, KEY, NOBODY = "demo-local", "any-key", "127.0.0.1:9"
READ = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=0)
try:
    database.execute("SELECT COUNT(*) FROM outbox").fetchone()
except sqlite3.OperationalError as error:
    print(error)
"""


def connected(home: Path, user: str) -> ds.Client:
    return ds.connect(PROJECT, user=ds.Unsigned(user), home=home, emulator=NOBODY)


def used(home: Path, user: str) -> Path:
    """A client of this user edits, and is closed before anything could be sent; where that is."""
    with connected(home, user) as client:
        client.open("moby", Note).update(page=1)
        client.close(0.0)
    return project_folder(home) / user


def project_folder(home: Path) -> Path:
    return home / "app" / "default" / PROJECT


def account(home: Path) -> ds.Account:
    return ds.account(PROJECT, api_key=KEY, home=home, emulator=NOBODY)


def signed_in(home: Path) -> ds.Account:
    """Somebody is signed in here, and has a client open nowhere."""
    here = account(home)
    here._keeper.save(StoredSignIn(UserId("alice"), "alice@example.com", False, "token"))
    return here


# --- looks --------------------------------------------------------------------------------------------


def test_a_look_makes_no_database(tmp_path: Path) -> None:
    """Not in a folder from which it is being removed in that moment."""
    assert ("", 0) == local_data.held_by(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_a_look_leaves_the_log_of_an_empty_database(tmp_path: Path) -> None:
    """SQLite would throw it away, with the edits that the next start saves from it; and that there is
    something of somebody is told all the same."""
    folder = used(tmp_path, "alice")
    (folder / "store.sqlite").write_bytes(b"")
    (folder / "store.sqlite-wal").write_bytes(b"edits" * 1000)
    assert LocalData((), 0, unreadable=1) == account(tmp_path).local_data()
    assert b"edits" * 1000 == (folder / "store.sqlite-wal").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="there, closing a file takes no lock away")
def test_a_look_takes_no_lock_from_a_client_of_this_process(tmp_path: Path) -> None:
    """Closing a database that was opened by hand would: then another program could write into it."""
    with connected(tmp_path, "alice") as client:
        client.open("moby", Note).update(page=1)
        assert 1 == account(tmp_path).local_data().unreadable
        database = project_folder(tmp_path) / "alice" / "store.sqlite"
        command = [sys.executable, "-c", READ, str(database)]
        said = subprocess.run(command, timeout=60, capture_output=True, text=True, check=True).stdout
        client.close(0.0)
    assert "database is locked\n" == said


def test_nobody_of_this_process_begins_during_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after it has been seen that nobody is there either: the end of the look would take their locks."""
    used(tmp_path, "alice")
    read, waits = local_data._read, []

    def meanwhile(database: Path) -> tuple[str, int]:
        waits.append(lock._beginning.locked())
        return read(database)

    monkeypatch.setattr(local_data, "_read", meanwhile)
    assert LocalData(("alice",), 1) == account(tmp_path).local_data()
    assert [True] == waits


# --- removal ------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no open file is removed there, the lock neither")
def test_nobody_begins_to_work_on_what_is_being_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that starts in the middle is refused, and loses nothing by that."""
    folder, tried = used(tmp_path, "alice"), []
    remove = local_data._remove_entry

    def meanwhile(path: Path) -> None:
        with pytest.raises(ProfileInUse):
            SqliteStore.open(folder, "alice")
        tried.append(path.name)
        remove(path)

    monkeypatch.setattr(local_data, "_remove_entry", meanwhile)
    account(tmp_path).remove_local_data()
    assert "store.sqlite" in tried
    assert [] == list(tmp_path.iterdir())


def test_who_comes_meanwhile_keeps_what_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who was not there when the removal began is not removed."""
    used(tmp_path, "alice")
    remove = local_data._remove

    def meanwhile(folder: Path) -> None:
        remove(folder)
        used(tmp_path, "bob")

    monkeypatch.setattr(local_data, "_remove", meanwhile)
    account(tmp_path).remove_local_data()
    assert ["bob"] == [path.name for path in project_folder(tmp_path).iterdir()]
    assert ("bob",) == account(tmp_path).local_data().users


def test_a_locked_folder_without_a_database_is_somebodys_too(tmp_path: Path) -> None:
    """A client may be about to make it."""
    folder = used(tmp_path, "alice")
    (folder / "store.sqlite").unlink()
    held = ProfileLock(folder)
    with pytest.raises(ProfileInUse):
        account(tmp_path).remove_local_data()
    assert (folder / "device-id").exists()
    held.release()
    account(tmp_path).remove_local_data()
    assert [] == list(tmp_path.iterdir())


def test_what_a_look_leaves_in_the_folder_goes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite, in another process, makes its log anew while the folder is being removed."""
    folder = used(tmp_path, "alice")
    rmdir, late = Path.rmdir, [folder / "store.sqlite-wal"]

    def meanwhile(path: Path) -> None:
        if late and path == folder:
            late.pop().write_bytes(b"")
        rmdir(path)

    monkeypatch.setattr(Path, "rmdir", meanwhile)
    account(tmp_path).remove_local_data()
    assert [] == list(tmp_path.iterdir())


def test_who_is_signed_in_stays_so_if_nothing_can_be_removed(tmp_path: Path) -> None:
    """Another process works there: it is told before the sign-in is gone."""
    here = signed_in(tmp_path)
    with connected(tmp_path, "bob") as client, pytest.raises(ProfileInUse):
        client.open("moby", Note).update(page=1)
        here.remove_local_data()
    assert here.user is not None
    here.remove_local_data()
    assert None is here.user


def refusing(number: int) -> Callable[..., None]:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    return refuse


@pytest.mark.parametrize(
    ("number", "error", "told"),
    [
        (errno.EACCES, StorageDenied, "may not be written"),
        (errno.EROFS, StorageDenied, "may not be written"),
        (errno.ENOSPC, StorageFull, "takes no more"),
        (errno.EIO, ds.DalSegnoError, "reports an error"),
    ],
)
@pytest.mark.parametrize("at", ["lock", "removal"])
def test_what_the_disk_refuses_is_said_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, number: int, error: type[Exception], told: str
) -> None:
    """A missing permission is no full disk, and nothing of the system's own errors comes through."""
    here = signed_in(tmp_path)
    used(tmp_path, "alice")
    monkeypatch.setattr(local_data, "ProfileLock" if at == "lock" else "_remove_entry", refusing(number))
    with pytest.raises(error, match=told):
        here.remove_local_data()
    assert (at == "lock") == (here.user is not None)
    monkeypatch.undo()
    here.remove_local_data()
    assert [] == list(tmp_path.iterdir())


def test_what_is_on_a_full_disk_can_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock's file takes nothing then, and is a lock all the same."""
    folder = used(tmp_path, "alice")
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if os.fstat(descriptor).st_ino == (folder / "lock").stat().st_ino:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr("dalsegno._persistence.lock.os.write", full)
    account(tmp_path).remove_local_data()
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_may_not_be_read_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a look."""
    used(tmp_path, "alice")
    here = account(tmp_path)
    monkeypatch.setattr(Path, "iterdir", refusing(errno.EACCES))
    for call in (here.local_data, here.remove_local_data):
        with pytest.raises(StorageDenied):
            call()
