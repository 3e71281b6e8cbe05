"""Memory of `dalsegno watch` with 20 sessions and the stream open, beside what Python's imports take alone.

For small devices: what the live view itself adds to the network stack is the figure to look at.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import psutil

from benchmarks.figures import Results
from benchmarks.scene import SESSIONS, Scene, session_ids
from tests.support.child import Child

IMPORTS = {
    "watch_bare_rss_mb": "import dalsegno",
    "watch_grpc_rss_mb": "import dalsegno; import dalsegno._remote.firestore",
}


def measure(scene: Scene) -> Results:
    scene.progress(f"dalsegno watch: {SESSIONS} sessions")
    with Child("benchmarks.ours") as phone:
        start = {"project": scene.project, "host": scene.emulator.host, "home": str(scene.home)}
        phone.ask("start", **start, name="watched")
        names = session_ids("watched")
        phone.ask("open", sessions=names)
        for serial, name in enumerate(names, 1):
            phone.ask("update", session=name, serial=serial)
        phone.ask("live")
        watched = _watch(scene, set(names))
        phone.ask("close")
    return {"watch_rss_mb": watched, **{key: _python(code) for key, code in IMPORTS.items()}}


def _watch(scene: Scene, names: set[str]) -> float:
    """Once it has told of each session; those of other figures may be among them."""
    arguments = ["-m", "dalsegno._cli", "watch", "--project", scene.project]
    where = ["--emulator", scene.emulator.host, "--home", str(scene.home / "watch")]
    with _process([*arguments, *where]) as process:
        assert process.stdout is not None
        _read_until_told(process.stdout, names)
        return _rss_mb(process)


def _read_until_told(lines: IO[str], names: set[str]) -> None:
    left = set(names)
    while left:
        line = lines.readline()
        assert line, f"dalsegno watch ended, and had not told of {left}"
        _, what, name, *_ = [*line.split(), "", ""]
        left -= {name} if what == "session" else set()


def _python(code: str) -> float:
    with _process(["-c", f"{code}; print(flush=True); input()"]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return _rss_mb(process)


@contextmanager
def _process(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def _rss_mb(process: subprocess.Popen[str]) -> float:
    return float(psutil.Process(process.pid).memory_info().rss / 2**20)
