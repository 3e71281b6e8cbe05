"""Local data that cannot be used: set aside with a message, refilled from the server, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import StartDevice
from tests.support.child import ChildError
from tests.support.device_process import DeviceProcess


def database(home: Path) -> Path:
    """The one database below the test's home."""
    (found,) = home.rglob("store.sqlite")
    return found


def saved_and_closed(device: StartDevice) -> DeviceProcess:
    """A phone with an edit that the server has, closed."""
    phone = device("phone")
    phone.open("book")
    phone.update("book", note="at the server", furthest=0.8)
    phone.until_saved()
    phone.ask("close")
    return phone


def test_a_corrupt_database_is_set_aside_and_refilled(device: StartDevice, tmp_path: Path) -> None:
    """Garbage where the database was: a sentence for the user, the file kept, all back from the server."""
    phone = saved_and_closed(device)
    path = database(tmp_path)
    path.write_bytes(b"this is no database at all" * 400)
    path.with_name("store.sqlite-wal").unlink(missing_ok=True)
    phone.connect_again()
    (notice,) = phone.ask("notices")
    assert "set aside" in notice or "aside" in notice
    kept = [p for p in path.parent.iterdir() if p.name != path.name and b"no database" in p.read_bytes()]
    assert 1 == len(kept), f"the damaged file is not beside {path.name}"
    phone.open("book")
    phone.until_state("book", note="at the server", furthest=0.8)


def test_a_truncated_database_is_set_aside_and_refilled(device: StartDevice, tmp_path: Path) -> None:
    """Half of the file is gone: the same, and the next edit works."""
    phone = saved_and_closed(device)
    path = database(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 100])
    phone.connect_again()
    assert 1 == len(phone.ask("notices"))
    phone.open("book")
    phone.until_state("book", note="at the server", furthest=0.8)
    phone.update("book", note="goes on")
    phone.until_saved()


def test_the_device_stays_the_same_device(device: StartDevice, tmp_path: Path) -> None:
    """A new database is no new device: the id outlives it, so the user sees no ghost."""
    phone = saved_and_closed(device)
    before = phone.device_id
    database(tmp_path).write_bytes(b"\0" * 8192)
    phone.connect_again()
    assert before == phone.device_id


def test_a_home_that_is_a_file_is_a_clear_error(device: StartDevice, tmp_path: Path) -> None:
    """Where the folder should be stands a file: the error names the place."""
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(ChildError, match="home"):
        device("phone")
