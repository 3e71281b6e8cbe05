"""Whole clients on a link that is dead and does not say so, or at a server that is down.

The link is a fault proxy, and the clock of the engine is the test's.
"""

from __future__ import annotations

import itertools
import socket
import threading
from functools import partial
from pathlib import Path
from typing import Self

import pytest

import dalsegno as ds
from dalsegno._core.backoff import Backoff
from dalsegno._remote import firestore
from dalsegno._sync.listen_stream import ALIVE_MS, ANSWER_MS, NUDGE_MS, SILENCE_MS
from dalsegno.testing import FaultProxy
from tests.support.clients import Device
from tests.support.living_server import LivingServer, written
from tests.support.waiting import until


@pytest.fixture
def server(living_server: LivingServer) -> LivingServer:
    return living_server


@pytest.fixture
def device(far_device: Device) -> Device:
    return far_device


def test_an_edit_on_a_dead_link_is_noticed_at_its_deadline(
    server: LivingServer, link: FaultProxy, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link swallows everything: the edit's deadline, 10 s at most, tells it; once the link is back, the
    edit stands at the server once."""
    assert firestore.DEADLINE_S <= 10
    monkeypatch.setattr(firestore, "DEADLINE_S", 0.5)
    book = device.open()
    device.until_fresh("moby")
    link.half_open()
    device.time.skip(ALIVE_MS)  # nothing was heard for a while
    book.update(page=1)
    until(lambda: device.client.status.link is not ds.Link.LIVE, what="the dead link to be noticed")
    assert (1, ds.Saved.HERE) == (book.state.page, book.saved)
    server.time.skip(ANSWER_MS)
    device.until_link(ds.Link.OFFLINE)
    link.restore()
    until(lambda: server.skipping(500) and book.saved is ds.Saved.EVERYWHERE, what="the edit to be saved")
    assert (1, 1) == (server.value("moby", "page"), server.fields("moby")["rev"])


def test_a_silent_link_is_noticed_within_80_s(server: LivingServer, link: FaultProxy, device: Device) -> None:
    """Nobody edits anything, and the link is dead: silence tells it, and the next change is seen once the
    link is back."""
    book = device.open()
    device.until_fresh("moby")
    device.stop_time()
    link.half_open()
    device.silence()
    device.until_link(ds.Link.CONNECTING)
    server.time.skip(ANSWER_MS)
    device.until_link(ds.Link.OFFLINE)
    assert SILENCE_MS <= 80_000
    link.restore()
    with Device(server.host, device.home / "other", time=server.time) as other:
        other.open().update(page=9)
        until(lambda: server.skipping(500) and book.state.page == 9, what="what was missed")


def test_a_link_that_only_hears_is_noticed(server: LivingServer, link: FaultProxy, device: Device) -> None:
    """Bytes come down and none go up: the edit's answer is missing though the stream lives; when they flow
    again, the edit stands at the server once."""
    book = device.open()
    device.until_fresh("moby")
    link.stall("up")
    book.update(page=1)
    until(lambda: link.waiting("up") > 0, what="the edit to be held back")
    assert 0 == server.fields("moby").get("rev", 0)
    link.restore()
    until(lambda: server.skipping(200) and book.saved is ds.Saved.EVERYWHERE, what="the edit to be saved")
    assert (1, 1) == (server.value("moby", "page"), server.fields("moby")["rev"])


def test_a_stall_in_mid_message_is_noticed(server: LivingServer, link: FaultProxy, device: Device) -> None:
    """Half of a large document has come, and the rest does not: nothing of it is shown; the silence is
    noticed, and a new stream brings all of it."""
    book = device.open()
    device.until_fresh("moby")
    before = link.carried("down")
    link.throttle(200_000)
    server.put(("sessions", "moby"), written(page=9, text="x" * 300_000))
    until(lambda: link.carried("down") > before + 50_000, what="a part of the document")
    link.stall("down")
    assert 0 == book.state.page
    device.silence()
    link.restore()
    until(lambda: server.skipping(200) and book.state.page == 9, what="the whole document")
    assert 300_000 == len(book.state.text)


def test_another_network_is_used_at_once(server: LivingServer, link: FaultProxy, device: Device) -> None:
    """`network_changed` does not wait for anything: neither for silence nor for a backoff."""
    book = device.open()
    device.until_fresh("moby")
    link.half_open()
    link.restore()  # the old connection lives on; and yet the system says that the network is another
    device.client.network_changed()
    until(lambda: len(server.listens) == 2, what="a new stream")
    device.until_fresh("moby")
    book.update(page=1)
    until(lambda: server.value("moby", "page") == 1, what="the edit")


def test_sleep_and_waking(server: LivingServer, device: Device) -> None:
    """`pause` leaves nothing unsaved and no stream; `resume` brings what was missed."""
    book = device.open()
    device.until_fresh("moby")
    book.update(page=1)
    device.client.pause()
    assert 1 == server.value("moby", "page")
    assert server.listens[0].closed.wait(30)
    assert ds.Link.OFFLINE is device.client.status.link
    server.time.skip(8 * 3600_000)
    with Device(server.host, device.home / "other", time=server.time) as other:
        theirs = other.open()
        until(lambda: theirs.state.page == 1, what="the first edit")
        theirs.update(page=2)
        until(lambda: server.value("moby", "page") == 2, what="the other device's edit")
    device.client.resume()
    until(lambda: book.state.page == 2, what="what was missed")
    assert ds.Link.LIVE is device.until_link(ds.Link.LIVE).link


class Slammed:
    """A port that takes each connection and slams it shut at once; `count` of them so far."""

    def __init__(self) -> None:
        self.count = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.host = "127.0.0.1:{1}".format(*self._server.getsockname())
        self._thread = threading.Thread(target=self._slam)

    def _slam(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.count += 1
            connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


def test_a_server_that_is_down_is_tried_as_the_table_says(tmp_path: Path) -> None:
    """One TCP connection for each row of the backoff table: nothing connects behind our back."""
    with Slammed() as port, Device(port.host, tmp_path) as device:
        device.stop_time()
        device.open()
        table = Backoff(lambda: 0.5)
        assert 0 == table.next_ms(), "the second try follows at once"
        for tries in range(2, 14):
            until(partial(lambda tries: port.count == tries, tries), what=f"try {tries}")
            wait_ms = table.next_ms()
            until(lambda: device.left_ms("listen") is not None, what="the next wait")
            assert wait_ms == pytest.approx(device.left_ms("listen"))
            device.skip_to("listen")
        assert "cannot be reached" in device.until_link(ds.Link.OFFLINE).reason


def test_an_hour_of_a_server_that_is_down(tmp_path: Path) -> None:
    """An hour brings as many tries as the table has rows for an hour."""
    waits = Backoff(lambda: 0.5)
    starts = itertools.accumulate(waits.next_ms() for _ in itertools.count())
    rows = 1 + sum(1 for _ in itertools.takewhile(lambda ms: ms <= 3_600_000, starts))
    with Slammed() as port, Device(port.host, tmp_path) as device:
        device.stop_time()
        device.open()
        until(lambda: port.count > 0, what="the first try")
        start_ms = device.time.steady_ms()
        while device.time.steady_ms() - start_ms < 3_600_000:
            seen = port.count
            device.skip_to("listen")
            until(partial(lambda seen: port.count > seen, seen), what="a try")
        assert abs(rows - port.count) <= 1


def test_a_user_at_work_causes_a_try_a_second_at_most(tmp_path: Path) -> None:
    """Each edit pulls the next try nearer, but never nearer than a second after the last one."""
    with Slammed() as port, Device(port.host, tmp_path) as device:
        device.stop_time()
        book = device.open()
        for _ in range(6):
            seen = port.count
            device.skip_to("listen")
            until(partial(lambda seen: port.count > seen, seen), what="a try")
        until(lambda: device.left_ms("listen") is not None, what="the next wait")
        assert (device.left_ms("listen") or 0) > NUDGE_MS
        seen, start_ms = port.count, device.time.steady_ms()
        for page in range(1, 101):
            book.update(page=page)
            device.time.skip(100)
        until(lambda: port.count > seen, what="the nudged tries")
        passed_ms = device.time.steady_ms() - start_ms
        assert port.count - seen <= passed_ms / NUDGE_MS + 1
        assert 100 == book.state.page
