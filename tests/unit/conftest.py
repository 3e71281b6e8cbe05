"""Clients on a simulated Firestore, and an event for whoever blocks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore


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
