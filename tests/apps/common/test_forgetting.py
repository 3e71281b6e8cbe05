"""After a sign-out nothing of the user is left in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dalsegno.testing._auth_emulator import AuthEmulator
from tests.apps.common.forgetful_app import THERE_NOW

pytestmark = pytest.mark.no_cover  # nearly all its lines are those of tests that are counted


@pytest.mark.parametrize("app", ["reader", "player"])
def test_who_signs_out_leaves_nothing_in_memory(
    app: str, auth_emulator: AuthEmulator, emulator_host: str, own_book: Path, tmp_path: Path
) -> None:
    """Client, sessions, presenters and screens of the last user are gone once the sign-in screen is there."""
    content = [own_book] if app == "reader" else [tmp_path, "--audio", "none"]
    emulators = ["--emulator", emulator_host, "--auth-emulator", auth_emulator.host]
    visit = subprocess.run(
        [
            *(sys.executable, "-m", "tests.apps.common.forgetful_app", app, *map(str, content)),
            *(
                "--offscreen",
                "--project",
                auth_emulator.project,
                "--home",
                str(tmp_path / "home"),
                *emulators,
            ),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert THERE_NOW == set(json.loads(visit.stdout.splitlines()[-1]))
