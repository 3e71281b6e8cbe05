"""A server that does what Firestore's emulator never does, and the remote adapter that listens to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.remotes import Listening
from tests.support.scripted_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[Listening]:
    with Listening(server.host) as client:
        yield client
