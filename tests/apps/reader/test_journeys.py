"""Readers in their own processes on the official emulator: controls are pushed, screens are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from apps.common.driving import AppProcess, Seen
from dalsegno.testing import FaultProxy

pytestmark = pytest.mark.no_cover  # nearly all its lines are those of tests that are counted

PHONE, LAPTOP = "390x780", "1200x800"
Start = Callable[..., AppProcess]


@pytest.fixture
def start(project: str, emulator_host: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a reader; each device has its own data, which outlives its processes."""
    running: list[AppProcess] = []

    def start(device: str, *arguments: object, size: str = PHONE) -> AppProcess:
        home = tmp_path / device.replace(" ", "-")
        app = AppProcess(
            "apps.reader",
            *("--offscreen", "--device", device, "--profile", "test", "--project", project),
            *("--emulator", emulator_host, "--home", home, "--size", size),
            *arguments,
            name=device,
        )
        running.append(app)
        app.ready()
        return app

    yield start
    for app in running:
        app.close()


def on_page(seen: Seen, offset: int) -> bool:
    return bool(seen["page_start"] <= offset < seen["page_end"])


def live(seen: Seen) -> bool:
    return bool(seen["link"] == "LIVE" and seen["saved"] == "EVERYWHERE")


def test_the_other_device_opens_at_the_same_sentence(start: Start, own_book: Path) -> None:
    """A phone turns pages; a laptop that is opened afterwards stands at the same sentence, in another layout;
    a page turn there appears on the phone, or is offered: no page is pulled from under a reader's eyes."""
    phone = start("Pixel 8", own_book)
    phone.wait(lambda seen: seen["screen"] == "book" and seen["page"] == 1, "the cover")
    for _ in range(4):
        phone.click("page", at=(0.9, 0.5))
    there = phone.wait(lambda seen: seen["chapter"] == "The Sign" and seen["page"] == 4, "the fourth page")
    phone.wait(live, "everything saved")
    laptop = start("ThinkPad", own_book, size=LAPTOP)
    same = laptop.wait(lambda seen: seen["sentence"] == there["sentence"], "the phone's sentence")
    assert on_page(same, there["offset"])
    assert (there["href"], there["offset"], there["book"]) == (same["href"], same["offset"], same["book"])
    places = {seen["offset"] for seen in laptop.history if seen["screen"] == "book" and not seen["unknown"]}
    assert {there["offset"]} == places  # the cover was never shown as if it were the place
    laptop.key("right")
    moved = laptop.wait(lambda seen: seen["offset"] != same["offset"], "the next page")
    answer = phone.wait(
        lambda seen: seen["offer"] or seen["offset"] == moved["offset"], "the laptop's page turn"
    )
    if answer["offer"]:
        assert "ThinkPad is at The Sign" in answer["offer"]
        assert there["offset"] == answer["offset"]
        phone.click("banner_action")
    arrived = phone.wait(lambda seen: seen["offset"] == moved["offset"], "the laptop's sentence")
    assert moved["sentence"] == arrived["sentence"]
    assert on_page(arrived, moved["offset"])


def test_a_new_device_that_was_read_on_blindly_finds_the_place(
    start: Start, own_book: Path, emulator_host: str
) -> None:
    """Opened in a tunnel it says that the place is not known, and pages turn; back in the light the page
    stays, and the user's place is offered. Taken, the way back leads to the blind page, and back again."""
    phone = start("Pixel 8", own_book)
    phone.wait(lambda seen: seen["screen"] == "book", "the cover")
    phone.key("end")
    for _ in range(3):
        phone.key("right")
    there = phone.wait(lambda seen: seen["page"] == 4 and live(seen), "a place that is saved")
    phone.close()
    with FaultProxy(emulator_host) as wire:
        wire.cut()
        laptop = start("ThinkPad", own_book, "--emulator", wire.host, size=LAPTOP)
        laptop.wait(
            lambda seen: seen["screen"] == "book" and seen["unknown"], "the cover, and a word about it"
        )
        laptop.key("right")
        blind = laptop.wait(lambda seen: seen["progress"] > 0, "the next page")
        wire.restore()
        offered = laptop.wait(lambda seen: seen["offer"], "the place")
        assert "Your place: The Sign" in offered["offer"] and not offered["unknown"]
        assert "Pixel 8" in offered["why_offered"] and blind["offset"] == offered["offset"]
        laptop.click("banner_action")
        laptop.wait(
            lambda seen: seen["offset"] == there["offset"] and not seen["offer"], "the phone's sentence"
        )
        laptop.wait(lambda seen: seen["why_back"] == "read here", "the way back")
        laptop.click("go_back")
        laptop.wait(lambda seen: seen["offset"] == blind["offset"], "the blind page")
        laptop.key("backspace")
        laptop.wait(lambda seen: seen["offset"] == there["offset"], "the place again")


def test_text_size_and_window_do_not_move_the_place(start: Start, own_book: Path) -> None:
    """Larger text, another colour, another window: the page still has the sentence; text size and colours are
    still there when the book is opened again."""
    phone = start("Pixel 8", own_book)
    phone.wait(lambda seen: seen["screen"] == "book", "the book")
    phone.key("end")
    for _ in range(3):
        phone.key("space")
    before = phone.wait(lambda seen: seen["page"] == 4, "the fourth page")
    phone.click("look")
    for _ in range(2):
        phone.click("larger")
    phone.click("look_sepia")
    phone.click("sheet_close")
    larger = phone.wait(lambda seen: seen["text_size"] == 22.0 and seen["look"] == "sepia", "larger, sepia")
    assert (before["offset"], before["sentence"]) == (larger["offset"], larger["sentence"])
    assert on_page(larger, before["offset"])
    phone.resize(1000, 700)
    wide = phone.wait(lambda seen: seen["pages"] != larger["pages"], "another layout")
    assert before["offset"] == wide["offset"]
    assert on_page(wide, before["offset"])
    phone.close()
    again = start("Pixel 8", own_book).wait(lambda seen: seen["screen"] == "book", "the book again")
    assert (22.0, "sepia", before["offset"]) == (again["text_size"], again["look"], again["offset"])


def test_every_way_to_turn_a_page(start: Start, own_book: Path) -> None:
    """Thirds of the page, swipes, keys all turn; contents, progress bar, the way back lead where they say."""
    phone = start("Pixel 8", own_book)
    phone.wait(lambda seen: seen["screen"] == "book", "the book")
    phone.click("contents")
    phone.click("entry.1")
    phone.wait(lambda seen: seen["chapter"] == "The Keepers" and seen["page"] == 1, "the second chapter")
    ways: list[tuple[Callable[[], int], int]] = [
        (lambda: phone.click("page", at=(0.9, 0.5)), 2),
        (lambda: phone.click("page", at=(0.1, 0.5)), 1),
        (lambda: phone.swipe(-0.5), 2),
        (lambda: phone.swipe(0.5), 1),
        (lambda: phone.key("right"), 2),
        (lambda: phone.key("left"), 1),
        (lambda: phone.key("space"), 2),
        (lambda: phone.key("pagedown"), 3),
        (lambda: phone.key("pageup"), 2),
        (lambda: phone.key("home"), 1),
    ]
    for turn, page in ways:
        turn()
        phone.wait(partial(lambda page, seen: seen["page"] == page, page), f"page {page}")
    phone.key("backspace")
    phone.wait(lambda seen: seen["progress"] == 0.0, "back at the cover")
    phone.drag("progress", 0.5)
    phone.wait(lambda seen: abs(seen["progress"] - 0.5) < 0.02, "the middle of the book")
    phone.click("go_back")
    phone.wait(lambda seen: seen["progress"] == 0.0, "back at the cover again")


def test_the_library_goes_on_with_the_book(start: Start, own_book: Path, tmp_path: Path) -> None:
    """A book opened once is in the library; pressing it goes on where one was, and Escape leaves it."""
    phone = start("Pixel 8", own_book)
    phone.wait(lambda seen: seen["screen"] == "book", "the book")
    phone.drag("progress", 0.4)
    there = phone.wait(lambda seen: abs(seen["progress"] - 0.4) < 0.05, "the middle")
    phone.key("escape")
    library = phone.wait(lambda seen: seen["screen"] == "library", "the library")
    assert ["The Sign and the Way Back"] == library["books"]
    phone.close()
    phone = start("Pixel 8")
    phone.wait(lambda seen: seen["screen"] == "library" and seen["books"], "the library after a restart")
    phone.click("going_on")
    back = phone.wait(lambda seen: seen["screen"] == "book", "the book")
    assert there["offset"] == back["offset"]


def test_a_file_that_is_no_book(start: Start, tmp_path: Path) -> None:
    """A file that is no book opens the library with a sentence about it; the app goes on."""
    bad = tmp_path / "bad.epub"
    bad.write_text("no book")
    phone = start("Pixel 8", bad)
    seen = phone.wait(lambda seen: seen["message"], "a message")
    assert "“bad.epub” is not an EPUB file" in seen["message"]
    assert "library" == seen["screen"]
    phone.click("message_dismiss")
    phone.wait(lambda seen: seen["message"] is None, "the message gone")
    assert phone.running


def test_offline_the_book_opens_at_its_place(start: Start, own_book: Path, tmp_path: Path) -> None:
    """With nobody there to sync with, the book opens at its place and pages turn; all of it is saved here."""
    phone = start("Pixel 8", own_book)
    phone.wait(lambda seen: seen["screen"] == "book", "the book")
    phone.key("end")
    phone.key("right")
    there = phone.wait(lambda seen: seen["page"] == 2, "the second page")
    phone.close()
    phone = start("Pixel 8", own_book, "--emulator", "127.0.0.1:9")
    back = phone.wait(lambda seen: seen["screen"] == "book", "the book")
    assert there["offset"] == back["offset"]
    phone.key("right")
    turned = phone.wait(lambda seen: seen["offset"] != back["offset"], "the next page")
    assert "EVERYWHERE" != turned["saved"] or turned["link"] != "LIVE"


def test_an_empty_library_opens_the_file_dialog(start: Start) -> None:
    """The one button of an empty library does what it says."""
    phone = start("Pixel 8")
    phone.wait(lambda seen: seen["screen"] == "library", "the library")
    phone.click("empty_action")
    phone.click("sheet_close")
