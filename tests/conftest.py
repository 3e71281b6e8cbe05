"""Fixtures for all tests: one shared emulator, and a project of its own for every test that wants one."""

from __future__ import annotations

import os

import pytest

from dalsegno.emulator import Emulator
from tests.support.emulator import SERVICE_VARIABLE, EmulatorService, fresh_project, shared_emulator

SERVICE = pytest.StashKey[EmulatorService]()


def pytest_configure(config: pytest.Config) -> None:
    if SERVICE_VARIABLE not in os.environ:  # xdist's workers, and runs inside a run, use the outermost one's
        config.stash[SERVICE] = EmulatorService()


def pytest_unconfigure(config: pytest.Config) -> None:
    if service := config.stash.get(SERVICE, None):
        service.close()


@pytest.fixture(scope="session")
def emulator() -> Emulator:
    """The run's Firestore emulator; firestore.rules hold in every project that loads no others."""
    return shared_emulator()


@pytest.fixture(scope="session")
def emulator_host(emulator: Emulator) -> str:
    """Where the emulator answers: "127.0.0.1:port"."""
    return emulator.host


@pytest.fixture
def project() -> str:
    """A fresh, empty project with firestore.rules: no test sees another's documents, and none cleans up."""
    return fresh_project()
