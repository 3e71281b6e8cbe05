"""What all figures share: the user, the kind of document, the edit, and the processes that play the devices.

The edit is a page turn: `place` and `furthest` of a reading session. A serial number stands in the place, so
that whoever hears of an edit can say which one it was.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dalsegno.testing import HOST_VARIABLE, FirestoreEmulator

RULES = Path(__file__).parents[1] / "firestore.rules"
OPEN_RULES = """rules_version = '2';
service cloud.firestore { match /databases/{database}/documents { match /{path=**} { allow read, write; } } }
"""
USER = "alice"
SESSIONS = 20

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """One emulator, a project under the rules and one without, and a folder for local data."""

    emulator: FirestoreEmulator
    project: str
    open_project: str
    home: Path
    progress: Progress


@contextmanager
def scene(progress: Progress) -> Iterator[Scene]:
    """Starts the emulator, or uses the one that FIRESTORE_EMULATOR_HOST names; loads the rules."""
    emulator = FirestoreEmulator.start(progress=progress)
    os.environ.pop(HOST_VARIABLE, None)  # it would turn every stock client into the owner
    tag = uuid.uuid4().hex[:8]
    with emulator, tempfile.TemporaryDirectory(prefix="dalsegno-bench-") as home:
        made = Scene(emulator, f"demo-bench-{tag}", f"demo-open-{tag}", Path(home), progress)
        emulator.load_rules(made.project, RULES.read_text(encoding="utf-8"))
        emulator.load_rules(made.open_project, OPEN_RULES)
        yield made


def session_ids(prefix: str, count: int = SESSIONS) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]
