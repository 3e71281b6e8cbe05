"""The server goes away and comes back: nothing of it stops the app, and nothing is lost."""

from __future__ import annotations

from dalsegno.testing import FaultProxy
from tests.integration.conftest import StartDevice
from tests.support.server import Server
from tests.support.waiting import until

CLOCK_SLACK_MS = 1_000
"""More than two devices' ideas of the server's time differ, on a busy machine too."""


def test_a_device_that_starts_offline_opens_at_its_place(
    device: StartDevice, tunnel: FaultProxy, server: Server
) -> None:
    """With the server gone the book opens where it was, and can be read on; the way back needs no click."""
    phone, laptop = device("phone", host=tunnel.host), device("laptop")
    phone.open("book")
    phone.update("book", note="left here", furthest=0.4)
    phone.until_saved()
    phone.ask("close")
    tunnel.cut()

    phone.connect_again()
    assert ("left here", 0.4) == tuple(phone.open("book")[name] for name in ("note", "furthest"))
    phone.update("book", note="read on without a network", furthest=0.5)
    status = phone.until_link("offline")
    assert "here" == status["saved"]
    assert status["reason"], "an offline client says why"

    laptop.open("book")
    laptop.until_state("book", note="left here")
    tunnel.restore()
    laptop.heard("book", note="read on without a network", furthest=0.5)
    assert "everywhere" == until(lambda: (s := phone.ask("status"))["saved"] == "everywhere" and s)["saved"]


def test_a_cut_in_the_middle_loses_nothing_either_way(device: StartDevice, tunnel: FaultProxy) -> None:
    """Cut off, both devices go on; back again, each shows what the other did meanwhile."""
    phone, laptop = device("phone", host=tunnel.host), device("laptop")
    for each in (phone, laptop):
        each.open("book")
    phone.update("book", note="together")
    laptop.heard("book", note="together")

    tunnel.cut()
    phone.until_link("offline")
    phone.update("book", furthest=0.6)
    laptop.update("book", note="from the laptop meanwhile")
    laptop.until_saved()
    tunnel.restore()

    phone.until_state("book", furthest=0.6, note="from the laptop meanwhile")
    laptop.until_state("book", furthest=0.6, note="from the laptop meanwhile")


def test_edits_made_offline_keep_their_time(device: StartDevice, tunnel: FaultProxy) -> None:
    """An older edit, made offline and sent late, does not win over a newer one: time counts, not arrival."""
    phone, laptop = device("phone", host=tunnel.host), device("laptop")
    for each in (phone, laptop):
        each.open("book")
    phone.update("book", note="together")
    laptop.heard("book", note="together")

    tunnel.cut()
    phone.until_link("offline")
    phone.update("book", note="older, offline", furthest=0.2)
    later = phone.ask("now_ms") + CLOCK_SLACK_MS
    until(lambda: laptop.ask("now_ms") > later)
    laptop.update("book", note="newer, online")
    laptop.until_saved()
    tunnel.restore()

    laptop.heard("book", furthest=0.2)  # the phone's outbox has arrived
    assert "newer, online" == laptop.state("book")["note"]
    phone.until_state("book", note="newer, online")


def test_a_device_that_never_had_a_network_sends_all_when_it_has_one(
    device: StartDevice, tunnel: FaultProxy, server: Server
) -> None:
    """First start, first edits, restart, all without a server: the document appears when there is one."""
    tunnel.cut()
    phone = device("phone", host=tunnel.host)
    phone.open("book")
    phone.update("book", note="first words", furthest=0.1)
    phone.ask("close", timeout_s=0.1)
    phone.connect_again()
    assert "first words" == phone.open("book")["note"]
    assert server.session("book") is None
    tunnel.restore()
    until(lambda: {"note": "first words", "furthest": 0.1} == server.state("book"), timeout_s=60.0)
    assert 1 == (server.session("book") or {})["rev"]


def test_flush_and_close_are_bounded_when_nobody_answers(device: StartDevice, tunnel: FaultProxy) -> None:
    """On a line that swallows everything, flush says no and close ends, and the edit is there next time."""
    phone = device("phone", host=tunnel.host)
    phone.open("book")
    phone.update("book", note="sent")
    phone.until_saved()
    tunnel.half_open()
    phone.update("book", note="not sent")
    assert not phone.ask("flush", timeout_s=0.2)
    assert not phone.ask("close", timeout_s=0.2)
    tunnel.restore()
    phone.connect_again()
    assert "not sent" == phone.open("book")["note"]
    phone.until_saved()


def test_a_dead_port_is_offline_and_no_error(device: StartDevice) -> None:
    """Nobody listens where the emulator should be: the app works, and is told `offline` and why."""
    phone = device("phone", host="127.0.0.1:9")
    phone.open("book")
    assert "words" == phone.update("book", note="words")["note"]
    assert "cannot be reached" in phone.until_link("offline")["reason"]
    assert not phone.ask("close", timeout_s=0.1)
