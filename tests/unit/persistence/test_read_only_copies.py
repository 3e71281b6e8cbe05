"""Copies of profiles that may not be written, in the folder for temporary files: none outlives its process
for long, and none goes while it is in use."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._persistence import read_only
from dalsegno._persistence.lock import LOCK, ProfileLock
from dalsegno._persistence.read_only import Copy, copied, remove_left

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")

KILLED = """
import os, signal, sys
from pathlib import Path
from dalsegno._persistence.read_only import copied
copied(Path(sys.argv[1]), ("store.sqlite",))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def spare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of the test's own, also for its children."""
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    monkeypatch.setenv("TMPDIR", str(spare))
    return spare


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "store.sqlite").write_bytes(b"places")
    return folder


def left_by_a_kill(profile: Path, spare: Path) -> Path:
    subprocess.run([sys.executable, "-c", KILLED, str(profile)], timeout=60, check=False)
    [left] = spare.iterdir()
    assert b"places" == (left / "profile" / "store.sqlite").read_bytes()
    return left


def made(profile: Path) -> Copy:
    copy = copied(profile, ("store.sqlite", "device-id"))
    assert copy is not None
    return copy


def test_the_next_copy_takes_the_place_of_one_whose_process_was_killed(profile: Path, spare: Path) -> None:
    """Somebody's places do not gather among temporary files."""
    left = left_by_a_kill(profile, spare)
    copy = made(profile)
    assert [copy.folder.parent] == list(spare.iterdir())
    assert left != copy.folder.parent
    copy.remove()
    assert [] == list(spare.iterdir())


def test_the_removal_of_local_data_takes_it_too(profile: Path, spare: Path, tmp_path: Path) -> None:
    """It says that nothing is left."""
    left_by_a_kill(profile, spare)
    ds.account(
        "demo-local", api_key="any", home=tmp_path / "home", emulator="127.0.0.1:9"
    ).remove_local_data()
    assert [] == list(spare.iterdir())


def test_a_copy_in_use_stays(profile: Path, spare: Path) -> None:
    """Each of them, whoever looks."""
    first, second = made(profile), made(profile)
    remove_left()
    for copy in (first, second):
        assert b"places" == (copy.folder / "store.sqlite").read_bytes()
        assert 0o700 == copy.folder.parent.stat().st_mode & 0o777
        copy.remove()
    assert [] == list(spare.iterdir())


def test_what_is_not_ours_stays(spare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder for temporary files is everybody's: what others put there is not followed, and stays."""
    theirs, link, plain = tmp_path / "theirs", spare / "dalsegno-copy-link", spare / "dalsegno-emulator-1"
    for folder in (theirs, plain, spare / "dalsegno-copy-theirs"):
        folder.mkdir()
        (folder / LOCK).touch()
    link.symlink_to(theirs)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: (spare / "dalsegno-copy-theirs").stat().st_uid + 1)
        remove_left()
    assert 3 == len(list(spare.iterdir()))
    remove_left()
    assert {link, plain} == set(spare.iterdir())
    assert [theirs / LOCK] == list(theirs.iterdir())


def test_a_new_copy_that_another_process_takes_for_an_old_one_is_made_again(
    profile: Path, spare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just before it is locked, and just after it was opened to be."""
    sweeps = [1, 2]

    class Late(ProfileLock):
        def __init__(self, folder: Path) -> None:
            if 2 in sweeps:
                sweeps.remove(2)
                other = ProfileLock(folder)
                try:
                    super().__init__(folder)
                finally:
                    read_only._remove(folder, other)
            super().__init__(folder)
            if 1 in sweeps:
                sweeps.remove(1)
                (folder / LOCK).unlink()
                folder.rmdir()

    monkeypatch.setattr(read_only, "ProfileLock", Late)
    copy = made(profile)
    assert [] == sweeps
    with pytest.raises(ds.ProfileInUse):
        ProfileLock(copy.folder.parent)
    assert b"places" == (copy.folder / "store.sqlite").read_bytes()
    copy.remove()
    assert [] == list(spare.iterdir())
