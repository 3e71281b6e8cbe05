"""A library after its first scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from apps.player.library import Library


def scanned(folder: Path, home: Path) -> Library:
    """Told on the calling thread, as an app is; its index is written."""
    told: SimpleQueue[Callable[[], None]] = SimpleQueue()
    library = Library(folder, home / "index.json", deliver=told.put)
    library.start_scan()
    while not library.progress.finished:
        told.get(timeout=60.0)()
    library.close()
    return library
