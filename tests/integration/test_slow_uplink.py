"""A link that carries a few kilobytes a second: large edits arrive, and small ones need not wait for them."""

from __future__ import annotations

from functools import partial

import pytest

import dalsegno as ds
from dalsegno._remote import firestore
from dalsegno.testing import FaultProxy
from tests.support.clients import Device
from tests.support.living_server import LivingServer
from tests.support.waiting import until

LARGE = "words " * 40_000
SLOW_BYTES_PER_S = 4_000
"""240 KB take a minute."""


@pytest.fixture
def server(living_server: LivingServer) -> LivingServer:
    return living_server


@pytest.fixture
def device(far_device: Device) -> Device:
    return far_device


def test_a_large_edit_takes_its_time_and_small_ones_pass_it(
    server: LivingServer, link: FaultProxy, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes many times as long as a small call may, and is sent once; edits of another session arrive
    meanwhile, on the same stream: nothing is torn down for it."""
    monkeypatch.setattr(firestore, "DEADLINE_S", 0.5)
    book, other = device.open("moby"), device.open("other")
    device.until_fresh("moby", "other")
    before = link.carried("up")
    link.throttle(SLOW_BYTES_PER_S)
    book.update(text=LARGE)
    until(lambda: link.carried("up") > before + 1_000, what="the first bytes of the large edit")
    for page in (1, 2):
        other.update(page=page)
        until(partial(lambda page: server.value("other", "page") == page, page), what="a small edit")
        until(lambda: other.saved is ds.Saved.EVERYWHERE, what="its answer")
    assert "" == (server.value("moby", "text") or "")
    link.throttle(None)
    until(lambda: server.value("moby", "text") == LARGE, what="the large edit")
    until(lambda: book.saved is ds.Saved.EVERYWHERE, what="its answer")
    sent = [c for c in server.commits if c.writes[0].update.name.endswith("/moby")]
    assert (1, 1) == (len(sent), len(server.listens))
