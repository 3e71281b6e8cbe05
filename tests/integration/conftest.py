"""Devices for the tests here: processes of their own, ended after the test."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from firebase_admin import auth

from dalsegno.admin import Authority
from dalsegno.testing._auth_emulator import AuthEmulator
from dalsegno.testing._fault_proxy import FaultProxy
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.support.clients import Device
from tests.support.device_process import DeviceProcess
from tests.support.emulator import RULES
from tests.support.living_server import LivingServer
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
def tunnel(emulator_host: str) -> Iterator[FaultProxy]:
    """A device's way to the emulator, which the test can cut."""
    with FaultProxy(emulator_host) as proxy:
        yield proxy


@pytest.fixture
def server(project: str, emulator_host: str) -> Iterator[Server]:
    """What stands in the documents of the test's project."""
    found = Server(emulator_host, project)
    yield found
    found.close()


# --- a server of the test's own -----------------------------------------------------------------------


@pytest.fixture
def living_server() -> Iterator[LivingServer]:
    with LivingServer() as server:
        yield server


@pytest.fixture
def link(living_server: LivingServer) -> Iterator[FaultProxy]:
    """The way to it."""
    with FaultProxy(living_server.host) as link:
        yield link


@pytest.fixture
def far_device(living_server: LivingServer, link: FaultProxy, tmp_path: Path) -> Iterator[Device]:
    """A device behind that link, with the server's idea of time."""
    with Device(link.host, tmp_path, time=living_server.time) as device:
        yield device


# --- accounts -----------------------------------------------------------------------------------------


@pytest.fixture
def accounts_by_environment(
    auth_emulator: AuthEmulator, emulator: FirestoreEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both emulators are named by the environment, as in an app under development; the rules hold."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", auth_emulator.host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator.host)
    if emulator.attached:
        emulator.load_rules(auth_emulator.project, RULES.read_text(encoding="utf-8"))


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
