"""Devices for the tests here: processes of their own, ended after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.device_process import DeviceProcess
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
