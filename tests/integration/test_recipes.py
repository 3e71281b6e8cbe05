"""The programs of docs/recipes.md run as they stand, each on its real loop, beside a second device."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 120.0

has_tk = pytest.mark.skipif(
    not (importlib.util.find_spec("_tkinter") and ("DISPLAY" in os.environ or shutil.which("Xvfb"))),
    reason="Tk needs an interpreter with _tkinter, and a display or Xvfb",
)


@contextmanager
def display() -> Iterator[dict[str, str]]:
    """A screen for programs that need one: the machine's, or one that nobody sees."""
    if "DISPLAY" in os.environ:
        yield {}
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            number = told.readline().strip()
        assert number, "Xvfb gave no display"
        yield {"DISPLAY": f":{number}"}
    finally:
        server.terminate()
        server.wait()


def run(heading: str, home: Path, **more: str) -> None:
    command = [sys.executable, "-m", "tests.support.recipe", heading, str(home)]
    environment = {**os.environ, "KIVY_NO_ARGS": "1", "KIVY_HOME": str(home / "kivy"), **more}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert (0, "shown") == (done.returncode, done.stdout.strip()), done.stderr


def test_asyncio(tmp_path: Path) -> None:
    """What another device does comes by `async for`; an edit on the loop is told on the loop."""
    run("asyncio", tmp_path)


@has_tk
def test_tk(tmp_path: Path) -> None:
    """`root.after` as `deliver`: neither an edit in a callback nor closing the window waits for ever."""
    with display() as environment:
        run("Tk", tmp_path, **environment)


def test_qt(tmp_path: Path) -> None:
    """A queued signal as `deliver`."""
    run("Qt", tmp_path, QT_QPA_PLATFORM="offscreen")


def test_kivy(tmp_path: Path) -> None:
    """`dalsegno.kivy.deliver`, in a window."""
    run("Kivy", tmp_path, SDL_VIDEODRIVER="offscreen")
