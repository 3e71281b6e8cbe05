"""`make demo`, as a person runs it: in processes of its own, on the emulator."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dalsegno.testing import AuthEmulator
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.timeout(600)  # half a minute each on a quiet machine


def demo_in(environment: dict[str, str]) -> list[str]:
    """The command. Where lines are counted, those of the demo are, and not those of what it starts: journeys
    count the apps, and the pairing service is killed while it would write down what it has counted.
    """
    settings = environment.pop("COVERAGE_PROCESS_START", None)
    counting = ["-m", "coverage", "run", f"--rcfile={settings}"] if settings else []
    return [sys.executable, *counting, "-m", "apps.demo"]


def start(
    emulator_host: str, auth_emulator: AuthEmulator, folder: Path, *arguments: str
) -> subprocess.Popen[str]:
    hosts = {"FIRESTORE_EMULATOR_HOST": emulator_host, "FIREBASE_AUTH_EMULATOR_HOST": auth_emulator.host}
    environment = {**os.environ, **hosts}
    command = [*demo_in(environment), "--offscreen", "--project", auth_emulator.project]
    return subprocess.Popen(
        [*command, "--into", str(folder), *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("part", ["reading", "listening", "trust"])
def test_the_journey_holds(
    part: str, emulator_host: str, auth_emulator: AuthEmulator, tmp_path: Path
) -> None:
    """Every comparison of the demo is printed as held, and it ends with 0; the screens are kept as
    pictures."""
    demo = start(emulator_host, auth_emulator, tmp_path, "--only", part)
    output, _ = demo.communicate(timeout=540)
    assert demo.returncode == 0, output
    assert "NOT HELD" not in output
    pictures = {"reading": "reader", "listening": "player", "trust": "trust"}[part]
    assert {f"{pictures}-{kind}.png" for kind in ("phone", "laptop")} <= {
        file.name for file in tmp_path.iterdir()
    }


def started(process: psutil.Process) -> list[psutil.Process]:
    """All processes of the demo, once an app is among them: the pairing service comes before."""
    children: list[psutil.Process] = process.children(recursive=True)
    with contextlib.suppress(psutil.NoSuchProcess):
        if any("apps.reader" in child.cmdline() for child in children):
            return children
    return []


def test_ctrl_c_ends_the_demo_and_all_that_it_started(
    emulator_host: str, auth_emulator: AuthEmulator, tmp_path: Path
) -> None:
    """After Ctrl-C in the middle of the journey nothing of it is running: no app, no service."""
    demo = start(emulator_host, auth_emulator, tmp_path, "--only", "reading")
    process = psutil.Process(demo.pid)
    children = until(lambda: started(process), timeout_s=150, what="the first app")
    demo.send_signal(signal.SIGINT)
    output, _ = demo.communicate(timeout=120)
    assert demo.returncode == 130, output
    assert "Traceback" not in output
    assert len(children) >= 3, children  # the leash, the service, the app
    until(lambda: not any(map(is_alive, children)), what="the end of all of them")


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:  # between the one question and the other
        return False


def test_without_node_the_demo_says_that_nobody_signs_in(emulator_host: str, tmp_path: Path) -> None:
    """Where the Auth emulator cannot be started that is told at the start and at the end, with what to
    install; asked for nothing but accounts, the demo fails."""
    tools = tmp_path / "bin"
    tools.mkdir()
    folder = tmp_path / "made"
    environment = {**os.environ, "FIRESTORE_EMULATOR_HOST": emulator_host, "PATH": str(tools)}
    demo = subprocess.run(
        [*demo_in(environment), "--only", "trust", "--into", str(folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert demo.returncode == 1
    assert demo.stdout.count("needs Node 20") == 2
    assert "Traceback" not in demo.stderr
