"""The reader on the SDK itself, at a simulated Firestore: a phone and a laptop, on virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import dalsegno as ds
from apps.reader.epub import Book
from apps.reader.reading import ReadingPresenter
from apps.reader.state import Reading
from dalsegno.testing import SimulatedFirestore, VirtualClock
from tests.apps.reader.desk import PHONE
from tests.apps.reader.fakes import CountingMeasurer, RecordingView, Timers


class Reader:
    """One device with the book open."""

    def __init__(self, client: ds.Client, book: Book) -> None:
        self.view, self.timers = RecordingView(), Timers()
        session = client.open(book.id, Reading)
        self.presenter = ReadingPresenter(
            book, session, CountingMeasurer(), self.view, client, self.timers.after
        )
        self.presenter.resize(PHONE)
        self.timers.pass_s(0.0)

    @property
    def place(self) -> tuple[str, int]:
        return self.presenter.place

    @property
    def why_back(self) -> str | None:
        return self.view.way_back.why if self.view.way_back is not None else None


class Home:
    """Devices that share a book."""

    def __init__(self, folder: Path, book: Book) -> None:
        self.clock, self.folder, self.book = VirtualClock(), folder, book
        self.cloud = SimulatedFirestore(self.clock)
        self.clients: dict[str, ds.Client] = {}

    def opens(self, device: str) -> Reader:
        if device not in self.clients:
            self.clients[device] = self.cloud.client(self.folder, device)
        return Reader(self.clients[device], self.book)

    def settles(self) -> None:
        self.clock.run(10_000)


@pytest.fixture
def home(tmp_path: Path, book: Book) -> Iterator[Home]:
    home = Home(tmp_path, book)
    yield home
    for client in home.clients.values():
        client.close()


def test_a_new_device_shows_the_place_first(home: Home) -> None:
    """Its first page is the one that the phone is on."""
    phone = home.opens("phone")
    home.settles()
    phone.presenter.seek(0.5)
    home.settles()
    laptop = home.opens("laptop")
    assert [] == laptop.view.pages
    home.settles()
    assert phone.place == laptop.place
    assert [phone.view.shown.href] == [shown.href for shown in laptop.view.pages][:1]


def test_a_blind_page_stays_and_is_the_way_back_from_the_place(home: Home) -> None:
    """Read on in a tunnel, a new device is offered the user's place; taken, Back leads to what was read
    there, and from there back again, on all devices."""
    phone = home.opens("phone")
    home.settles()
    phone.presenter.seek(0.5)
    home.settles()
    home.cloud.reachable = False
    laptop = home.opens("laptop")
    laptop.presenter.line_is(ds.Link.OFFLINE)
    laptop.presenter.next_page()
    blind = laptop.place
    home.cloud.reachable = True
    home.settles()
    offer = laptop.view.offers[-1]
    assert offer is not None and offer.text.startswith("Your place: two")
    assert "phone, just now" in offer.detail
    assert blind == laptop.place
    laptop.presenter.take_offer()
    home.settles()
    assert phone.place == laptop.place != blind
    assert "read here" == laptop.why_back
    there = laptop.place
    for place in (blind, there):
        laptop.presenter.go_back()
        home.settles()
        assert place == laptop.place == phone.place


def test_after_following_the_way_back_says_so_on_both_and_after_a_restart(home: Home) -> None:
    """What was read here before the page went along with the other device is a button away."""
    phone, laptop = home.opens("phone"), home.opens("laptop")
    home.settles()
    laptop.presenter.seek(0.2)
    home.settles()
    left = laptop.place
    phone.presenter.next_page()
    home.settles()
    assert left != phone.place == laptop.place
    assert ("before following", "read on laptop") == (laptop.why_back, phone.why_back)
    phone.presenter.go_back()
    home.settles()
    assert left == phone.place == laptop.place
    laptop.presenter.close()
    again = home.opens("laptop")
    assert left == again.place
    assert "before going back" == again.why_back


def test_two_readers_apart_are_offered_each_others_place(home: Home) -> None:
    """A page turned here declines what is offered; that is a way back from then on."""
    phone, laptop = home.opens("phone"), home.opens("laptop")
    home.settles()
    phone.presenter.next_page()
    home.settles()
    home.clients["laptop"].pause()
    phone.presenter.seek(0.3)
    offered = phone.place
    home.clock.run(1_000)
    laptop.presenter.next_page()
    home.clients["laptop"].resume()
    home.settles()
    assert laptop.view.offers[-1] is not None
    assert phone.view.offers[-1] is not None
    assert "laptop is at one" in phone.view.offers[-1].text
    phone.presenter.next_page()
    home.settles()
    assert phone.view.offers[-1] is None
    assert offered != phone.place
    assert phone.why_back is not None
