"""The official emulator itself: that it starts, takes rules, and leaves no process behind, however we end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from dalsegno._errors import EmulatorError
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from dalsegno.testing._launcher import HOST_VARIABLE
from tests.support.emulator import RULES, fresh_project
from tests.support.waiting import until

START_TIMEOUT_S = 150.0


def command_lines_with(text: str) -> list[str]:
    lines = (" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    return [line for line in lines if text in line]


def nothing_left(port: int) -> bool:
    """No process names the port."""
    return not command_lines_with(f"{port}")


def without_named_emulator() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != HOST_VARIABLE}


def started(command: list[str], folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A process that prints its emulator's address, and the port in it."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=without_named_emulator() | {"TMPDIR": str(folder)},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"127\.0\.0\.1:(\d+)", line)
    assert found, f"no address in {line!r}: {process.communicate()[1]}"
    return process, int(found[1])


def test_the_command_runs_until_ctrl_c_and_leaves_nothing(tmp_path: Path) -> None:
    """`dalsegno emulator` prints the line to export, and at Ctrl-C ends Java, too, with exit code 0."""
    command = [sys.executable, "-m", "dalsegno._cli", "emulator", "--rules", str(RULES)]
    in_background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]  # as a shell script starts it with &
    process, port = started([*in_background, *command], tmp_path)
    emulator = FirestoreEmulator(f"127.0.0.1:{port}")
    assert emulator.answers()
    assert len(command_lines_with(f"--port={port}")) >= 2, "the launcher is expected to have bash and java"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=START_TIMEOUT_S)
    assert process.returncode == 0
    assert told.endswith("the Firestore emulator has been stopped\n")
    assert nothing_left(port)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_parent_leaves_nothing(tmp_path: Path) -> None:
    """When the process that started the emulator is killed with SIGKILL, Java and its folder go too."""
    script = (
        "from dalsegno.testing._firestore_emulator import FirestoreEmulator; "
        "emulator = FirestoreEmulator.start(); print(emulator.host, flush=True); emulator.wait()"
    )
    process, port = started([sys.executable, "-c", script], tmp_path)
    process.kill()
    process.communicate()
    until(lambda: nothing_left(port), timeout_s=30, what="the end of the emulator's processes")
    until(lambda: not list(tmp_path.iterdir()), what="the end of the scratch folder")


def test_rules_that_do_not_compile_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken rules are an error with the compiler's words; the emulator, which would run on, is ended."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    rules = tmp_path / "broken.rules"
    rules.write_text("service cloud.firestore { oops }")
    hosts: list[str] = []
    with pytest.raises(EmulatorError, match=r"(?s)rules were refused: .*L1:27 Unexpected 'oops'"):
        FirestoreEmulator.start(rules=rules, progress=hosts.append)
    port = re.search(r"127\.0\.0\.1:(\d+)", hosts[0])
    assert port is not None
    assert nothing_left(int(port[1]))
    assert [rules] == list(tmp_path.iterdir())


def test_rules_that_do_not_compile_leave_the_old_ones(emulator: FirestoreEmulator) -> None:
    """A refused change of rules is told with the compiler's words."""
    with pytest.raises(EmulatorError, match="Error compiling rules"):
        emulator.load_rules(fresh_project(), "service cloud.firestore { oops }")


def test_an_attached_emulator_gets_the_rules_and_outlives_us(
    emulator: FirestoreEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attaching loads the rules for the named project, and leaving does not stop what others run."""
    monkeypatch.setenv(HOST_VARIABLE, emulator.host)
    with FirestoreEmulator.start(rules=RULES, project=fresh_project()) as attached:
        assert attached.attached
        assert not attached.wait(0)
    assert emulator.answers()


def test_two_runs_of_tests_inside_one_share_the_emulator(emulator: FirestoreEmulator, tmp_path: Path) -> None:
    """A pytest that a test starts finds the emulator of the run, under xdist as well as without."""
    test = tmp_path / "test_inner.py"
    test.write_text(f"def test_it(emulator_host):\n    assert emulator_host == {emulator.host!r}\n")
    for options in ([], ["-n", "2"]):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", *options, str(test)]
        inner = subprocess.run(command, cwd=RULES.parent, capture_output=True, text=True, check=False)
        assert inner.returncode == 0, inner.stdout
