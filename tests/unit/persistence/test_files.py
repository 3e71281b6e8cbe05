"""Files that are whole or not at all, on the disk itself, and alone; what only other systems do is faked."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dalsegno._in_place import TRIES, put_in_place
from dalsegno._persistence import files
from dalsegno._persistence.files import F_FULLFSYNC, BeingWritten, flush, written_whole
from dalsegno._persistence.lock import Held, take

SYSTEMS = ["linux", "darwin", "win32"]


@pytest.mark.parametrize("platform", SYSTEMS)
def test_a_file_is_written_whole(tmp_path: Path, platform: str) -> None:
    """The new text is there when all of it is, the old one until then; nothing else is left, and nobody else
    reads it."""
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")
    with written_whole(path, platform) as file:
        file.write("new")
        file.flush()
        assert "old" == path.read_text(encoding="utf-8")
    assert ("new", [path], 0o600) == (
        path.read_text(encoding="utf-8"),
        list(tmp_path.iterdir()),
        path.stat().st_mode & 0o777,
    )


@pytest.mark.parametrize("platform", SYSTEMS)
def test_what_fails_leaves_the_old_one(tmp_path: Path, platform: str) -> None:
    """An error on the way leaves the file as it was, and nothing beside it."""
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), written_whole(path, platform) as file:
        file.write("new")
        raise ZeroDivisionError
    assert ("old", [path]) == (path.read_text(encoding="utf-8"), list(tmp_path.iterdir()))


def test_two_do_not_write_one_file(tmp_path: Path) -> None:
    """Who comes second is told, and disturbs nothing."""
    path = tmp_path / "file"
    with written_whole(path) as file:
        file.write("first")
        with pytest.raises(BeingWritten), written_whole(path):
            pass
    assert ("first", [path]) == (path.read_text(encoding="utf-8"), list(tmp_path.iterdir()))
    with written_whole(path) as file:
        file.write("second")
    assert "second" == path.read_text(encoding="utf-8")


def test_what_was_left_by_a_killed_one_is_in_nobody_s_way(tmp_path: Path) -> None:
    """A half-written file whose writer was killed is removed by the next."""
    path = tmp_path / "file"
    code = (
        "import os, sys; from pathlib import Path; from dalsegno._persistence.files import written_whole\n"
        "with written_whole(Path(sys.argv[1])) as file: file.write('half'); file.flush(); os._exit(9)"
    )
    assert 9 == subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode
    assert ["file.part"] == [left.name for left in tmp_path.iterdir()]
    with written_whole(path) as file:
        file.write("whole")
    assert ("whole", [path]) == (path.read_text(encoding="utf-8"), list(tmp_path.iterdir()))


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """In a folder that others write to, a link that waits there does not choose what is overwritten."""
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_text("untouched", encoding="utf-8")
    (tmp_path / "file.part").symlink_to(victim)
    with written_whole(path) as file:
        file.write("text")
    assert ("untouched", "text") == (victim.read_text(encoding="utf-8"), path.read_text(encoding="utf-8"))


class Windows:
    """Refuses to replace a file so many times, as while a virus scanner has it open."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.pauses = refusals, 0

    def replace(self, beside: Path, path: Path) -> None:
        if self.refusals:
            self.refusals -= 1
            raise PermissionError(errno.EACCES, "Access is denied")
        beside.replace(path)

    def sleep(self, seconds: float) -> None:
        self.pauses += 1


@pytest.mark.parametrize(
    ("platform", "refusals", "placed", "pauses"),
    [("win32", TRIES - 1, True, TRIES - 1), ("win32", TRIES, False, TRIES - 1), ("linux", 1, False, 0)],
)
def test_a_file_that_somebody_has_open_is_waited_for_on_windows(
    tmp_path: Path, platform: str, refusals: int, placed: bool, pauses: int
) -> None:
    """A moment, not for ever; elsewhere a refusal is one, and nobody waits."""
    system, path, beside = Windows(refusals), tmp_path / "file", tmp_path / "file.new"
    beside.write_text("new", encoding="utf-8")
    if placed:
        put_in_place(beside, path, platform, system.replace, system.sleep)
    else:
        with pytest.raises(PermissionError):
            put_in_place(beside, path, platform, system.replace, system.sleep)
    assert (placed, pauses) == (path.exists(), system.pauses)


@pytest.mark.parametrize("supported", [True, False])
def test_on_macos_the_drive_s_own_memory_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, supported: bool
) -> None:
    """There fsync alone leaves data in the drive; where the drive cannot, fsync is what there is."""
    calls: list[object] = []

    def control(descriptor: int, command: int) -> None:
        calls.append(command)
        if not supported:
            raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "fdatasync", lambda descriptor: calls.append("fsync"), raising=False)
    with (tmp_path / "file").open("wb") as file:
        flush(file.fileno(), "darwin", control)
    assert ([F_FULLFSYNC] if supported else [F_FULLFSYNC, "fsync"]) == calls


def test_a_rename_is_on_the_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a file the folder is flushed: without that, a power cut forgets the new name."""
    flushed: list[int] = []
    monkeypatch.setattr(files, "flush", lambda descriptor, *_: flushed.append(os.fstat(descriptor).st_ino))
    files.replace_text(tmp_path / "device", "text")
    assert [(tmp_path / "device").stat().st_ino, tmp_path.stat().st_ino] == flushed


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.EAGAIN, Held), (errno.EACCES, Held), (errno.EDEADLK, Held), (errno.ENOLCK, OSError)],
)
def test_held_is_told_from_no_locks(number: int, error: type[OSError]) -> None:
    """Each system's word for "somebody has it" is that, and a file system without locks is not."""

    def taking(descriptor: int) -> None:
        raise OSError(number, "no")

    with pytest.raises(OSError) as refused:
        take(0, taking)
    assert error is type(refused.value)
