"""Devices for the tests here: processes of their own, ended after the test."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from firebase_admin import auth

from dalsegno.admin import Authority
from dalsegno.testing._auth_emulator import AuthEmulator
from tests.support.device_process import DeviceProcess
from tests.support.seeding import Seeder
from tests.support.server import Server

StartDevice = Callable[..., DeviceProcess]


@pytest.fixture(scope="session")
def spare_processes() -> Iterator[list[DeviceProcess]]:
    """Processes that no test uses now: they have grpc loaded already, which takes a second each."""
    spare: list[DeviceProcess] = []
    yield spare
    for process in spare:
        with process:
            pass


@pytest.fixture
def device(
    tmp_path: Path, project: str, emulator_host: str, spare_processes: list[DeviceProcess]
) -> Iterator[StartDevice]:
    """`device("phone")` starts a device of alice's; `host=` puts something between it and the emulator.

    `fresh=True` for a process that has done nothing before.
    """
    running: list[DeviceProcess] = []

    def start(
        profile: str, *, host: str = emulator_host, user: str = "alice", fresh: bool = False
    ) -> DeviceProcess:
        process = spare_processes.pop() if spare_processes and not fresh else DeviceProcess()
        running.append(process)
        process.connect(tmp_path / "home", profile, project, host, user)
        return process

    yield start
    for process in running:
        if process.reusable():
            spare_processes.append(process)
        else:
            with process:
                pass


@pytest.fixture
def server(project: str, emulator_host: str) -> Iterator[Server]:
    """What stands in the documents of the test's project."""
    found = Server(emulator_host, project)
    yield found
    found.close()


# --- administration -----------------------------------------------------------------------------------


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, emulator_host: str, auth_emulator: AuthEmulator
) -> dict[str, str]:
    """Both emulators, as the command line finds them."""
    names = {
        "FIRESTORE_EMULATOR_HOST": emulator_host,
        "FIREBASE_AUTH_EMULATOR_HOST": auth_emulator.host,
        "GOOGLE_CLOUD_PROJECT": auth_emulator.project,
    }
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    return names


@pytest.fixture
def authority(environment: dict[str, str]) -> Iterator[Authority]:
    with Authority.open() as authority:
        yield authority


@pytest.fixture
def seeder(emulator_host: str, auth_emulator: AuthEmulator) -> Iterator[Seeder]:
    seeder = Seeder(emulator_host, auth_emulator.project)
    yield seeder
    seeder.close()


@pytest.fixture
def alice(authority: Authority) -> str:
    """A user with an account, and nothing yet."""
    uid = f"alice-{uuid.uuid4().hex[:12]}"
    auth.create_user(uid=uid, email=f"{uid}@example.com", display_name="Alice", app=authority._app)
    return uid
