"""Session.fresh: whether the server has said on the present connection how a session stands."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import dalsegno as ds
from dalsegno._errors import Closed
from tests.support.clients import Device
from tests.support.living_server import LivingServer, written
from tests.support.scripted_server import ListenCall
from tests.support.waiting import until

MOBY = ("sessions", "moby")


def test_fresh_is_what_the_present_connection_has_said(tmp_path: Path) -> None:
    """Not before the session's own answer, not from the moment that another network is reported until the
    answer on the new connection; and then the state has it.
    """
    may_answer = threading.Event()
    with LivingServer() as server, Device(server.host, tmp_path, time=server.time) as device:

        def late(call: ListenCall) -> None:
            may_answer.wait()
            server.serve(call)

        server.put(MOBY, written(page=3))
        book = device.open()
        until(lambda: book.fresh, what="the server's word")
        assert 3 == book.state.page
        server.script(late, server.serve)
        server.put(MOBY, written(rev=2, page=9))
        until(lambda: book.state.page == 9, what="the change")
        device.client.network_changed()
        assert not book.fresh
        server.put(MOBY, written(rev=3, page=10))
        may_answer.set()
        until(lambda: book.fresh, what="the server's word on the new connection")
        assert 10 == book.state.page
        book.close()
        with pytest.raises(Closed):
            _ = book.fresh


def test_offline_nothing_is_fresh(tmp_path: Path) -> None:
    """What the disk says is shown, and is not the server's word."""
    with Device("127.0.0.1:9", tmp_path) as device:
        book = device.open()
        book.update(page=1)
        assert (1, False, ds.Saved.HERE) == (book.state.page, book.fresh, book.saved)
