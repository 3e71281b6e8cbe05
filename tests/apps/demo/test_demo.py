"""`make demo`, as a person runs it: in processes of its own, on the emulator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import until

ROOT = Path(__file__).parents[3]


def start(emulator_host, auth_emulator, folder, *arguments):
    command = [sys.executable, "-m", "apps.demo", "--offscreen", "--project", auth_emulator.project]
    hosts = {"FIRESTORE_EMULATOR_HOST": emulator_host, "FIREBASE_AUTH_EMULATOR_HOST": auth_emulator.host}
    return subprocess.Popen(
        [*command, "--into", str(folder), *arguments],
        cwd=ROOT,
        env={**os.environ, **hosts},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", ["reading", "listening", "trust"])
def test_the_journey_holds(part, emulator_host, auth_emulator, tmp_path):
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


def test_ctrl_c_ends_the_demo_and_all_its_apps(emulator_host, auth_emulator, tmp_path):
    """After Ctrl-C in the middle of the journey nothing of it is running."""
    demo = start(emulator_host, auth_emulator, tmp_path, "--only", "reading")
    process = psutil.Process(demo.pid)
    apps = until(lambda: process.children(recursive=True), timeout_s=60, what="the first app")
    demo.send_signal(signal.SIGINT)
    output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 130, output
    assert "Traceback" not in output
    assert not [app for app in apps if app.is_running() and app.status() != psutil.STATUS_ZOMBIE]
