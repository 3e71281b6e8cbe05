"""The examples as their users start them: processes of their own, each a device of one user."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.program import Program

Run = Callable[..., Program]


@pytest.fixture
def run(tmp_path: Path, emulator_host: str) -> Iterator[Run]:
    """`run("film.py", "--device", "phone")`, and it is ended after the test. The user is the test's own."""
    user = uuid.uuid4().hex[:12]

    with ExitStack() as running:

        def start(name: str, *options: str, **environment: str) -> Program:
            found = {"FIRESTORE_EMULATOR_HOST": emulator_host, "DALSEGNO_HOME": str(tmp_path), **environment}
            return running.enter_context(Program([f"examples/{name}", "--user", user, *options], found))

        yield start
