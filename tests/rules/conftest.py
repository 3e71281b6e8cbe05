from __future__ import annotations

import pytest

from tests.rules.requests import Server
from tests.support.emulator import fresh_project


@pytest.fixture(scope="module")
def server(emulator_host: str) -> Server:
    """One project for a module's tests: each works on documents of its own name."""
    return Server(emulator_host, fresh_project())
