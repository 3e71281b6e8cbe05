from __future__ import annotations

import pytest

from tests.rules.requests import Server
from tests.rules.samples import settle
from tests.support.emulator import fresh_project


@pytest.fixture(scope="module")
def server(emulator_host: str) -> Server:
    """One project for a module's tests: each works on documents of its own name, by Alice's own devices."""
    server = Server(emulator_host, fresh_project())
    assert settle(server) == []
    return server
