"""Devices of one user on the official emulator, under the real rules: seen, renamed, thrown out, let in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._auth.unsigned import UnsignedTokens
from dalsegno._core.document_serializer import write_of
from dalsegno._core.messages import CommitFailed, Target, TargetChange
from dalsegno._core.types import DeviceId, SessionId
from dalsegno._sync.devices.cards import registration_write
from tests.support.clients import Device
from tests.support.remotes import Listening
from tests.support.waiting import until

PATIENCE_S = 30.0
Start = Callable[..., Device]


@pytest.fixture
def start(emulator_host: str, project: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a device by its name; the same name again is the same installation."""
    running: list[Device] = []

    def begin(name: str, tokens: UnsignedTokens | None = None) -> Device:
        device = Device(emulator_host, tmp_path / name, project=project, name=name, tokens=tokens)
        running.append(device)
        return device

    yield begin
    for device in running:
        device.die()


@pytest.fixture
def pair(start: Start) -> tuple[Device, Device]:
    """Two devices with one book open, each online on the other's list."""
    phone, laptop = start("phone"), start("laptop")
    for device in (phone, laptop):
        device.open()
        device.until_link(ds.Link.LIVE)
    until_shown(phone, "laptop", online=True)
    until_shown(laptop, "phone", online=True)
    return phone, laptop


def shown(device: Device, name: str) -> ds.DeviceInfo | None:
    """Another device on this one's list."""
    return next((d for d in device.client.devices() if d.name == name and not d.here), None)


def until_shown(device: Device, name: str, *, online: bool, signed_out: bool = False) -> ds.DeviceInfo:
    def found() -> ds.DeviceInfo | None:
        info = shown(device, name)
        return info if info and (info.online, info.signed_out) == (online, signed_out) else None

    return until(found, timeout_s=PATIENCE_S, what=f"{name} to be online: {online}, out: {signed_out}")


def throw_out(by: Device, whom: Device) -> ds.Status:
    """Waits until the one knows that it was done, and the other that it was done to it."""
    by.client.sign_out_device(whom.client.device.id).result(PATIENCE_S)
    until(lambda: whom.client.status.signed_out, timeout_s=PATIENCE_S, what="the sign-out to be known")
    return whom.client.status


def tokens_of(device: Device) -> UnsignedTokens:
    assert isinstance(device.tokens, UnsignedTokens)
    return device.tokens


def test_devices_see_each_other_come_and_go(pair: tuple[Device, Device], start: Start) -> None:
    """Online as soon as both are there; offline when one leaves in good order; one entry per installation."""
    phone, laptop = pair
    assert ["laptop", "phone"] == [d.name for d in laptop.client.devices()]
    here = laptop.client.devices()[0]
    assert (True, True, "phone", "linux", "test") == (
        here.here,
        here.online,
        here.kind,
        here.platform,
        here.app,
    )
    phone.client.close(PATIENCE_S)
    until_shown(laptop, "phone", online=False)
    again = start("phone")
    again.open()
    until_shown(laptop, "phone", online=True)
    assert 2 == len(laptop.client.devices())


def test_a_lease_runs_out(pair: tuple[Device, Device]) -> None:
    """A device that is gone without a word is offline on the list that is told after two minutes."""
    phone, laptop = pair
    told: list[list[ds.DeviceInfo]] = []
    laptop.client.on_devices(told.append)
    phone.die()
    laptop.time.skip(121_000)
    laptop.until_link(ds.Link.LIVE)

    def newest() -> bool:
        return bool(told) and not any(d.online for d in told[-1] if not d.here)

    until(newest, timeout_s=PATIENCE_S, what="the lease to be over")


def test_a_device_is_renamed_from_afar(pair: tuple[Device, Device]) -> None:
    """Its own client has the new name, and so has the other's list."""
    phone, laptop = pair
    laptop.client.rename_device(phone.client.device.id, "in the kitchen").result(PATIENCE_S)
    assert shown(laptop, "in the kitchen") is not None
    until(lambda: "in the kitchen" == phone.client.device.name, timeout_s=PATIENCE_S, what="the name")
    assert ds.Device(phone.client.device.id, "in the kitchen") == phone.client.device


def test_a_device_is_thrown_out(pair: tuple[Device, Device]) -> None:
    """It is told by whom, keeps what it has, and sends nothing; the other one goes on."""
    phone, laptop = pair
    status = throw_out(laptop, phone)
    assert (
        ds.Status(ds.Link.DENIED, "This device was signed out from “laptop”.", ds.Saved.EVERYWHERE, True)
        == status
    )
    until_shown(laptop, "phone", online=False, signed_out=True)
    phone.open("song").update(text="too late")
    assert ds.Saved.HERE is phone.client.status.saved
    assert not phone.client.flush(0.0)
    laptop.open("song").update(text="in time")
    assert laptop.client.flush(PATIENCE_S)


def test_the_rules_refuse_who_was_thrown_out(
    pair: tuple[Device, Device], emulator_host: str, project: str
) -> None:
    """Whatever a program sends with its token, past the SDK: nothing is done, and nothing read."""
    phone, laptop = pair
    throw_out(laptop, phone)
    me = DeviceId(phone.client.device.id)
    with Listening(emulator_host, project, tokens=tokens_of(phone)) as hostile:
        bare = write_of(SessionId("moby"), "note/1", None, {}, me)
        again = registration_write(me, hostile.sign_in)
        for write in (bare, again):
            refused = hostile.commit(write)
            assert isinstance(refused, CommitFailed)
            assert "PERMISSION_DENIED" == refused.fault.code
        assert "PERMISSION_DENIED" == hostile.read("sessions", "moby").fault.code
        hostile.listen(
            1, Target(1, "devices", ("devices",), "seen", 10), Target(2, "book", ("sessions", "moby"))
        )
        for target in (1, 2):
            ended = hostile.next(TargetChange, kind="REMOVE", targets=(target,))
            assert ended.cause is not None
            assert "PERMISSION_DENIED" == ended.cause.code


def test_thrown_out_while_offline_and_let_in_again(
    pair: tuple[Device, Device], start: Start, project: str
) -> None:
    """It is told at the next start; edits are kept, and sent by the same device after a new sign-in."""
    phone, laptop = pair
    phone.client.close(PATIENCE_S)
    laptop.client.sign_out_device(phone.client.device.id).result(PATIENCE_S)

    phone = start("phone")
    phone.open().update(text="written while thrown out")
    until(lambda: phone.client.status.signed_out, timeout_s=PATIENCE_S, what="the sign-out to be known")
    assert ds.Saved.HERE is phone.client.status.saved

    tokens_of(phone).sign_in(1_800_000_000)
    phone.client.network_changed()  # as an account does after a sign-in
    phone.until_link(ds.Link.LIVE)
    assert phone.client.flush(PATIENCE_S)
    laptop.client.network_changed()  # the emulator loses track of who listened beside a refused stream
    book = laptop.open()
    until(lambda: "written while thrown out" == book.state.text, timeout_s=PATIENCE_S, what="the edit")
    until_shown(laptop, "phone", online=True)
    assert 2 == len(laptop.client.devices())


def test_nobody_throws_out_the_device_in_their_hands(pair: tuple[Device, Device]) -> None:
    """A usage error, and nothing happens."""
    _, laptop = pair
    with pytest.raises(ds.UsageError, match="sign out on it"):
        laptop.client.sign_out_device(laptop.client.device.id).result(PATIENCE_S)
    laptop.open("song").update(text="still here")
    assert laptop.client.flush(PATIENCE_S)


def test_requests_fail_offline(pair: tuple[Device, Device]) -> None:
    """At once, and they are not kept for later."""
    phone, laptop = pair
    laptop.client.pause(PATIENCE_S)
    future = laptop.client.rename_device(phone.client.device.id, "later")
    assert isinstance(future.exception(PATIENCE_S), ds.Offline)
