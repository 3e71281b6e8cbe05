"""The library: what is on the shelf, how far one is, and files that do not belong there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from apps.reader.epub import BookError
from apps.reader.library import Card, LibraryPresenter
from apps.reader.screens.files import entries_of
from apps.reader.shelf import Shelf, Volume
from tests.apps.reader.fakes import FakeClient
from tests.apps.reader.making import make_epub


class View:
    """A screen that only remembers."""

    def __init__(self) -> None:
        self.cards: list[Card] = []
        self.going_on: Card | None = None
        self.opened: list[Volume] = []
        self.told: list[tuple[str, str]] = []

    def show_cards(self, cards: list[Card], going_on: Card | None) -> None:
        self.cards, self.going_on = cards, going_on

    def open_volume(self, volume: Volume) -> None:
        self.opened.append(volume)

    def tell(self, what: str, what_to_do: str) -> None:
        self.told.append((what, what_to_do))


def a_book(path: Path, words: str) -> Path:
    return make_epub(path, {"one.xhtml": f"<p>{words}</p>"})


def recent(identity: str, total: float, **more: Any) -> Any:
    place = {"href": "x", "title": "Chapter 3", "locations": {"totalProgression": total}}
    known = {"id": identity, "state": {"place": place}, "device": SimpleNamespace(name="Pixel 8")}
    return SimpleNamespace(**{**known, **more})


def test_adding_copies_the_file(tmp_path: Path) -> None:
    """A book that is added is copied: the original may go away."""
    source = a_book(tmp_path / "mine.epub", "words")
    shelf = Shelf(tmp_path / "library")
    volume = shelf.add(source)
    source.unlink()
    assert tmp_path / "library" / "mine.epub" == volume.path
    assert [volume.id] == [each.id for each in shelf.volumes()]


def test_adding_twice_is_adding_once(tmp_path: Path) -> None:
    """The same contents are one book, under whatever name; other contents under the same name are another."""
    shelf = Shelf(tmp_path / "library")
    first = shelf.add(a_book(tmp_path / "mine.epub", "words"))
    again = shelf.add(a_book(tmp_path / "copy.epub", "words"))
    (tmp_path / "other").mkdir()
    other = shelf.add(a_book(tmp_path / "other" / "mine.epub", "other words"))
    assert first.path == again.path
    assert ("mine 2.epub", 2) == (other.path.name, len(shelf.volumes()))


def test_what_is_no_book_does_not_get_in(tmp_path: Path) -> None:
    """A file that is no book leaves nothing in the library, not even a part of it."""
    (tmp_path / "a.epub").write_text("no book")
    shelf = Shelf(tmp_path / "library")
    with pytest.raises(BookError, match="no zip"):
        shelf.add(tmp_path / "a.epub")
    assert not (tmp_path / "library").exists()


def test_a_library_that_cannot_be_written(tmp_path: Path) -> None:
    """If the folder cannot be made, it is said which one."""
    (tmp_path / "file").write_text("in the way")
    shelf = Shelf(tmp_path / "file" / "library")
    with pytest.raises(BookError, match="cannot be copied") as caught:
        shelf.add(a_book(tmp_path / "mine.epub", "words"))
    assert "library" in caught.value.what_to_do


def test_files_put_there_by_hand(tmp_path: Path) -> None:
    """The folder is the library: what is put there is found, what is no book is told about once."""
    a_book(tmp_path / "a.epub", "words")
    (tmp_path / "b.epub").write_text("no book")
    (tmp_path / "notes.txt").write_text("no book, and not called one")
    view = View()
    presenter = LibraryPresenter(Shelf(tmp_path), FakeClient(), view)
    presenter.refresh()
    presenter.refresh()
    assert ["A Test"] == [card.title for card in view.cards]
    assert 1 == len(view.told)
    assert "b.epub" in view.told[0][0]


def test_the_book_to_go_on_with(tmp_path: Path) -> None:
    """What was read last, on any device, comes first, with where and on which device."""
    shelf = Shelf(tmp_path / "library")
    one = shelf.add(a_book(tmp_path / "one.epub", "words"))
    two = shelf.add(a_book(tmp_path / "two.epub", "other words"))
    client, view = FakeClient(), View()
    client.recents = [recent("book-elsewhere", 0.9), recent(two.id, 0.42)]
    LibraryPresenter(shelf, client, view).refresh()
    assert view.going_on is not None
    assert (two.id, 0.42) == (view.going_on.id, view.going_on.progress)
    assert "Chapter 3  ·  42%  ·  on Pixel 8" == view.going_on.detail
    assert [two.id, one.id] == [card.id for card in view.cards]
    assert view.cards[1].progress is None


@pytest.mark.parametrize("state", [{}, {"place": None}, {"place": 7}, {"place": {"href": 3}}])
def test_a_place_of_nonsense(tmp_path: Path, state: dict[str, Any]) -> None:
    """A recent session whose place makes no sense is a book at its beginning."""
    shelf = Shelf(tmp_path / "library")
    one = shelf.add(a_book(tmp_path / "one.epub", "words"))
    client, view = FakeClient(), View()
    client.recents = [recent(one.id, 0.5, state=state, device=None)]
    LibraryPresenter(shelf, client, view).refresh()
    assert [(0.0, "0%")] == [(card.progress, card.detail) for card in view.cards]


def test_a_book_that_vanished(tmp_path: Path) -> None:
    """A book whose file was taken away is said to be gone, and goes from the screen."""
    shelf = Shelf(tmp_path / "library")
    one = shelf.add(a_book(tmp_path / "one.epub", "words"))
    view = View()
    presenter = LibraryPresenter(shelf, FakeClient(), view)
    presenter.refresh()
    one.path.unlink()
    presenter.open(one.id)
    assert ([], []) == (view.opened, view.cards)
    assert 1 == len(view.told)


def test_adding_through_the_screen(tmp_path: Path) -> None:
    """A dropped file is in the library at once; one that is no book is told about."""
    view = View()
    presenter = LibraryPresenter(Shelf(tmp_path / "library"), FakeClient(), view)
    presenter.add(a_book(tmp_path / "one.epub", "words"))
    (tmp_path / "bad.epub").write_text("no book")
    assert presenter.add(tmp_path / "bad.epub") is None
    assert ["A Test"] == [card.title for card in view.cards]
    assert "bad.epub" in view.told[0][0]


def test_the_file_dialog_shows_books_and_folders(tmp_path: Path) -> None:
    """The dialog shows what can be opened, and nothing of a folder that may not be looked into."""
    (tmp_path / "folder").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a.EPUB").write_text("")
    (tmp_path / "b.txt").write_text("")
    assert ([tmp_path / "folder"], [tmp_path / "a.EPUB"]) == entries_of(tmp_path)
    assert ([], []) == entries_of(tmp_path / "gone")


def test_a_large_library_appears_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new folder is looked through a little at a time, and what is known is shown."""
    monkeypatch.setattr("apps.reader.library.LOOK_S", 0.0)
    shelf, view, later = Shelf(tmp_path / "library"), View(), list[Callable[[], None]]()
    (tmp_path / "library").mkdir()
    for number in range(4):
        a_book(tmp_path / "library" / f"{number}.epub", f"words {number}")
    times = count()
    presenter = LibraryPresenter(shelf, FakeClient(), view, later.append, lambda: float(next(times)))
    presenter.refresh()
    counts = [len(view.cards)]
    while later:
        later.pop()()
        counts.append(len(view.cards))
    assert [1, 2, 3, 4] == counts


def test_adding_to_a_large_library_reads_only_what_might_be_the_same(tmp_path: Path) -> None:
    """A book is opened without looking through the whole library; a copy of it is found."""
    shelf = Shelf(tmp_path / "library")
    (tmp_path / "library").mkdir()
    copy = a_book(tmp_path / "library" / "copy.epub", "the same words")
    a_book(tmp_path / "library" / "other.epub", "quite different words, many more of them")
    source = tmp_path / "mine.epub"
    source.write_bytes(copy.read_bytes())
    assert copy == shelf.add(source).path
    assert ["copy.epub"] == [volume.path.name for volume in shelf.volumes()]
    assert shelf.look()
    assert 2 == len(shelf.volumes())


def test_a_folder_that_is_looked_through_is_shown_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first books at once, then every half second, and at the end all: not after each look."""
    monkeypatch.setattr("apps.reader.library.LOOK_S", 0.0)  # a book a look
    for number in range(12):
        a_book(tmp_path / f"{number:02}.epub", f"words {number}")
    shown: list[int] = []

    class Screen(View):
        def show_cards(self, cards: list[Card], going_on: Card | None) -> None:
            shown.append(len(cards))

    now_s, later = [0.0], list[Callable[[], None]]()
    presenter = LibraryPresenter(Shelf(tmp_path), FakeClient(), Screen(), later.append, lambda: now_s[0])
    presenter.refresh()
    while later:
        now_s[0] += 0.125
        later.pop()()
    assert [1, 5, 9, 12] == shown
    presenter.refresh()
    assert [1, 5, 9, 12, 12] == shown
