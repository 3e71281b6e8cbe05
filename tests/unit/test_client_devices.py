"""A client's list of devices, and what it may do to them; real threads, a server in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._client.client import Client
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from tests.support.client_tests import Book
from tests.support.waiting import until

PATIENCE_S = 30.0


@pytest.fixture
def phone(cloud: SimulatedFirestore, tmp_path: Path) -> Iterator[Client]:
    with cloud.client(tmp_path, "phone") as client:
        yield client


@pytest.fixture
def laptop(cloud: SimulatedFirestore, tmp_path: Path) -> Iterator[Client]:
    with cloud.client(tmp_path, "laptop") as client:
        yield client


def know_each_other(*clients: Client) -> None:
    """Each shows the devices, and is on everybody's list."""

    def listed() -> bool:
        lists = [client.devices() for client in clients]
        return all(len(devices) == len(clients) for devices in lists)

    until(listed, what="everybody to be on everybody's list")


def test_alone_and_offline_a_device_lists_itself(cloud: SimulatedFirestore, tmp_path: Path) -> None:
    """At once, before any server was heard."""
    with cloud.client(tmp_path, "phone", reachable=False) as phone:
        (me,) = phone.devices()
        assert (phone.device.id, "phone", True, False) == (me.id, me.name, me.here, me.online)


def test_the_list_is_told_and_the_same_as_what_is_asked_for(phone: Client, laptop: Client) -> None:
    """This device first; on the thread that callbacks run on."""
    told: list[list[ds.DeviceInfo]] = []
    threads: list[str] = []

    def take(devices: list[ds.DeviceInfo]) -> None:
        threads.append(threading.current_thread().name)
        told.append(devices)

    laptop.on_devices(take)
    know_each_other(phone, laptop)
    listed = laptop.devices()
    assert (laptop.device.id, phone.device.id) == (listed[0].id, listed[1].id)
    until(lambda: told and len(told[-1]) == 2, what="the list to be told")
    assert {"dalsegno-callbacks"} == set(threads)


def test_nobody_is_told_after_unsubscribing(phone: Client, laptop: Client) -> None:
    """Not even of what happens right after."""
    told: list[list[ds.DeviceInfo]] = []
    laptop.on_devices(told.append)()
    know_each_other(phone, laptop)
    assert [] == told


def test_a_rename_is_there_when_the_future_is_done(phone: Client, laptop: Client) -> None:
    """On the list here, and soon in the other client's own name."""
    know_each_other(phone, laptop)
    laptop.rename_device(phone.device.id, " kitchen ").result(PATIENCE_S)
    assert "kitchen" == laptop.devices()[1].name
    until(lambda: "kitchen" == phone.device.name, what="the new name")


def test_whoever_is_signed_out_is_told_and_flushes_in_vain_but_at_once(phone: Client, laptop: Client) -> None:
    """The status says so to whoever listens to it; nothing that is waited for could come."""
    statuses: list[ds.Status] = []
    phone.on_status(statuses.append)
    know_each_other(phone, laptop)
    laptop.sign_out_device(phone.device.id).result(PATIENCE_S)
    until(lambda: statuses and statuses[-1].signed_out, what="the sign-out to be told")
    phone.open("moby", Book).update(note="kept")
    assert not phone.flush(3600.0)
    assert ds.Saved.HERE is phone.status.saved
    assert laptop.devices()[1].signed_out


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_a_bad_name_fails_in_the_future(phone: Client, name: str) -> None:
    """As every other reason does: one way for an app to hear of it."""
    with pytest.raises(ds.UsageError, match="1 to 100"):
        phone.rename_device(phone.device.id, name).result(PATIENCE_S)


def test_a_stranger_is_no_device(phone: Client) -> None:
    """A usage error that says so."""
    phone.devices()
    until(lambda: phone.status.link is ds.Link.LIVE, what="the link")
    for future in (phone.rename_device("0" * 16, "x"), phone.sign_out_device("0" * 16)):
        with pytest.raises(ds.UsageError, match="no such device"):
            future.result(PATIENCE_S)


def test_a_closed_client_lists_nothing(phone: Client) -> None:
    """Closed is told at once."""
    phone.close()
    for call in (phone.devices, lambda: phone.on_devices(print), lambda: phone.sign_out_device("0" * 16)):
        with pytest.raises(ds.Closed):
            call()


def test_a_client_that_is_closed_answers_whoever_waits(phone: Client, laptop: Client) -> None:
    """Nobody is left waiting for a server that is gone."""
    know_each_other(phone, laptop)
    laptop._runtime.worker.call(lambda: setattr(laptop._engine.devices._requests, "_remote", _Silent()))
    future = laptop.rename_device(phone.device.id, "kitchen")
    laptop.close(0.0)
    assert isinstance(future.exception(PATIENCE_S), ds.Offline)


def test_a_futures_callback_may_wait_for_the_client(phone: Client, laptop: Client) -> None:
    """It is called where nobody waits for it: what it asks of the client is answered. So is one that is
    added when all is over, and whoever waits for a result inside of one."""
    know_each_other(phone, laptop)
    found: list[object] = []

    def then(done: Future[None]) -> None:
        again = laptop.rename_device(phone.device.id, "hall")
        aside = ThreadPoolExecutor(1)
        found.append(aside.submit(laptop.devices).result(PATIENCE_S))
        aside.shutdown()
        found.append(again.result(PATIENCE_S))

    laptop.rename_device(phone.device.id, "kitchen").add_done_callback(then)
    until(lambda: len(found) == 2, what="the answers inside of a callback")
    assert found[1] is None
    late = laptop.rename_device("0" * 16, "x")
    laptop.close(0.0)
    called = threading.Event()
    late.add_done_callback(lambda _: called.set())
    assert called.wait(PATIENCE_S)


def test_a_request_that_the_app_cancels_fails_nobody(
    phone: Client, laptop: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer comes, and interests nobody."""
    know_each_other(phone, laptop)
    assert laptop.rename_device(phone.device.id, "kitchen").cancel()
    until(lambda: [d.name for d in laptop.devices() if not d.here] == ["kitchen"])
    assert "" == caplog.text


class _Silent:
    """A server that never answers."""

    def commit(self, *_: object) -> None: ...
