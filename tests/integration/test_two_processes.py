"""Two devices of one user, each a process of its own, against the official emulator under the rules."""

from __future__ import annotations

import itertools

import pytest

from tests.integration.conftest import StartDevice
from tests.support.child import ChildError
from tests.support.device_process import DeviceProcess
from tests.support.server import Server
from tests.support.waiting import until


def place(page: int) -> dict[str, object]:
    return {
        "href": "OEBPS/chapter-3.xhtml",
        "type": "application/xhtml+xml",
        "locations": {"position": page, "progression": 0.25},
        "text": {"before": "and then ", "highlight": f"the sentence on page {page}."},
    }


@pytest.fixture
def pair(device: StartDevice) -> tuple[DeviceProcess, DeviceProcess]:
    """A phone and a laptop, with one book open on both."""
    phone, laptop = device("phone"), device("laptop")
    for each in (phone, laptop):
        each.open("book")
    return phone, laptop


def test_a_page_turn_appears_on_the_other_device(
    pair: tuple[DeviceProcess, DeviceProcess], server: Server
) -> None:
    """The laptop is told the place, and to follow; the document says the same."""
    phone, laptop = pair
    phone.update("book", place=place(12), furthest=0.31)
    told = laptop.heard("book", place=place(12), furthest=0.31)
    assert ["furthest", "place"] == told["fields"]
    assert ("remote", False, "follow") == tuple(told[key] for key in ("origin", "concurrent", "advice"))
    assert place(12) == server.state("book")["place"]


def test_a_change_bears_the_name_of_its_device(pair: tuple[DeviceProcess, DeviceProcess]) -> None:
    """Once the phone's card is there, each change says who made it; until then: another device."""
    phone, laptop = pair
    pages, named = itertools.count(12), set()

    def bears_the_name() -> bool:
        page = next(pages)
        phone.update("book", place=place(page))
        named.add(laptop.heard("book", place=place(page))["device"])
        return "phone" in named

    until(bears_the_name, what="the name")
    assert named <= {"phone", "another device"}


def test_a_seek_and_a_volume_appear_on_the_other_device(device: StartDevice) -> None:
    """Track, playhead and volume arrive together, to the millisecond, and the playhead goes on moving."""
    phone, laptop = device("phone"), device("laptop")
    for each in (phone, laptop):
        each.open("queue", "listening")
    phone.until_link("live")
    playhead = {"position": 83_250.0, "rate": 1.0, "at": phone.ask("now_ms")}
    phone.update("queue", track="nocturne", playhead=playhead, volume=0.8)
    told = laptop.heard("queue", track="nocturne", volume=0.8)
    assert playhead == told["state"]["playhead"]


def test_the_devices_answer_each_other(pair: tuple[DeviceProcess, DeviceProcess]) -> None:
    """To and fro, five times: each edit arrives, and neither device's next edit is refused for long."""
    phone, laptop = pair
    for page in range(1, 11):
        here, there = (phone, laptop) if page % 2 else (laptop, phone)
        here.update("book", place=place(page))
        there.heard("book", place=place(page))


def test_edits_at_the_same_moment_end_in_the_same_state(
    pair: tuple[DeviceProcess, DeviceProcess], server: Server
) -> None:
    """Both write at once, different fields and the same one: both end alike, and no field is lost."""
    phone, laptop = pair
    phone.update("book", note="begin")
    laptop.heard("book", note="begin")
    asked = [
        (phone, phone.begin("update", session="book", fields={"place": place(5), "note": "from the phone"})),
        (laptop, laptop.begin("update", session="book", fields={"furthest": 0.7, "note": "from the laptop"})),
    ]
    for each, number in asked:
        each.answer(number)
    for each in pair:
        each.until_saved()
    final = until(lambda: (s := phone.state("book")) == laptop.state("book") and s, what="one state on both")
    assert (place(5), 0.7) == (final["place"], final["furthest"])
    assert final["note"] in ("from the phone", "from the laptop")
    assert {"place": place(5), "furthest": 0.7, "note": final["note"]} == server.state("book")


def test_many_edits_on_both_devices_lose_none(
    pair: tuple[DeviceProcess, DeviceProcess], server: Server
) -> None:
    """Twenty edits each, as fast as they go: the last of each device's own field stands on both."""
    phone, laptop = pair
    for number in range(1, 21):
        phone.update("book", note=f"note {number}")
        laptop.update("book", furthest=number / 20)
    for each in pair:
        each.until_state("book", note="note 20", furthest=1.0)
        each.until_saved()
    until(lambda: {"note": "note 20", "furthest": 1.0} == server.state("book"))


def test_the_own_echo_is_no_news(pair: tuple[DeviceProcess, DeviceProcess], server: Server) -> None:
    """A device's own edit, coming back from the server, calls nobody; its callback came once, from here."""
    phone, laptop = pair
    phone.update("book", note="mine")
    laptop.heard("book", note="mine")
    laptop.update("book", furthest=0.5)
    phone.heard("book", furthest=0.5)  # by now the echo of "mine" has long been here
    mine = [(e["origin"], e["fields"]) for e in phone.events if e.get("changed") == "book"]
    assert [("here", ["note"]), ("remote", ["furthest"])] == mine


def test_what_belongs_to_one_device_stays_there(
    pair: tuple[DeviceProcess, DeviceProcess], server: Server
) -> None:
    """A text size changes here, and neither the other device nor the document knows of it."""
    phone, laptop = pair
    phone.update("book", text_size=31.0, note="sent")
    laptop.heard("book", note="sent")
    assert 18.0 == laptop.state("book")["text_size"]
    assert {"note": "sent"} == server.state("book")


def test_closing_here_and_opening_there_lands_on_the_same_place(device: StartDevice) -> None:
    """The phone closes right after the last page turn; a laptop started later opens there."""
    phone = device("phone")
    phone.open("book")
    phone.until_link("live")
    phone.update("book", place=place(99))
    assert phone.ask("close", timeout_s=30.0)
    laptop = device("laptop")
    laptop.open("book")
    laptop.until_state("book", place=place(99))


def test_other_devices_sessions_are_there_to_continue(device: StartDevice) -> None:
    """A laptop that never opened the books finds them to continue: newest first, and with whose they are."""
    phone = device("phone")
    for number in (1, 2):
        phone.open(f"book-{number}")
        phone.update(f"book-{number}", place=place(number))
        phone.until_saved()
    laptop = device("laptop")
    found = until(lambda: len(r := laptop.ask("recent")) == 2 and r)
    assert ["book-2", "book-1"] == [r["id"] for r in found]
    assert [place(2), place(1)] == [r["state"]["place"] for r in found]
    until(lambda: ["phone", "phone"] == [r["device"] for r in laptop.ask("recent")], what="the name")


def test_one_profile_serves_one_process(device: StartDevice) -> None:
    """A second process on the phone's profile is refused with what to do, and the first one goes on."""
    phone = device("phone")
    phone.open("book")
    with pytest.raises(ChildError, match="profile") as refused:
        device("phone")
    assert "ProfileInUse" == refused.value.kind
    assert "still here" == phone.update("book", note="still here")["note"]


def test_another_user_sees_nothing(device: StartDevice) -> None:
    """Bob's device, on the same project, opens the same session id and finds a session of his own."""
    phone = device("phone")
    phone.open("book")
    phone.update("book", note="alice's")
    phone.until_saved()
    bobs = device("bobs", user="bob")
    bobs.open("book")
    bobs.update("book", furthest=0.1)
    bobs.until_saved()
    assert "" == bobs.state("book")["note"]
    assert 0.0 == phone.state("book")["furthest"]
