"""Whose music it is, on the official emulator and its rules: devices in processes of their own."""

from __future__ import annotations

from typing import Any

import pytest

from dalsegno.testing import FaultProxy
from tests.integration.conftest import StartDevice
from tests.support.device_process import DeviceProcess
from tests.support.server import Server
from tests.support.waiting import until

NEAR_MS = 2_000.0
"""What may pass between two answers of two processes on a busy machine."""


def plays(device: DeviceProcess, *, here: bool, track: str) -> dict[str, Any]:
    """Waits until it says that the music is heard there, or elsewhere."""

    def said() -> dict[str, Any] | None:
        found = device.ask("holder", session="music")
        wanted = (here, True, track)
        return found if found and (found["here"], found["active"], found["track"]) == wanted else None

    found: dict[str, Any] = until(said, what=f"{device.profile}: {track} {'here' if here else 'elsewhere'}")
    return found


def rests(device: DeviceProcess, track: str) -> dict[str, Any]:
    """Waits until nobody plays, as far as it knows."""

    def said() -> dict[str, Any] | None:
        found = device.ask("holder", session="music")
        return found if found and not found["active"] and found["track"] == track else None

    found: dict[str, Any] = until(said, what=f"{device.profile}: {track} rests")
    return found


def holder_at(server: Server) -> dict[str, Any]:
    """As the document has it."""
    found: dict[str, Any] = (server.session("music") or {})["holder"]
    return found


def opened(*devices: DeviceProcess) -> None:
    for each in devices:
        each.open("music", "music")
    until(lambda: all(d.ask("known", session="music") for d in devices), what="the session to be known")


def test_the_music_goes_from_device_to_device_and_is_handed_over(device: StartDevice, server: Server) -> None:
    """Pressed here, played on there where it was; given back; asked for, taken and declined. The document
    names the holder under a lease that counts."""
    phone, kitchen = device("phone"), device("kitchen")
    opened(phone, kitchen)
    phone.ask("press", session="music", track="t1", position_ms=600_000)
    assert "phone" == plays(kitchen, here=False, track="t1")["name"]
    kitchen.ask("press", session="music")
    assert "kitchen" == plays(phone, here=False, track="t1")["name"]
    assert 0 <= plays(kitchen, here=True, track="t1")["position_ms"] - 600_000 < 60_000
    kitchen.ask("release", session="music")
    here, there = rests(kitchen, "t1"), rests(phone, "t1")
    assert here["position_ms"] == there["position_ms"]
    kitchen.until_saved()
    holder = holder_at(server)
    assert (2, 0, kitchen.device_id) == (holder["epoch"], holder["until"], holder["device"])

    phone.ask("press", session="music")
    plays(kitchen, here=False, track="t1")
    kitchen.ask("answer", session="music", takes=True)
    assert "taken" == phone.ask("transfer", session="music", device=kitchen.device_id)
    plays(kitchen, here=True, track="t1")
    plays(phone, here=False, track="t1")
    assert "declined" == kitchen.ask("transfer", session="music", device=phone.device_id)
    plays(kitchen, here=True, track="t1")


def test_who_plays_in_a_tunnel_gives_way_and_keeps_what_was_heard(
    device: StartDevice, tunnel: FaultProxy
) -> None:
    """The phone plays on in the tunnel, and the kitchen another track: back online the phone is silent, and
    its place is a mark on both."""
    phone, kitchen = device("phone", host=tunnel.host), device("kitchen")
    opened(phone, kitchen)
    phone.ask("press", session="music", track="t1", position_ms=0)
    plays(kitchen, here=False, track="t1")
    tunnel.cut()
    phone.until_link("offline")
    kitchen.ask("press", session="music", track="t2", position_ms=0)
    kitchen.until_saved()
    assert phone.ask("holder", session="music")["here"]
    tunnel.restore()
    assert "kitchen" == plays(phone, here=False, track="t2")["name"]
    phone.until_saved()

    def is_kept(at: DeviceProcess) -> bool:
        return [m["track"] for m in at.ask("marks", session="music")] == ["t1"]

    until(lambda: is_kept(phone) and is_kept(kitchen), what="the mark on both")


def test_what_was_taken_and_given_up_meanwhile_is_reclaimed(
    device: StartDevice, tunnel: FaultProxy, server: Server
) -> None:
    """The phone plays on in the tunnel; the kitchen pressed and stopped meanwhile: the phone plays on, and
    the rules let it have the lease just after the kitchen's."""
    phone, kitchen = device("phone", host=tunnel.host), device("kitchen")
    opened(phone, kitchen)
    phone.ask("press", session="music", track="t1", position_ms=0)
    plays(kitchen, here=False, track="t1")
    tunnel.cut()
    phone.until_link("offline")
    kitchen.ask("press", session="music", track="t2", position_ms=0)
    kitchen.ask("release", session="music")
    kitchen.until_saved()
    taken = holder_at(server)["lease"]
    tunnel.restore()
    plays(kitchen, here=False, track="t1")
    plays(phone, here=True, track="t1")
    phone.until_saved()
    holder = holder_at(server)
    assert (3, phone.device_id) == (holder["epoch"], holder["device"])
    assert taken < holder["lease"] and taken[:15] == holder["lease"][:15]


@pytest.mark.parametrize("how", ["killed", "closed"])
def test_nothing_moves_over_silence(device: StartDevice, server: Server, how: str) -> None:
    """The phone's app is killed with SIGKILL, or ended, in the middle of its sound: once it is there again
    all show it paused where it was last heard."""
    phone, kitchen = device("phone"), device("kitchen")
    opened(phone, kitchen)
    phone.ask("press", session="music", track="t1", position_ms=30_000)
    phone.until_saved()
    plays(kitchen, here=False, track="t1")
    until(lambda: phone.ask("holder", session="music")["position_ms"] > 32_500, what="two beats")
    if how == "killed":
        last = phone.ask("holder", session="music")["position_ms"]
        phone.kill()
        phone = device("phone")
        opened(phone)
    else:
        last = phone.ask("holder", session="music")["position_ms"]
        phone.ask("close")
    found = rests(kitchen, "t1")
    assert abs(found["position_ms"] - last) < NEAR_MS, (found, last)
    until(lambda: holder_at(server)["until"] == 0, what="the lease to be given back")
