"""Sessions that were edited and closed offline, against the official emulator and its rules.

They are committed upon what the disk knows, whatever became of their documents meanwhile.
"""

from __future__ import annotations

from pathlib import Path

from tests.integration.conftest import StartDevice
from tests.support.server import Server

DEAD = "127.0.0.1:9"
"""Nobody listens there."""


def test_all_are_sent_and_nothing_of_another_device_is_lost(
    device: StartDevice, server: Server, tmp_path: Path, project: str, emulator_host: str
) -> None:
    """A new session, one that the server has as the disk has it, one that moved on, one that another device
    has begun, and one that is gone: each has this device's edit, and what the others wrote."""
    phone, laptop = device("phone"), device("laptop")
    for name in ("same", "moved", "gone"):
        phone.open(name)
        phone.update(name, furthest=0.1)
    phone.until_saved()
    phone.ask("close")
    phone.connect(tmp_path / "home", "phone", project, DEAD)
    for name in ("moved", "theirs"):
        laptop.open(name)
        laptop.update(name, furthest=0.7)
    laptop.until_saved()
    for name in ("new", "same", "moved", "theirs", "gone"):  # later, so that only the precondition objects
        phone.open(name)
        phone.update(name, note=f"of {name}", furthest=0.2)
        phone.ask("close_session", session=name)
    phone.ask("close", timeout_s=0.0)
    server.delete("gone")
    phone.connect(tmp_path / "home", "phone", project, emulator_host)
    phone.until_saved()
    found = {name: server.state(name) for name in ("new", "same", "moved", "theirs", "gone")}
    assert {name: f"of {name}" for name in found} == {name: state["note"] for name, state in found.items()}
    furthest = {name: state["furthest"] for name, state in found.items()}
    assert {"new": 0.2, "same": 0.2, "moved": 0.7, "theirs": 0.7, "gone": 0.2} == furthest
    assert "" == phone.ask("status")["reason"]
