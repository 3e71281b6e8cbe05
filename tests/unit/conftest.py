"""Clients on a simulated Firestore, an event for whoever blocks, and an echo behind a fault proxy."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalsegno._client.client import Client
from dalsegno.testing import FaultProxy
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.echo import Echo


@pytest.fixture
def cloud() -> SimulatedFirestore:
    return SimulatedFirestore()


@pytest.fixture
def phone(cloud: SimulatedFirestore, tmp_path: Path) -> Iterator[Client]:
    client = cloud.client(tmp_path, "phone")
    yield client
    client.close(0.0)


@pytest.fixture
def laptop(cloud: SimulatedFirestore, tmp_path: Path) -> Iterator[Client]:
    client = cloud.client(tmp_path, "laptop")
    yield client
    client.close(0.0)


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    """Set at the end, so that no blocked thread is left behind."""
    hold = threading.Event()
    yield hold
    hold.set()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()


@pytest.fixture
def link(echo: Echo) -> Iterator[FaultProxy]:
    with FaultProxy(echo.host, seed=1) as proxy:
        yield proxy
