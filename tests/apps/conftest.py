"""Kivy without a display, and without its habit of reading pytest's arguments: laid before anything
imports it. And the lines of the apps that the tests start are counted, if lines are counted at all."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
os.environ.setdefault("KIVY_NO_ARGS", "1")
os.environ.setdefault("KIVY_NO_FILELOG", "1")
os.environ.setdefault("KIVY_LOG_MODE", "PYTHON")
os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("KIVY_HOME", tempfile.mkdtemp(prefix="kivy-"))

ROOT = Path(__file__).parents[2]
COUNTED = {
    "COVERAGE_PROCESS_START": str(Path(__file__).with_name("counted.ini")),
    "DALSEGNO_COUNTED": str(ROOT),
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """The apps that a test starts are counted, and write that beside what pytest counts, which adds it up.

    A hook, not a fixture: it comes before the fixtures of a module, which start apps too. Pytest calls it for
    the tests of other folders too, whose many processes shall not pay for it.
    """
    here = Path(__file__).parent in item.path.parents
    counts = item.config.pluginmanager.hasplugin("_cov") and not item.get_closest_marker("no_cover")
    if not (here and counts):
        return (yield)
    os.environ.update(COUNTED)
    try:
        return (yield)
    finally:
        for name in COUNTED:
            del os.environ[name]


@pytest.fixture(scope="session")
def own_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own book. One for all workers: its pictures take seconds to draw."""
    from apps.content.build_book import FILE_NAME, build_book

    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "own-book"
    place.mkdir(exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = place / FILE_NAME
        return path if path.exists() else build_book(place)
