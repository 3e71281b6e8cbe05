"""What Windows does otherwise, faked: the real one has not been tried."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from dalsegno._client.connect import _machine
from dalsegno.testing._launcher import Process
from tests.support.processes import noting_itself, pid_in, process_exists
from tests.support.waiting import until

LEASH = "import sys; from dalsegno.testing import _leash; sys.exit(_leash.main(sys.argv[1:], 'win32'))"

TASKKILL = """#!/bin/sh
# taskkill /PID 123 /T /F
test "$1 $3 $4" = "/PID /T /F" && kill -9 "$2"
"""


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command's folder; a `taskkill` is on the PATH."""
    tool = tmp_path / "bin" / "taskkill"
    tool.parent.mkdir()
    tool.write_text(TASKKILL, encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def hold(command: list[str], scratch: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", LEASH, str(scratch), *command],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_the_leash_ends_the_command_when_its_owner_lets_go(scratch: Path, tmp_path: Path) -> None:
    """Without signals and process groups: what tells it is the closed pipe, and what ends it is taskkill."""
    note = tmp_path / "note"
    with hold([sys.executable, "-c", f"{noting_itself(note)}; time.sleep(600)"], scratch) as leashed:
        until(lambda: pid_in(note), what="the command")
        assert leashed.poll() is None
        assert leashed.stdin is not None
        leashed.stdin.close()
        leashed.wait(timeout=60)
    assert not process_exists(pid_in(note))
    assert not scratch.exists()


def test_the_leash_ends_with_the_command(scratch: Path) -> None:
    """A command that ends by itself ends it too, though the pipe is open; the exit code is passed on."""
    with hold([sys.executable, "-c", "raise SystemExit(7)"], scratch) as leashed:
        assert 7 == leashed.wait(timeout=60)
    assert not scratch.exists()


def test_a_command_that_is_not_there_is_told(scratch: Path) -> None:
    """As elsewhere."""
    with hold([str(scratch / "nowhere")], scratch) as leashed:
        assert leashed.stderr is not None
        assert (127, f"{scratch / 'nowhere'}: No such file or directory\n".encode()) == (
            leashed.wait(timeout=60),
            leashed.stderr.read(),
        )


def test_a_device_is_named_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without `os.uname` has a name and a system all the same."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "uname")
    monkeypatch.setattr(platform, "node", lambda: "DESKTOP-1")
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    assert ("DESKTOP-1", "windows") == _machine()


def test_lines_end_alike(tmp_path: Path) -> None:
    """What a process printed is read line by line, whatever ends the lines there."""
    printed = tmp_path / "emulator.log"
    printed.write_bytes(b"http://127.0.0.1:8765\r\nready\r\n")
    with printed.open("rb") as log, subprocess.Popen(["true"]) as leash:
        assert "http://127.0.0.1:8765\nready\n" == Process(leash, tmp_path, log).output()
