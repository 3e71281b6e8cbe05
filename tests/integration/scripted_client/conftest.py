"""A server that does what Firestore's emulator never does, and a whole client that works with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import Device
from tests.support.living_server import LivingServer


@pytest.fixture
def server() -> Iterator[LivingServer]:
    with LivingServer() as server:
        yield server


@pytest.fixture
def device(server: LivingServer, tmp_path: Path) -> Iterator[Device]:
    with Device(server.host, tmp_path / "here", time=server.time) as device:
        yield device
