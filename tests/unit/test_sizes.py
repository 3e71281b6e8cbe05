"""Small files: what does not fit into one is two things, and a reader finds each by its name."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("sdk", "apps", "tests", "benchmarks", "examples")
MOST_LINES = 350


def python_files() -> set[Path]:
    """Those that stand in the project's folders, and those elsewhere of which git knows (if it is there)."""
    found = {path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--", "*.py"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    except (OSError, subprocess.CalledProcessError):
        listed = b""  # an unpacked archive of the project
    known = {ROOT / name for name in listed.decode().split("\0") if name}
    return found | {path for path in known if path.is_file()}


def test_no_python_file_is_longer_than_350_lines() -> None:
    """No Python file of the project is longer, tests included: one that grows beyond it is split by theme."""
    lines = {path.relative_to(ROOT): len(path.read_bytes().splitlines()) for path in python_files()}
    assert len(lines) > 100, f"these cannot be all: {sorted(map(str, lines))}"
    longer = {str(path): count for path, count in sorted(lines.items()) if count > MOST_LINES}
    assert {} == longer
