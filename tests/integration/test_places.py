"""Whose place counts, on the official emulator: devices in processes of their own, one in a tunnel."""

from __future__ import annotations

from dalsegno.testing import FaultProxy
from tests.integration.conftest import StartDevice
from tests.support.device_process import DeviceProcess
from tests.support.server import Server
from tests.support.waiting import until


def test_a_new_device_finds_the_place_and_there_is_a_way_back(
    device: StartDevice, tunnel: FaultProxy, server: Server
) -> None:
    """A phone that has never heard of the book turns its first page in a tunnel: all stay at the laptop's
    place, the phone is offered that, and keeps its own as a mark; it goes there, and the laptop goes back."""
    laptop, phone = device("laptop"), device("phone", host=tunnel.host)
    laptop.open("book")
    laptop.update("book", note="page 180")
    laptop.until_saved()
    tunnel.cut()
    phone.open("book")
    assert not phone.ask("known", session="book")
    phone.update("book", note="page 1")
    tunnel.restore()
    told = phone.heard("book", note="page 180")
    assert ("offer", "blind", "page 1") == (told["advice"], told["rule"], told["previous"]["note"])
    phone.until_saved()
    assert "page 180" == server.state("book")["note"]
    assert "page 180" == laptop.state("book")["note"]

    phone.ask("take", session="book")
    phone.ask("jump", session="book", fields={"note": "page 200"})
    laptop.heard("book", note="page 200")

    def marked() -> bool:
        marks = {m["note"]: m["reason"] for m in laptop.ask("marks", session="book")}
        # The laptop's own page is kept by both: by the phone that leaps off, and by the laptop that follows.
        return marks.keys() == {"page 1", "page 180"} and marks["page 1"] == "blind"

    until(marked, what="both marks on the laptop")
    assert laptop.ask("go_back", session="book")
    until(lambda: server.state("book")["note"] == "page 180", what="the way back at the server")
    phone.until_state("book", note="page 180")


def test_two_concurrent_pages_are_offered_to_each_other_and_none_is_lost(
    device: StartDevice, tunnel: FaultProxy, server: Server
) -> None:
    """The phone turned a page in a tunnel, after the laptop had: its page stands, the laptop's is kept."""
    laptop, phone = device("laptop"), device("phone", host=tunnel.host)
    for each in (laptop, phone):
        each.open("book")
    laptop.update("book", note="together")
    phone.heard("book", note="together")
    tunnel.cut()
    phone.until_link("offline")
    laptop.update("book", note="the laptop's")
    laptop.until_saved()
    phone.update("book", note="the phone's")
    tunnel.restore()
    told = laptop.heard("book", note="the phone's")
    assert ("offer", "unseen") == (told["advice"], told["rule"])
    lost = phone.event(lambda e: e.get("rule") == "lost")
    assert "the laptop's" == lost["offered"]["note"]
    phone.until_saved()

    def is_kept(at: DeviceProcess) -> bool:
        return [mark["note"] for mark in at.ask("marks", session="book")] == ["the laptop's"]

    until(lambda: is_kept(phone) and is_kept(laptop), what="the mark on both")
