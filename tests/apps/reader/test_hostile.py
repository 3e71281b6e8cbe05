"""Whatever stands in a session, or on this device's disk: the reader starts, shows a page and goes on."""

from __future__ import annotations

import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dalsegno as ds
from apps.common.driving import AppProcess
from apps.reader.epub import Book, open_book
from apps.reader.library import Card, LibraryPresenter
from apps.reader.pages.measure import Geometry
from apps.reader.reading import ReadingPresenter
from apps.reader.room import TEXT_SIZES, room_for
from apps.reader.shared import LONGEST_NAME
from apps.reader.shelf import Shelf
from apps.reader.state import Reading
from dalsegno._core.state import decode, encode
from tests.apps import profiles
from tests.apps.hostile import mixtures, numbers, plain, texts
from tests.apps.reader.fakes import CountingMeasurer, FakeClient, FakeHere, FakeSession, RecordingView, Timers
from tests.apps.reader.making import make_epub

pytestmark = pytest.mark.no_cover  # what is odd is the state: the lines are those of the other tests

WORDS = " ".join(f"Sentence number {number} of the chapter stands here." for number in range(60))
PHONE = Geometry(320, 600, 20)

locations = st.fixed_dictionaries(
    {},
    optional={
        "progression": mixtures(st.floats(0, 1)),
        "totalProgression": mixtures(st.floats(0, 1)),
        "position": mixtures(st.sampled_from([1, 2**63 - 1])),
        "fragments": mixtures(st.lists(texts, max_size=2)),
        "charOffset": mixtures(st.sampled_from([0, 1, 999, 2**63 - 1])),
        "contentHash": mixtures(texts),
    },
)
places = st.fixed_dictionaries(
    {"href": mixtures(st.sampled_from(["OPS/one.xhtml", "OPS/two.xhtml", "elsewhere"]))},
    optional={
        "type": mixtures(texts),
        "title": mixtures(texts),
        "locations": mixtures(locations),
        "text": mixtures(st.dictionaries(st.sampled_from(["before", "highlight", "after"]), texts)),
        "more": plain,
    },
)
states = st.fixed_dictionaries(
    {},
    optional={
        "place": mixtures(places),
        "furthest": mixtures(numbers),
        "text_size": mixtures(numbers),
        "theme": mixtures(texts),
    },
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chapters = {name: f"<h1>{name}</h1><p>{WORDS}</p>" for name in ("one.xhtml", "two.xhtml")}
    return make_epub(tmp_path_factory.mktemp("shelf") / "a.epub", chapters)


@pytest.fixture(scope="module")
def book(path: Path) -> Book:
    return open_book(path)


def check(presenter: ReadingPresenter, view: RecordingView) -> None:
    """What is to be seen can be drawn."""
    assert 0.0 <= view.shown.progress <= 1.0
    assert 0.0 <= view.shown.furthest <= 1.0
    assert TEXT_SIZES[0] <= presenter.text_size <= TEXT_SIZES[-1]
    room = room_for(390, 780, presenter.text_size)
    assert 0 < room.geometry.width <= 390 and 0 < room.geometry.height <= 780
    if view.way_back is not None:
        assert 0.0 <= view.way_back.progress <= 1.0
        assert view.way_back.why.isprintable() and len(view.way_back.why) < 40
    for offer in view.offers:
        assert offer is None or (len(offer.text) < 2 * LONGEST_NAME and offer.text.isprintable())


@given(
    first=states,
    second=states,
    advice=st.sampled_from(ds.Advice),
    rule=st.sampled_from(ds.Rule),
    at_ms=st.integers(0, 2**47),
    reason=st.sampled_from(["jump", "merge", "follow", "teleport"]),
    device=texts,
    turns=st.integers(-2, 2),
    known=st.booleans(),
)
def test_no_state_ends_the_reader(
    first: dict[str, Any],
    second: dict[str, Any],
    advice: ds.Advice,
    rule: ds.Rule,
    at_ms: int,
    reason: str,
    device: str,
    turns: int,
    known: bool,
    book: Book,
) -> None:
    """From any state to any other that another device has made, whatever its name is, known or not, with
    pages turned in between: what is shown is sound, and so is what is written.
    """
    session, view, timers = FakeSession(known=known), RecordingView(), Timers()
    session.state = decode(Reading, first)
    presenter = ReadingPresenter(book, session, CountingMeasurer(), view, FakeHere(), timers.after)
    presenter.resize(PHONE)
    timers.pass_s(2.0)
    check(presenter, view)
    for _ in range(abs(turns)):
        presenter.next_page() if turns > 0 else presenter.previous_page()
    presenter.change_text_size(turns)
    state = decode(Reading, second)
    fields = {name: getattr(state, name) for name in Reading.__fields__}
    session.remote(advice, device, rule, at_ms=at_ms, became_known=not known, **fields)
    session.keeps(reason, session.state.place, SimpleNamespace(id="x", name=device))
    check(presenter, view)
    presenter.take_offer()
    presenter.go_back()
    check(presenter, view)
    presenter.next_page()
    check(presenter, view)
    for written in session.updates:
        encode(Reading, written)
        assert all(math.isfinite(value) for value in written.values() if isinstance(value, float))
    presenter.close()


class Screen:
    """A library that only remembers."""

    def __init__(self) -> None:
        self.cards: list[Card] = []

    def show_cards(self, cards: list[Card], going_on: Card | None) -> None:
        self.cards = cards

    def open_volume(self, volume: Any) -> None: ...
    def tell(self, what: str, what_to_do: str) -> None: ...


@given(state=states | st.dictionaries(texts, plain, max_size=3), device=texts)
def test_no_list_of_sessions_ends_the_library(
    state: dict[str, Any], device: str, book: Book, path: Path
) -> None:
    """Whatever another device has written of a book, and however it is called: the card says what can be
    said.
    """
    client, screen = FakeClient(), Screen()
    client.recents = [SimpleNamespace(id=book.id, state=state, device=SimpleNamespace(name=device))]
    LibraryPresenter(Shelf(path.parent), client, screen).refresh()
    (card,) = screen.cards
    assert card.progress is not None and 0.0 <= card.progress <= 1.0
    assert card.detail.isprintable() and len(card.detail) <= 3 * LONGEST_NAME


def test_no_stored_state_ends_the_reader_at_its_start(path: Path, book: Book, tmp_path: Path) -> None:
    """In a window, without a network: the book opens, and pages turn; and so does the library. A setting of
    this device that makes no sense keeps its default, beside one that is as it was left."""
    place = {"href": book.hrefs[1], "title": "\0\n\u202e" * 60, "locations": {"charOffset": 2**63 - 1}}
    shared = {"place": place, "furthest": math.inf}
    local = {"text_size": -math.inf, "theme": "dark"}
    profiles.known("reader", tmp_path, book.id, "reading/1", shared, local)
    log = tmp_path / "reader.err"
    flags = [*profiles.arguments(tmp_path), str(path)]
    with AppProcess("apps.reader", *flags, log=log) as reader:
        first = reader.wait(lambda seen: seen["screen"] == "book", "the book")
        assert (Reading().text_size, "dark") == (first["text_size"], first["look"])
        assert book.hrefs[1] == first["href"]
        reader.key("left")
        reader.wait(lambda seen: (seen["href"], seen["offset"]) != (first["href"], first["offset"]), "a page")
        reader.key("escape")
        reader.wait(lambda seen: seen["screen"] == "library" and seen["books"], "the library")
    assert not re.search("Unexpected|Traceback", log.read_text() + (tmp_path / "reader-test.log").read_text())
