"""One process at a time per profile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dalsegno._errors import ProfileInUse
from dalsegno._persistence.lock import ProfileLock
from dalsegno._persistence.sqlite import SqliteStore

HOLD = """
import sys
from dalsegno._persistence.sqlite import SqliteStore
store = SqliteStore.open(sys.argv[1], "alice")
print("held", flush=True)
sys.stdin.read()
"""

FORK = """
import os, sys
from pathlib import Path
if sys.argv[2] == "copy":  # as in the moment between fork and exec, when no hook has run
    os.register_at_fork = lambda **hooks: None
from dalsegno._errors import ProfileInUse
from dalsegno._persistence.lock import ProfileLock
home = Path(sys.argv[1])
lock = ProfileLock(home)
ready, wait = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(wait[1])
    os.write(ready[1], b".")
    os.read(wait[0], 1)  # until the parent has ended
    os._exit(0)
os.read(ready[0], 1)
try:
    ProfileLock(home)
except ProfileInUse:
    print("held", end=", ")
lock.release()
ProfileLock(home).release()
print("free")
"""
"""A process of one thread: to fork beside the threads of other tests is to gamble."""


def test_second_process_is_refused(tmp_path: Path) -> None:
    """A profile in use is refused with its folder, the holder's pid and what to do; kill -9 frees it."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            assert "held\n" == holder.stdout.readline()
            with pytest.raises(ProfileInUse) as refusal:
                SqliteStore.open(tmp_path, "alice")
        finally:
            holder.kill()
    for part in (str(tmp_path), f"another process (pid {holder.pid})", 'profile="another name"'):
        assert part in str(refusal.value)
    SqliteStore.open(tmp_path, "alice").close()


def test_second_client_of_this_process_is_refused(tmp_path: Path) -> None:
    """Two clients of one process cannot share a profile either; the message says that it is this process."""
    store = SqliteStore.open(tmp_path, "alice")
    with pytest.raises(ProfileInUse, match=f"same process .pid {os.getpid()}"):
        SqliteStore.open(tmp_path, "alice")
    store.close()
    SqliteStore.open(tmp_path, "alice").close()


def test_refused_open_leaves_the_holder_alone(tmp_path: Path) -> None:
    """A refusal does not loosen the lock that it met."""
    lock = ProfileLock(tmp_path)
    for _ in range(3):
        with pytest.raises(ProfileInUse):
            ProfileLock(tmp_path)
    lock.release()
    ProfileLock(tmp_path).release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("child", ["forgets", "copy"])
def test_a_child_neither_keeps_nor_loosens_it(tmp_path: Path, child: str) -> None:
    """What is forked leaves the lock with the owner, and does not keep it when the owner gives it back, even
    if it still has a copy of the descriptor."""
    command = [sys.executable, "-c", FORK, str(tmp_path), child]
    done = subprocess.run(command, timeout=60, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "held, free\n"), done.stderr


def test_failed_open_frees_the_profile(tmp_path: Path) -> None:
    """An open that fails for another reason does not leave the profile locked."""
    SqliteStore.open(tmp_path, "alice").close()
    for _ in range(2):
        with pytest.raises(Exception, match="another user"):
            SqliteStore.open(tmp_path, "bob")
    SqliteStore.open(tmp_path, "alice").close()
