"""Processes that a test did not start itself: who they are, and whether they are there."""

from __future__ import annotations

from pathlib import Path

import psutil


def noting_itself(note: Path) -> str:
    """Python that writes its own pid."""
    return f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid()))"


def pid_in(note: Path) -> int:
    """What `noting_itself` wrote there; 0 as long as it has not."""
    return int((note.read_text() if note.exists() else "") or 0)


def process_exists(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
